"""``verify``: the one order in which a request is judged.

The keys, then the signature over the exact bytes, then what they say, then whose it is, and last whether it is new, so
that nothing that was refused is remembered. No error tells a byte of the body or of the signature.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from fcwork.errors import (
    DuplicateEventError,
    InvalidSignatureError,
    MalformedEventError,
    MalformedSignatureError,
    MissingSignatureError,
    WrongTenantError,
)
from fcwork.webhooks.algorithms import DEFAULT, HEADERS, MD5, SHA512, STRONGEST_FIRST, named
from fcwork.webhooks.event import Event, Proof, noted, read_event
from fcwork.webhooks.headers import Signature, decoded, signatures
from fcwork.webhooks.key_ring import Keys, usable_keys
from fcwork.webhooks.keys import PublicKey

Expected = str | int | Iterable[str | int]


class Seen(Protocol):
    """What knows which events there were, such as ``SeenEvents``."""

    def first(self, key: str) -> bool:
        """Say whether ``key`` is new, and remember it."""
        ...


def verify(
    raw_body: bytes,
    headers: Any,
    keys: Keys,
    *,
    algorithms: Iterable[str] = DEFAULT,
    seen: Seen | None = None,
    accounts: Expected | None = None,
    retailers: Expected | None = None,
) -> Event:
    """Return the event of a genuine request.

    Args:
        raw_body: the bytes as they were received, before any parsing or decoding.
        headers: of the request; a mapping, or pairs of names and values.
        keys: a key in any form of ``load_key``, several, or a ``KeyRing``. Never take one from the request.
        algorithms: which are accepted. MD5withRSA has to be named, and a SHA512withRSA signature that is there has to
            be right all the same.
        seen: knows which events there were; None does not ask.
        accounts, retailers: whose events are accepted, one or several; None accepts all, and an empty list none. All
            customers of an environment share its key, so a signature alone does not say that the event is yours.

    Raises:
        WebhookError: do not act on this request; the type and ``reason`` say why. BadKeyError and
            AlgorithmUnavailableError are mistakes on this side.
        StoreError: ``seen`` cannot be asked, so nothing is known; answer 500, and the sender repeats.
    """
    raw = exact(raw_body)
    proof = prove(raw, headers, keys, algorithms=algorithms)
    event = read_event(raw, proof)
    event = check_tenant(event, accounts=accounts, retailers=retailers)
    return event if seen is None else check_new(event, seen)


def verify_signature(raw_body: bytes, headers: Any, keys: Keys, *, algorithms: Iterable[str] = DEFAULT) -> Proof:
    """Return what proves that the bytes are genuine, whatever they say; ``verify`` asks that first.

    Raises:
        WebhookError: nothing does.
    """
    return prove(exact(raw_body), headers, keys, algorithms=algorithms)


def exact(raw_body: Any) -> bytes:
    """Return the body as bytes that nobody changes meanwhile.

    Raises:
        MalformedEventError: it is something else, which has been parsed or decoded.
    """
    if isinstance(raw_body, bytes):
        return raw_body
    if isinstance(raw_body, bytearray | memoryview):
        return bytes(raw_body)
    raise MalformedEventError(
        f"the body is {type(raw_body).__name__}, not bytes", hint="give the raw bytes, not the parsed or decoded body"
    )


def prove(raw: bytes, headers: Any, keys: Keys, *, algorithms: Iterable[str]) -> Proof:
    """Return what proves that ``raw`` is genuine.

    Raises:
        WebhookError: nothing does.
    """
    usable = usable_keys(keys)
    allowed = named(algorithms)
    found = signatures(headers)
    for algorithm in STRONGEST_FIRST:
        if algorithm in found and (algorithm in allowed or algorithm == SHA512):  # that one is judged wherever it is
            proof = _proof(raw, found[algorithm], usable)
            if algorithm in allowed:
                return proof
    raise _missing(found, allowed)


def check_tenant(event: Event, *, accounts: Expected | None, retailers: Expected | None) -> Event:
    """Return the event, which says what was checked.

    Raises:
        WrongTenantError: it belongs to another account or retailer, or does not say to which.
    """
    _check_one("account", event.account_id, accounts)
    _check_one("retailer", event.retailer_id, retailers)
    if accounts is None and retailers is None:
        return event
    return noted(event, tenant_checked=True)


def check_new(event: Event, seen: Seen) -> Event:
    """Return the event, which is new.

    Raises:
        DuplicateEventError: it is not; ``event`` is it.
    """
    if not seen.first(event.replay_key):
        raise DuplicateEventError(
            "this event was received before", event=event, hint="answer 200 and do nothing: the sender repeats itself"
        )
    return noted(event, replay_checked=True)


def _proof(raw: bytes, signature: Signature, usable: tuple[PublicKey, ...]) -> Proof:
    """Try the keys in their order. They are public and so is the signature: how long it takes tells nobody a secret."""
    given = decoded(signature)
    if not any(key.size == len(given) for key in usable):
        sizes = sorted({key.size for key in usable})
        raise MalformedSignatureError(
            f"the signature in {signature.header} has {len(given)} bytes; those of the known keys have "
            f"{' or '.join(map(str, sizes))}",
            hint="it is cut off, or made with another key",
        )
    for key in usable:
        if key.check(signature.algorithm, given, raw):
            weak = ("the signature is MD5withRSA, which can be forged",) if signature.algorithm == MD5 else ()
            return Proof(signature.header, signature.algorithm, key.name or key.fingerprint, (*key.warnings, *weak))
    raise InvalidSignatureError(
        f"the signature in {signature.header} belongs to other bytes or to another key ({len(usable)} tried)",
        hint="webhooks.diagnose tells what happened to the body; or the environment's key is another",
    )


def _missing(found: dict[str, Signature], allowed: tuple[str, ...]) -> MissingSignatureError:
    wanted = ", ".join(name for name, algorithm in HEADERS.items() if algorithm in allowed and "_" not in name)
    if found:
        others = ", ".join(each.header for each in found.values())
        return MissingSignatureError(
            f"the request has only {others}, and {', '.join(allowed)} is asked for", hint=f"accepted: {wanted}"
        )
    return MissingSignatureError("the request has no signature", hint=f"it stands in {wanted}")


def _check_one(what: str, found: str | None, expected: Expected | None) -> None:
    if expected is None:
        return
    if found is None:
        raise WrongTenantError(
            f"the event does not say to which {what} it belongs, and that is asked for",
            hint=f"an HTTP call need not name it: accept all {what}s, if that is what this one is",
        )
    if _caseless(found) not in expected_names(what, expected):
        raise WrongTenantError(f"the event is genuine and belongs to another {what}")


def expected_names(what: str, expected: Any) -> set[str]:
    """Return the accounts or retailers that a caller expects, without their case; a text is one name, if it has any.

    Raises:
        WrongTenantError: they are no texts or whole numbers, so nothing could belong to them.
    """
    if expected is None:
        return set()
    single = isinstance(expected, str | int) or not isinstance(expected, Iterable)
    names = [expected] if single else list(expected)
    if isinstance(expected, bytes) or any(isinstance(name, bool) or not isinstance(name, str | int) for name in names):
        raise WrongTenantError(f"{what}s are texts or numbers", hint=f"give {what}s=['…'], or None to accept all")
    return {_caseless(str(name).strip()) for name in names} - {""}


def _caseless(name: str) -> str:
    """Only ASCII is folded: among other letters there are some that would become another's."""
    return name.lower() if name.isascii() else name
