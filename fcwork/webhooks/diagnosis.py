"""``diagnose``: the whole story of a webhook, for whoever has to find out why it was refused."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fcwork.clock import SYSTEM, Clock
from fcwork.webhooks import traces
from fcwork.webhooks.algorithms import DEFAULT, HEADERS, MD5, SHA512
from fcwork.webhooks.event import Event, Proof, read_event
from fcwork.webhooks.headers import pairs, signatures
from fcwork.webhooks.hmac_diagnosis import diagnose_hmac
from fcwork.webhooks.hmacs import TOLERANCE_SECONDS
from fcwork.webhooks.key_ring import KeyRing
from fcwork.webhooks.keys import PublicKey
from fcwork.webhooks.schemes import HmacScheme
from fcwork.webhooks.story import UNPROVEN, Story
from fcwork.webhooks.telling import AS_IT_CAME, Tried, concluded, look_for_repeat, tell_body
from fcwork.webhooks.traces import Trace, oddness, plain
from fcwork.webhooks.variants import Variant, variants
from fcwork.webhooks.verdict import Verdict
from fcwork.webhooks.verifying import Expected, check_tenant, exact, prove

FLUENT = "fluent"
STEPS = ("body", "keys", "header", "signature", "event", "tenant", "replay")
_SHOWN = 8  # names of headers and keys
_OTHER_BYTES = (
    "compare the bytes with those that the receiver got: was the body copied from a log or a browser, or changed by "
    "a proxy?"
)
_OTHER_KEY = "ask for the public key of the environment that sent it; each environment has its own"
_MD5_ONLY = (
    "have the fluent-signature header handed on too; to accept MD5withRSA it has to be named, and it can be forged"
)
_DROPPED = (
    "have fluent-signature and flex.signature handed on: a proxy may drop names that it does not know, or with a dot"
)
_MISPLACED = "hand the header on as it came, under its own name"


def diagnose(
    raw_body: Any,
    headers: Any,
    keys: Any,
    *,
    scheme: str | HmacScheme = FLUENT,
    algorithms: Iterable[str] = DEFAULT,
    accounts: Expected | None = None,
    retailers: Expected | None = None,
    seen: Any = None,
    tolerance_seconds: float = TOLERANCE_SECONDS,
    clock: Clock = SYSTEM,
) -> Verdict:
    """Return the story of a request: what came, which header, key and bytes, the verdict, and what to do next.

    It never raises, and it remembers nothing: ``seen`` is looked into and not written to. ``ok`` is what ``verify``
    would say; that another form of the body would verify is advice, and never makes it so.

    Args:
        raw_body: the bytes as they came.
        headers: of the request.
        keys: as ``verify`` takes them; for another scheme the secrets, as ``verify_hmac`` takes them.
        scheme: fluent, or one of ``verify_hmac``.
        algorithms, accounts, retailers: as ``verify`` takes them.
        seen: what was seen before; anything that answers ``key in seen``.
        tolerance_seconds, clock: as ``verify_hmac`` takes them.
    """
    if scheme != FLUENT:
        return diagnose_hmac(
            raw_body, headers, keys, scheme=scheme, seen=seen, tolerance_seconds=tolerance_seconds, clock=clock
        )
    story = Story(STEPS)
    headers = story.quietly(lambda: list(headers)) if isinstance(headers, Iterator) else headers
    raw = story.ask("body", lambda: exact(raw_body))
    tell_body(story, raw)
    ring = story.ask("keys", lambda: KeyRing.of(keys).usable()) or ()
    _tell_keys(story, ring)
    proof = story.ask("signature", lambda: prove(raw or b"", headers, list(ring), algorithms=algorithms))
    _tell_proof(story, headers, proof)
    event = _whose(story, raw or b"", proof, accounts, retailers) if proof else None
    look_for_repeat(story, event.replay_key if event else "", seen)
    if raw is None or story.reason not in UNPROVEN:
        return concluded(story, raw, [], event=event)
    found = story.quietly(lambda: traces.traces(traces.readings(headers), ring)) or []
    tried = [_tried(variant, found) for variant in (Variant(AS_IT_CAME, raw, ""), *variants(raw))]
    return concluded(story, raw, tried, _finding(story, found), event=event)


def _whose(
    story: Story, raw: bytes, proof: Proof, accounts: Expected | None, retailers: Expected | None
) -> Event | None:
    """Return the event, if it is one and belongs to whom it should."""
    event = story.ask("event", lambda: read_event(raw, proof))
    if event is None:
        return None
    about = " ".join(filter(None, (event.entity_type, event.entity_ref or event.entity_id)))
    what = f"{event.kind} {event.name or ''}".strip()
    story.tell("event", f"{what}, id {event.id or 'none'}{f', of {about}' if about else ''}")
    whose = f"account {event.account_id or 'not named'}, retailer {event.retailer_id or 'not named'}"
    checked = story.ask("tenant", lambda: check_tenant(event, accounts=accounts, retailers=retailers))
    if checked is None:
        story.add("tenant", f"it says {whose}")
        story.advise(story.hint or "if that is yours, name it among the accounts and retailers that are accepted")
    elif checked.tenant_checked:
        story.tell("tenant", whose)
    else:
        story.tell("tenant", f"not checked: {whose}", "all customers of an environment share its key", ok=None)
    return checked


def _tell_keys(story: Story, ring: Sequence[PublicKey]) -> None:
    if not ring:
        return
    told = [f"{_called(key)} (RSA {key.bits:,} bits, sha256 {key.fingerprint[:16]}…)" for key in ring[:_SHOWN]]
    more = f", and {len(ring) - _SHOWN:,} more" if len(ring) > _SHOWN else ""
    weak = "; ".join(f"{_called(key)}: {warning}" for key in ring[:_SHOWN] for warning in key.warnings)
    story.tell("keys", ", ".join(told) + more, weak)


def _called(key: PublicKey) -> str:
    return f"key {key.name!r}" if key.name else "key without a name"


def _tell_proof(story: Story, headers: Any, proof: Proof | None) -> None:
    """Tell which signatures there are, and which one was proved."""
    found = story.quietly(lambda: list(signatures(headers).values()))
    if found:
        story.tell("header", ", ".join(f"{one.header} ({one.algorithm})" for one in found))
    names = story.quietly(lambda: [plain(name) for name, _ in pairs(headers)]) or []
    if not found and names:
        more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
        story.add("header", f"it has {', '.join(names[:_SHOWN])}{more}")
    if proof:
        story.tell("signature", f"{proof.algorithm} by {proof.key}", "; ".join(proof.warnings))


def _tried(variant: Variant, found: Sequence[Trace]) -> Tried:
    """Return whether what was signed is this form of the body."""
    hashes = {name: _hashed(name, variant.raw) for name in {trace.hash for trace in found}}
    trace = next((trace for trace in found if hashes[trace.hash] == trace.digest), None)
    if trace is None:
        return Tried(variant.name, False, None, None, None, variant.hint, variant.raw)  # noqa: FBT003 - a row
    odd = oddness(trace)
    name = f"{variant.name} (the signature {odd})" if odd else variant.name
    hint = variant.hint or _of_signature(trace)
    return Tried(name, True, trace.header, trace.algorithm, f"key {trace.key!r}", hint, variant.raw)  # noqa: FBT003


def _hashed(name: str, raw: bytes) -> bytes:
    try:
        return hashlib.new(name, raw, usedforsecurity=False).digest()
    except ValueError:  # the machine does not offer it
        return b""


def _of_signature(trace: Trace) -> str:
    """Return what to do about a right signature that was not taken."""
    if trace.algorithm == MD5 and HEADERS.get(trace.header) == MD5 and not trace.looseness:
        return _MD5_ONLY
    if trace.algorithm not in {SHA512, MD5}:
        return f"the sender signed by {trace.algorithm}, which the platform does not: who is it?"
    return _MISPLACED


def _finding(story: Story, found: Sequence[Trace]) -> str:
    """Return what can be told of a signature that no form of the body fits."""
    if found:
        story.advise(_OTHER_BYTES)
        one = found[0]
        return f"key {one.key!r} made the signature in {one.header}, over other bytes than these or any form tried"
    if story.reason == "INVALID_SIGNATURE":
        story.advise(_OTHER_KEY)
        return "no key known here made the signature"
    if story.reason == "MISSING_SIGNATURE":
        story.advise(_DROPPED)
    return ""
