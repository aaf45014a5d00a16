"""``WebhookInspector``: is this request genuine, and if it is not, what happened to it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from fcwork import settings
from fcwork.errors import ConfigError
from fcwork.redact import Secret
from fcwork.webhooks import SCHEMES, KeyRing, diagnose, read_body, read_headers
from fcwork.widgets.panel import Panel
from fcwork.widgets.picture import Picture
from fcwork.widgets.words import short

if TYPE_CHECKING:
    from fcwork.webhooks import Verdict
    from fcwork.widgets.webhooks_view import WebhooksView
    from fcwork.widgets.work import Turn

PASTED = ""
FLUENT = "fluent"
MOST_KEPT = 200  # bodies that are offered, the newest
_PASTED_HINT = "what is pasted is seldom the exact bytes: pick a kept body, or paste base64: and the bytes as base64"


class WebhookInspector(Panel):
    """Takes a body with its headers, kept or pasted, and tells its story step by step; ``value`` is the verdict.

    Args:
        body: the file of a kept body, or its text; a text that begins with ``base64:`` is the exact bytes.
        headers: as JSON or as lines of ``Name: value``; of a kept body they are found beside it.
        key: the public key, or the path of its file or folder; the settings' unless given.
        folder: where kept bodies lie; a receiver's quarantine unless given.
        name: tells panels apart.
    """

    title: ClassVar[str] = "Webhook inspector"

    def __init__(
        self, body: str = "", *, headers: str = "", key: str = "", folder: str | Path | None = None, name: str = ""
    ) -> None:
        kept = bool(body) and not body.startswith("base64:") and _is_file(body)
        super().__init__(
            name=name,
            choices={
                "kept": body if kept else PASTED,
                "body": "" if kept else body,
                "headers": headers,
                "key": key,
                "scheme": FLUENT,
                "secret": "",
            },
            facts={"verdict": None, "files": ()},
        )
        self._folder = Path(folder) if folder else settings.home() / "receiver" / "quarantine"
        self.put(files=self._kept())

    @property
    def value(self) -> Verdict | None:
        """The verdict on what is chosen; None before it was asked for."""
        looked = self["verdict"]
        return looked[1] if looked and looked[0] == self.choices else None

    def files(self) -> list[tuple[str, str]]:
        """Return the bodies that may be chosen, the newest first."""
        return [("as pasted below", PASTED), *((Path(path).name, path) for path in self["files"])]

    def schemes(self) -> list[tuple[str, str]]:
        """Return who may have signed."""
        return [("Fluent Commerce", FLUENT), *((name, name) for name in SCHEMES)]

    def look_for_files(self) -> None:
        """Look again which bodies are kept."""
        self.put(files=self._kept())

    def inspect(self) -> None:
        """Ask for the verdict; nothing is sent, remembered or done."""
        self.work.start("Inspect", self._inspect, leave=True)

    def picture(self) -> Picture:
        """Return the verdict with its steps, without a byte of the body or a header's value."""
        verdict, kept = self.value, self["kept"]
        facts: list[tuple[str, object]] = [("body", Path(kept).name if kept else "pasted" if self["body"] else "none")]
        if verdict is None:
            return Picture(title=self.title, summary="not inspected", facts=facts)
        told = [("what happened", verdict.finding), ("what to do", verdict.hint)]
        facts += [(name, text) for name, text in told if text]
        return Picture(title=self.title, summary=verdict.summary, facts=facts, tables=[("steps", steps(verdict))])

    def new_view(self) -> WebhooksView:
        """Return its controls."""
        from fcwork.widgets.webhooks_view import WebhooksView

        return WebhooksView(self)

    def _kept(self) -> tuple[str, ...]:
        if not self._folder.is_dir():
            return ()
        found = sorted((str(path) for path in self._folder.glob("*.body")), reverse=True)
        return tuple(found[:MOST_KEPT])

    def _inspect(self, turn: Turn) -> str:
        chosen = self.choices
        raw, headers = _request(chosen)
        verdict = diagnose(raw, headers, **_asked(chosen))
        if not verdict.ok and not chosen["kept"] and not verdict.hint:
            verdict = _advised(verdict)
        turn.put(verdict=(chosen, verdict))
        return "genuine" if verdict.ok else f"refused, {verdict.reason}"


def steps(verdict: Verdict) -> pl.DataFrame:
    """Return the steps of a verdict as people read them."""
    state = (
        pl.when("ok")
        .then(pl.lit("✓ right"))
        .when(~pl.col("ok"))
        .then(pl.lit("✗ wrong"))
        .otherwise(pl.lit("· not judged"))
    )
    return verdict.steps.select("step", state.alias("state"), "found", "hint")


def _request(chosen: dict[str, Any]) -> tuple[bytes, Any]:
    """Return the body and the headers that are chosen.

    Raises:
        ConfigError: there is no body.
        SourceError: a file cannot be read, or what is given are no headers.
    """
    kept, pasted, written = chosen["kept"], chosen["body"], chosen["headers"].strip()
    if kept:
        return read_body(kept), _headers(written) if written else read_headers(None, body=kept)
    if not pasted:
        raise ConfigError("there is no body to inspect", hint=_PASTED_HINT)
    raw = read_body(pasted) if pasted.startswith("base64:") else pasted.encode("utf-8", "surrogatepass")
    return raw, _headers(written) if written else []


def _headers(written: str) -> Any:
    """Return headers from JSON, from lines of ``Name: value``, or from the file that is named."""
    if written.startswith("{") or _is_file(written):
        return read_headers(written)
    pairs = [line.partition(":") for line in written.splitlines() if line.strip()]
    wrong = [name for name, colon, _ in pairs if not colon]
    if wrong:
        raise ConfigError(
            f"the headers hold a line without a colon: {short(wrong[0], 60)!r}",
            hint="write one header a line, as fluent-signature: …, or JSON, or the path of a file",
        )
    return [(name.strip(" <>*"), value.strip()) for name, _, value in pairs]


def _asked(chosen: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of ``diagnose`` that keys and checks are.

    Raises:
        BadKeyError: a key that cannot be used.
        ConfigError: none is known.
    """
    if chosen["scheme"] != FLUENT:
        return {"scheme": chosen["scheme"], "keys": _secret(chosen["secret"].strip())}
    if chosen["key"].strip():
        return {"keys": KeyRing.read(chosen["key"])}
    own = settings.find_webhooks()
    if not own.public_key:
        raise ConfigError(
            "no public key is known to verify with",
            hint="write the key or the path of its file into the field, or set FLUENT_WEBHOOK_PUBLIC_KEY",
        )
    return {
        "keys": KeyRing.read(own.public_key),
        "accounts": own.account or None,
        "retailers": own.retailer_id or None,
    }


def _secret(variable: str) -> dict[str, Secret]:
    """Return the secret that a variable of the environment holds; it is never written into a panel."""
    if not variable or not os.environ.get(variable):
        raise ConfigError(
            f"the variable {variable or 'of the secret'} is not set",
            hint="write the name of the environment variable that holds the secret, never the secret itself",
        )
    return {variable: Secret(os.environ[variable])}


def _advised(verdict: Verdict) -> Verdict:
    from dataclasses import replace

    return replace(verdict, hint=_PASTED_HINT)


def _is_file(text: str) -> bool:
    try:
        return "\n" not in text and Path(text).is_file()
    except (OSError, ValueError):
        return False
