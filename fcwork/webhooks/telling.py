"""What all diagnoses tell alike: how the body looks, whether it was seen before, and what the story comes to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import polars as pl

from fcwork.errors import DuplicateEventError
from fcwork.webhooks.hexview import first_difference, hex_view
from fcwork.webhooks.story import Story
from fcwork.webhooks.variants import BOM, GZIP, MOST_PARSED, redumped
from fcwork.webhooks.verdict import VARIANTS, Verdict

AS_IT_CAME = "as it came"
_REDUMPED = "its JSON written anew"


class Tried(NamedTuple):
    """A form of the body that was tried, and what fitted it."""

    variant: str
    verifies: bool
    header: str | None
    algorithm: str | None
    key: str | None
    hint: str
    raw: bytes


def tell_body(story: Story, raw: bytes | None) -> None:
    """Tell what a body looks like, and what is odd about it."""
    if raw is not None:
        story.tell("body", _looks(raw), "; ".join(_oddities(raw)))


def look_for_repeat(story: Story, key: str, seen: Any) -> None:
    """Tell whether the request was seen before."""
    if not story.goes_on:
        return
    if seen is None:
        story.tell("replay", "not checked: nothing remembers what was seen", ok=None)
    elif not hasattr(seen, "__contains__"):
        story.tell("replay", "not checked: it cannot be asked without remembering this one too", ok=None)
    else:
        story.ask("replay", lambda: _check_new(key, seen))
        story.tell("replay", "not seen before")


def concluded(story: Story, raw: bytes | None, tried: Sequence[Tried], finding: str = "", **found: Any) -> Verdict:
    """Return the verdict.

    Args:
        story: at its end.
        raw: the body, if it is one.
        tried: other forms of it.
        finding: what is to be said where none of them fits.
        **found: the event, or what was signed.
    """
    fitting = next((one for one in tried if one.verifies), None)
    if fitting is not None:
        finding = f"{fitting.key} signed the body {fitting.variant}: {fitting.algorithm} in {fitting.header}"
        story.advise(fitting.hint)
    told = ", ".join(str(one) for one in found.values() if one is not None)
    rows = pl.DataFrame([one[:-1] for one in tried], schema=VARIANTS, orient="row")
    return Verdict(
        ok=story.goes_on,
        reason=story.reason,
        summary=" ".join(
            (f"genuine: {told}" if story.goes_on else f"refused, {story.reason}: {story.message}").split()
        ),
        finding=finding,
        hint=story.hint,
        steps=story.frame(),
        variants=rows.sort("verifies", descending=True, maintain_order=True),
        **(_compared(story, raw, fitting) if raw is not None else {}),
        **(found if story.goes_on else {}),
    )


def _looks(raw: bytes) -> str:
    if not raw:
        return "empty"
    if len(raw) > MOST_PARSED:
        kind = "too big to be looked into"
    else:
        again = redumped(raw)
        kind = "no JSON" if again is None else "compact JSON" if again == raw else "JSON, not compact"
    return f"{len(raw):,} bytes, sha256 {hashlib.sha256(raw).hexdigest()[:16]}…, {kind}"


def _oddities(raw: bytes) -> Iterator[str]:
    if not raw:
        yield "nothing came: was the body read before, by something that used it up?"
    if raw.startswith(BOM):
        yield "it begins with a byte order mark, which no sender writes"
    if raw.startswith(GZIP):
        yield "it is packed by gzip"
    if raw.startswith((b"b'", b'b"')):
        yield "it is Python's way of showing bytes, and not the bytes"
    if raw.endswith(b"\n"):
        yield "it ends in a line feed, as files of an editor or a shell do"
    if b"\r\n" in raw:
        yield "it has line ends of CRLF"


def _check_new(key: str, seen: Any) -> None:
    if key in seen:
        raise DuplicateEventError(
            "this was received before", hint="a repeat of the sender's: answer 200 and do nothing"
        )


def _compared(story: Story, raw: bytes, fitting: Tried | None) -> dict[str, Any]:
    """Return where the body differs from what was signed, or, where that may be why, from its JSON written anew."""
    other: bytes | None
    if fitting is not None and fitting.raw != raw:
        other, line, compared = fitting.raw, "signed", f"signed, {fitting.variant}"
    else:
        likely = fitting is None and (story.goes_on or story.reason == "INVALID_SIGNATURE")
        other, line, compared = redumped(raw) if likely else None, "anew", _REDUMPED
    difference = None if other is None else first_difference(raw, other)
    return {
        "hex_view": hex_view(raw, other, line),
        "difference": difference,
        "compared": compared if difference is not None else "",
    }
