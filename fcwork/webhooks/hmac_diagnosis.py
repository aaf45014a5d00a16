"""The story of a request that is signed by HMAC."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from typing import Any

from fcwork.clock import Clock
from fcwork.webhooks.headers import pairs
from fcwork.webhooks.hmac_claims import Claim, claimed, message
from fcwork.webhooks.hmacs import STALE, Signed, verify_hmac
from fcwork.webhooks.schemes import SCHEMES, HmacScheme, scheme_of
from fcwork.webhooks.secrets import SigningSecret, usable_secrets
from fcwork.webhooks.story import Story
from fcwork.webhooks.telling import AS_IT_CAME, Tried, concluded, look_for_repeat, tell_body
from fcwork.webhooks.traces import plain
from fcwork.webhooks.variants import Variant, variants
from fcwork.webhooks.verdict import Verdict
from fcwork.webhooks.verifying import exact

STEPS = ("body", "scheme", "keys", "header", "signature", "replay")
MOST_HASHED = 500_000_000  # bytes, over all forms and secrets


def diagnose_hmac(
    raw_body: Any,
    headers: Any,
    secrets: Any,
    *,
    scheme: str | HmacScheme,
    seen: Any,
    tolerance_seconds: float,
    clock: Clock,
) -> Verdict:
    """Return the story, as ``diagnose`` does; the arguments are those of ``verify_hmac``."""
    story = Story(STEPS)
    headers = story.quietly(lambda: list(headers)) if isinstance(headers, Iterator) else headers
    raw = story.ask("body", lambda: exact(raw_body))
    tell_body(story, raw)
    known = story.ask("scheme", lambda: scheme_of(scheme))
    if known is None:
        return concluded(story, raw, [])
    story.tell("scheme", f"{known.name}: {known.algorithm} of {known.signed} in {known.header}")
    held = story.ask("keys", lambda: usable_secrets(secrets, known)) or []
    if held:
        story.tell("keys", ", ".join(secret.name for secret in held))
    limits: dict[str, Any] = {"tolerance_seconds": tolerance_seconds, "clock": clock}
    signed = story.ask("signature", lambda: verify_hmac(raw or b"", headers, secrets, scheme=known, **limits))
    _tell_header(story, headers, known, signed)
    look_for_repeat(story, signed.replay_key if signed else "", seen)
    claim = story.quietly(lambda: claimed(known, headers)) if story.reason == "INVALID_SIGNATURE" else None
    if raw is None or claim is None:
        return concluded(story, raw, [], signed=signed)
    tried = _tried(raw, known, held, claim)
    return concluded(story, raw, tried, _finding(story, tried), signed=signed)


def _tell_header(story: Story, headers: Any, known: HmacScheme, signed: Signed | None) -> None:
    if story.reason in {"INVALID_SIGNATURE", STALE} or signed:
        story.tell("header", known.header)
    if signed:
        at = f", signed at {signed.signed_at:%Y-%m-%d %H:%M:%S} UTC" if signed.signed_at else ""
        story.tell("signature", f"by {signed.key}{at}; a repeat is known by {signed.replay_by}")
    if story.reason == STALE:
        story.advise(f"{story.hint}; of a request that was kept allow a greater age: tolerance_seconds=, --tolerance")
    there = story.quietly(lambda: {plain(name).lower() for name, _ in pairs(headers)}) or set()
    others = [name for name, other in SCHEMES.items() if other.header in there and other.header != known.header]
    if story.reason == "MISSING_SIGNATURE" and others:
        story.add("header", f"there is a signature of {others[0]}")
        story.advise(f"name the scheme {others[0]}")


def _tried(raw: bytes, scheme: HmacScheme, held: Sequence[SigningSecret], claim: Claim) -> list[Tried]:
    tried: list[Tried] = []
    hashed = 0
    for variant in (Variant(AS_IT_CAME, raw, ""), *variants(raw)):
        hashed += len(variant.raw) * len(held)
        if hashed > MOST_HASHED:
            break
        tried.append(_one(variant, scheme, held, claim))
    return tried


def _one(variant: Variant, scheme: HmacScheme, held: Sequence[SigningSecret], claim: Claim) -> Tried:
    text = message(scheme, claim, variant.raw)
    for secret in held:
        digest = secret.digest(text, scheme.algorithm)
        if any(hmac.compare_digest(digest, signature) for signature in claim.signatures):
            return Tried(variant.name, True, scheme.header, scheme.algorithm, secret.name, variant.hint, variant.raw)  # noqa: FBT003 - a row
    return Tried(variant.name, False, None, None, None, variant.hint, variant.raw)  # noqa: FBT003


def _finding(story: Story, tried: Sequence[Tried]) -> str:
    if any(one.verifies for one in tried):
        return ""
    story.advise("is it the secret of this very endpoint? most senders have one for each; else compare the bytes")
    return f"no secret known here signed this body, or any of {len(tried):,} forms of it"
