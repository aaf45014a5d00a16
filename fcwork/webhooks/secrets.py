"""The secrets by which others sign: named, judged, and never in a local variable of what can raise."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from fcwork.errors import BadKeyError
from fcwork.redact import Secret
from fcwork.webhooks.schemes import HmacScheme

SHORTEST = 16  # bytes: who has one signed request may try shorter ones at leisure
OneSecret: TypeAlias = Secret | str
Secrets: TypeAlias = OneSecret | Sequence[OneSecret] | Mapping[str, OneSecret]


@dataclass(frozen=True)
class SigningSecret:
    """One secret of a sender, by name."""

    name: str
    secret: Secret
    secret_prefix: str = field(default="", repr=False)

    def digest(self, message: bytes, algorithm: str) -> bytes:
        """Return what the sender would have made of the message."""
        return hmac.digest(_key(self.secret, self.secret_prefix) or b"", message, algorithm)


def usable_secrets(secrets: Secrets, scheme: HmacScheme) -> list[SigningSecret]:
    """Return the secrets by name: their own, else ``secret 1`` and so on.

    Raises:
        BadKeyError: there is none, or one is empty, too short or not what the scheme's senders give.
    """
    held = list(_held(secrets))
    del secrets
    if not held:
        raise BadKeyError("there is no secret to verify with", hint="give the one that the sender signs with")
    for name, secret in held:
        wrong = _wrong(secret, scheme)
        if wrong:
            raise BadKeyError(f"the {_called(name)} {wrong[0]}", hint=wrong[1])
    return [SigningSecret(name, secret, scheme.secret_prefix) for name, secret in held if secret is not None]


def _called(name: str) -> str:
    return name if name.startswith("secret ") else f"secret {name!r}"


def _held(secrets: Secrets) -> Iterator[tuple[str, Secret | None]]:
    """Yield names and secrets; what is no text comes as None."""
    if isinstance(secrets, Mapping):
        yield from ((str(name), _wrapped(secret)) for name, secret in secrets.items())
    elif isinstance(secrets, Sequence) and not isinstance(secrets, str | bytes):
        yield from ((f"secret {at}", _wrapped(secret)) for at, secret in enumerate(secrets, 1))
    else:
        yield "secret 1", _wrapped(secrets)


def _wrapped(secret: object) -> Secret | None:
    if isinstance(secret, Secret):
        return secret
    return Secret(secret) if isinstance(secret, str) else None


def _wrong(secret: Secret | None, scheme: HmacScheme) -> tuple[str, str] | None:
    """Return what is wrong with a secret, and what to do about it."""
    if secret is None or any(map(_is_half, _text(secret))):
        return "is no text", "give it as a text or a Secret"
    if not _text(secret):
        return "is empty", "a variable that is not set? nothing can be verified with it"
    if _text(secret) != _text(secret).strip():
        return "has white space around it", "a line feed of the file that it came from? take it off"
    key = _key(secret, scheme.secret_prefix)
    if key is None:
        return f"is not {scheme.secret_prefix}… and base64", "copy it whole from where the sender shows it"
    if len(key) < SHORTEST:
        return f"has {len(key)} bytes; {SHORTEST} are the least", "let the sender make a longer one"
    return None


def _text(secret: Secret) -> str:
    try:
        return secret.reveal()
    except LookupError:  # it was pickled
        return ""


def _is_half(character: str) -> bool:
    """Say whether a character is half of one, which has no bytes."""
    return "\ud800" <= character <= "\udfff"


def _key(secret: Secret, prefix: str) -> bytes | None:
    """Return the bytes that are hashed with, or None where the secret is not what its prefix says."""
    text = _text(secret)
    if not prefix:
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix(prefix), validate=True)
    except (binascii.Error, ValueError):
        return None
