"""Fault scripts: what they say, and when their faults happen."""

import json
from pathlib import Path
from typing import Any

import pytest

from fcwork.errors import ConfigError
from fcwork.simulator import Fault, Faults
from fcwork.simulator.arranged import Arranged
from fcwork.simulator.faults import KINDS

DETAILS: dict[str, dict[str, Any]] = {
    "status": {"status": 503},
    "slow": {"seconds": 1},
    "poison": {"ref": "A"},
    "poison_413": {"refs": ["A"]},
    "record": {"refs": {"A": 404}},
    "webhook_late": {"seconds": 1},
    "event_status": {"event_status": "FAILED", "ref": "A"},
}


def _happens(faults: list[Fault], requests: int, path: str = "/graphql", body: bytes = b"") -> list[tuple[str, ...]]:
    arranged = Arranged(Faults(faults))
    return [tuple(arranged.due("POST", path, body).kinds) for _ in range(requests)]


def test_fault_happens_at_the_nth_request_that_fits() -> None:
    """The number counts the requests that fit, from 1; several may be named."""
    assert _happens([Fault("drop_after", nth=2)], 3) == [(), ("drop_after",), ()]
    assert _happens([Fault("drop_after", nth=[1, 3])], 3) == [("drop_after",), (), ("drop_after",)]


def test_fault_happens_so_many_times() -> None:
    """A fault with times happens at most so often; without times and nth a fault happens always."""
    assert _happens([Fault("half_body", times=2)], 3) == [("half_body",), ("half_body",), ()]
    assert _happens([Fault("half_body")], 2) == [("half_body",)] * 2


def test_each_entry_counts_for_itself() -> None:
    """Two entries about the same requests count the same requests, whichever of them happens."""
    faults = [Fault("status", status=503, nth=1), Fault("status", status=500, nth=2), Fault("slow", seconds=1)]
    assert _happens(faults, 3) == [("status", "slow"), ("status", "slow"), ("slow",)]


@pytest.mark.parametrize("kind", ["expire_token", "job_closed"])
def test_what_would_never_end_happens_once(kind: str) -> None:
    """A fault after which every retry would meet it again happens once, unless the script says otherwise."""
    path = "/api/v4.1/job/1/batch"
    assert _happens([Fault(kind)], 2, path) == [(kind,), ()]
    assert _happens([Fault(kind, times=2)], 3, path) == [(kind,), (kind,), ()]
    assert _happens([Fault(kind, nth=[1, 2])], 3, path) == [(kind,), (kind,), ()]


def test_fault_goes_by_the_end_of_the_path_method_and_body() -> None:
    """A path pattern fits the end of a path, so /job is not /job/1/batch; a text must stand in the body."""
    arranged = Arranged(
        Faults(
            [
                Fault("slow", seconds=1, path="/job"),
                Fault("drop_before", path="/job/*/batch", method="get"),
                Fault("half_body", match="SKU-7"),
            ]
        )
    )
    assert arranged.due("POST", "/api/v4.1/job", b"").kinds == ["slow"]
    assert arranged.due("POST", "/api/v4.1/job/1/batch", b"").kinds == []
    assert arranged.due("GET", "/api/v4.1/job/1/batch", b"").kinds == ["drop_before"]
    assert arranged.due("POST", "/graphql", b'{"skuRef":"SKU-7"}').kinds == ["half_body"]


def test_fault_about_one_route_leaves_the_others_alone() -> None:
    """Faults of GraphQL, of batches and of tokens count only requests of theirs unless a path is given."""
    assert _happens([Fault("empty_page")], 1, "/api/v4.1/job") == [()]
    assert _happens([Fault("stuck_pending")], 1, "/api/v4.1/job") == [()]
    assert _happens([Fault("expire_token")], 1, "/oauth/token") == [()]


def test_script_can_be_used_again() -> None:
    """A script counts nothing itself: two simulators that share it meet the same faults."""
    faults = Faults([Fault("drop_after", nth=1)])
    assert [Arranged(faults).due("GET", "/", b"").kinds for _ in range(2)] == [["drop_after"]] * 2


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_reads_from_json(kind: str, tmp_path: Path) -> None:
    """Each kind can be written in a JSON file, and reads as the same fault as in Python."""
    entry = {"kind": kind, "path": "/x", "method": "POST", "nth": [2], "times": 1, **DETAILS.get(kind, {})}
    file = tmp_path / "faults.json"
    file.write_text(json.dumps({"faults": [entry]}))
    written = {name: value for name, value in entry.items() if name != "kind"}
    read, expected = next(iter(Faults.load(file))), Fault(kind, **written)
    assert vars(read) == vars(expected)


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"kind": "explode"}, "explode"),
        ({"status": 500}, "kind"),
        ("slow", "kind"),
        ({"kind": "status"}, "status"),
        ({"kind": "status", "status": "500"}, "status"),
        ({"kind": "status", "status": 5}, "5"),
        ({"kind": "slow", "seconds": True}, "seconds"),
        ({"kind": "slow", "seconds": 1, "minutes": 2}, "minutes"),
        ({"kind": "drop_after", "nth": 0}, "count"),
        ({"kind": "drop_after", "nth": "2"}, "count"),
        ({"kind": "drop_after", "times": 1.5}, "count"),
        ({"kind": "drop_after", "path": 1}, "path"),
        ({"kind": "poison"}, "ref"),
        ({"kind": "poison", "refs": [1]}, "refs"),
        ({"kind": "record", "ref": "A", "code": 418}, "418"),
        ({"kind": "record", "refs": {"A": "404"}}, "404"),
        ({"kind": "event_status"}, "event_status"),
        ({"kind": "event_status", "event_status": "DONE"}, "DONE"),
        ({"kind": "event_status", "event_status": "FAILED", "refs": [1]}, "refs"),
        ({"kind": "graphql_errors", "data": "all"}, "all"),
        ({"kind": "graphql_errors", "errors": ["x"]}, "errors"),
    ],
)
def test_wrong_entry_is_named_with_what_is_known(entry: Any, told: str) -> None:
    """P32: a wrong entry is a ConfigError that says which one, what is wrong and what is known."""
    with pytest.raises(ConfigError) as raised:
        Faults.load({"faults": [{"kind": "half_body"}, entry]})
    assert "fault 2" in raised.value.message
    assert told in raised.value.message
    assert raised.value.hint


@pytest.mark.parametrize("text", ["{", "[]", '{"faults": {}}', '{"faults": [], "seed": 1}'])
def test_file_that_is_no_script_is_refused(tmp_path: Path, text: str) -> None:
    """P32: a file that is no fault script is a ConfigError that names the file."""
    file = tmp_path / "faults.json"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"faults\.json"):
        Faults.load(file)


def test_missing_script_is_refused(tmp_path: Path) -> None:
    """P32: a script that is not there is a ConfigError that names it."""
    with pytest.raises(ConfigError, match=r"none\.json"):
        Faults.load(tmp_path / "none.json")
