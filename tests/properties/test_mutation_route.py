"""Sends of mutations to a platform that answers each alias as it likes: no row is lost, and none is done twice."""

import json
import tempfile
from collections import Counter
from typing import Any

import httpx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcwork import recovery
from fcwork.client import FluentClient
from fcwork.clock import ManualClock

FATES = ("done", "done", "done", "partial", "refused", "later", "broke", "null", "silent", "unnamed")
WHOLE = ("rows", "rows", "rows", "rows", "names one", "opaque", "later", "busy", "lost", "lost after", "half")
ENDS = {"refused": "rejected", "broke": "unknown", "null": "unknown", "silent": "unknown"}


class Platform:
    """Answers requests one way after the other, and each row in them as it is fated; then all goes well."""

    def __init__(self, fates: dict[str, str], requests: list[str]) -> None:
        self.fates, self.requests = dict(fates), list(requests)
        self.effects: Counter[str] = Counter()

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        if request.url.path == "/oauth/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 86_400})
        given = {name: value["ref"] for name, value in json.loads(request.content)["variables"].items()}
        fate = self.requests.pop(0) if self.requests else "rows"
        if fate == "lost":
            raise httpx.ReadTimeout("late")
        if fate == "busy":
            return httpx.Response(429)
        if fate in {"names one", "opaque", "later"}:
            code = "C0011E" if fate == "later" else "C0159E"
            named = f"Variable '${min(given)}'" if fate == "names one" else "it"
            return self._answer(None, [{"message": f"{named} is refused", "extensions": {"code": code}}])
        data, errors = self._rows(given)
        if fate == "lost after":
            raise httpx.ReadTimeout("late")
        answer = self._answer(data, errors)
        return httpx.Response(200, content=answer.content[: len(answer.content) // 2]) if fate == "half" else answer

    def _rows(self, given: dict[str, str]) -> tuple[dict[str, Any], list[Any]]:
        data: dict[str, Any] = {}
        errors: list[Any] = []
        for name, ref in given.items():
            alias, fate = name.replace("input", "createThing"), self.fates.pop(ref, "done")
            entry = {"message": "no", "path": [alias], "extensions": {"code": "C0141E"}}
            if fate in {"done", "partial"}:
                self.effects[ref] += 1
                data[alias] = {"id": ref}
                errors += [{**entry, "path": [alias, "ref"]}] * (fate == "partial")
            elif fate != "silent":
                data[alias] = None
                code = {"later": "C0011E", "broke": "S0002E"}.get(fate, "C0141E")
                told = {**entry, "extensions": {"code": code}}
                errors += [told] * (fate in {"refused", "later", "broke"})
                errors += [{"message": "something", "extensions": {"code": "C0141E"}}] * (fate == "unnamed")
        return data, errors

    def _answer(self, data: Any, errors: list[Any]) -> httpx.Response:
        return httpx.Response(200, json={"data": data, **({"errors": errors} if errors else {})})


def sent(platform: Platform, rows: pl.DataFrame, *, per_request: int, workers: int = 1) -> recovery.SendResult:
    """Send rows to a platform."""
    clock = ManualClock()
    transport = httpx.MockTransport(platform.handle)
    secrets = {"client_id": "i", "client_secret": "a long secret"}
    with FluentClient(base_url="https://a.example.com", transport=transport, clock=clock, **secrets) as client:
        route = client.mutations("createThing", per_request=per_request)
        return recovery.send(rows, route, workers=workers, clock=clock)


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("FCWORK_HOME", tempfile.mkdtemp(dir=tmp_path_factory.getbasetemp()))


@settings(max_examples=120, deadline=None)
@given(st.lists(st.sampled_from(FATES), min_size=1, max_size=30), st.integers(1, 8), st.integers(1, 3))
def test_each_row_ends_as_it_was_answered(fates: list[str], per_request: int, workers: int) -> None:
    """P26: whatever mixture of aliases an answer holds, each row is delivered, rejected or unknown, as it was told."""
    rows = pl.DataFrame({"ref": [f"r{at}" for at in range(len(fates))]})
    fated = dict(zip(rows["ref"], fates, strict=True))
    platform = Platform(fated, [])
    result = sent(platform, rows, per_request=per_request, workers=workers)
    ends = {ref: pile for pile in ("delivered", "rejected", "unknown") for ref in getattr(result, pile)["ref"]}
    assert sorted(ends) == sorted(rows["ref"])
    assert {ref for ref, end in ends.items() if end == "delivered"} == set(platform.effects)
    assert set(platform.effects.values()) <= {1}
    mixed = "unnamed" in fates  # its error speaks of all that were answered with nothing
    assert all(ends[ref] == ENDS[fate] for ref, fate in fated.items() if fate in ENDS and not mixed)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(FATES), min_size=1, max_size=25),
    st.lists(st.sampled_from(WHOLE), max_size=12),
    st.integers(1, 8),
)
def test_no_row_is_lost_or_done_twice(fates: list[str], requests: list[str], per_request: int) -> None:
    """P16: requests refused whole, turned away, lost or cut off lose no row, and a create never takes effect twice."""
    rows = pl.DataFrame({"ref": [f"r{at}" for at in range(len(fates))]})
    platform = Platform(dict(zip(rows["ref"], fates, strict=True)), requests)
    result = sent(platform, rows, per_request=per_request)
    counts = result.counts
    assert counts["delivered"] + counts["rejected"] + counts["unknown"] == rows.height
    assert set(platform.effects.values()) <= {1}
    assert set(result.delivered["ref"]) <= set(platform.effects)
    assert set(result.rejected["ref"]).isdisjoint(platform.effects)
    assert set(result.issues["key"]) == set(result.rejected["ref"]) | set(result.unknown["ref"])
