"""``judge``: the story of a request that was kept, from its files to the verdict; what the notebook shows."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import polars as pl

from fcwork import settings
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import BadKeyError, ConfigError, InvalidSignatureError, MissingSignatureError
from fcwork.redact import Secret
from fcwork.webhooks.algorithms import DEFAULT
from fcwork.webhooks.diagnosis import FLUENT, diagnose
from fcwork.webhooks.key_ring import KeyRing
from fcwork.webhooks.keys import PublicKey
from fcwork.webhooks.reading import BASE64, Headers, read_body, read_headers, read_received
from fcwork.webhooks.schemes import SCHEMES
from fcwork.webhooks.seen import SeenEvents
from fcwork.webhooks.story import Story
from fcwork.webhooks.telling import concluded, tell_body
from fcwork.webhooks.verdict import Verdict

RECEIVER = "receiver"
ANY = "*"
HANDLED = "webhooks.handled"  # apart from what was only verified: that is no handling
STEPS = ("body", "receiver", "replay")


@dataclass(frozen=True, kw_only=True, repr=False)
class Judgement(Verdict):
    """The verdict on a request that was kept, with what was judged.

    Attributes:
        raw: the exact bytes.
        where: the file that holds them, or in words where they came from.
        is_file: which of the two.
        headers: of the request.
        scheme: how it was checked.
        replay_key: what is the same when it is sent again; empty where it is not genuine.
        claims: what remembers that it was handled; None where nothing does.
    """

    raw: bytes = field(repr=False)
    where: str
    is_file: bool
    headers: Headers = field(repr=False)
    scheme: str
    replay_key: str = ""
    claims: Claims | None = None

    @property
    def path(self) -> Path | None:
        """The file that holds the bytes; None where they were given themselves."""
        return Path(self.where) if self.is_file else None

    @property
    def sha256(self) -> str:
        """The hash of the bytes, 64 hex digits."""
        return hashlib.sha256(self.raw).hexdigest()

    def to_record(self) -> dict[str, Any]:
        """Return the story as small JSON, its first line with what happened and what to do; no byte of the body."""
        told = [self.summary, self.finding, self.hint and f"what to do: {self.hint}"]
        facts = {"body": self.where, "bytes": len(self.raw), "sha256": self.sha256, "scheme": self.scheme}
        return {**super().to_record(), **facts, "summary": "; ".join(filter(None, told))}

    def _repr_html_(self) -> str:
        from fcwork.webhooks.story_page import page

        return page(self)


class Claims:
    """What remembers who handles which request, so that one who was cut off may go on, and nobody else does it again.

    Args:
        seen: where it is remembered.
        owner: who asks: the place where the request lies.
    """

    def __init__(self, seen: SeenEvents, owner: str) -> None:
        self._seen, self._owner = seen, owner

    def first(self, key: str) -> bool:
        """Say whether ``key`` is new or one's own, and remember it. Raises as ``SeenEvents.first``."""
        return self._seen.first(key, owner=self._owner)

    def is_new(self, key: str) -> bool:
        """Say whether nobody has handled ``key``, and not oneself either. Raises a ``StoreError``."""
        return key not in self._seen

    def forget(self, key: str) -> bool:
        """Let ``key`` be new again, as nothing was done. Raises as ``SeenEvents.forget``."""
        return self._seen.forget(key)

    def __contains__(self, key: str) -> bool:
        return key in self._seen and not self._seen.first(key, owner=self._owner)


def judge(
    body: str | Path,
    headers: Mapping[str, Any] | Iterable[Any] | str | Path | None = None,
    *,
    scheme: str = FLUENT,
    keys: Iterable[str | Path] | str | Path | None = None,
    secret_env: str | None = None,
    algorithms: Iterable[str] = DEFAULT,
    accounts: Iterable[str] | None = None,
    retailers: Iterable[str] | None = None,
    replay: bool = True,
    profile: str | None = None,
    retailer: str | None = None,
    clock: Clock = SYSTEM,
) -> Judgement:
    """Return the story of a request that was kept; that it is refused raises nothing.

    Args:
        body: the file with the raw bytes, or a text that begins with ``base64:``.
        headers: of the request, or their file; None looks beside the body. See ``read_headers``.
        scheme: ``fluent``; a scheme of ``verify_hmac``; or ``receiver``, where a receiver of one's own has checked the
            request: then the bytes have to be those that it noted.
        keys: files of public keys; None takes those of the settings.
        secret_env: the environment variable that holds the secret of another scheme.
        algorithms: which are accepted; MD5withRSA has to be named.
        accounts, retailers: whose events are accepted: ``*`` for all; None takes those of the settings, if they say.
        replay: whether one that was handled before, and lay elsewhere then, is refused.
        profile, retailer: of the settings.
        clock: the time.

    Raises:
        SourceError: the body or the headers cannot be read.
        ConfigError: the settings cannot be used, the scheme is not known, or ``secret_env`` is not set.
    """
    raw, pairs = read_body(body), read_headers(headers, body=body)
    is_file = not str(body).startswith(BASE64)
    owner = str(Path(body).absolute()) if is_file else hashlib.sha256(raw).hexdigest()
    claims = Claims(SeenEvents(name=HANDLED, clock=clock), owner) if replay and scheme != RECEIVER else None
    if scheme == RECEIVER:
        noted = read_received(headers if isinstance(headers, str | Path) else None, body=body)
        verdict, replay_key = _by_receiver(raw, noted), str(noted.get("replay_key") or "")
    elif scheme == FLUENT:
        named = None if profile == settings.SIMULATOR else profile
        known = settings.find_webhooks(profile=named, retailer=retailer if named else None)
        verdict = diagnose(
            raw,
            pairs,
            _Files(keys, known.public_key),
            algorithms=tuple(algorithms),
            accounts=_expected(accounts, known.account),
            retailers=_expected(retailers, known.retailer_id),
            seen=claims,
            clock=clock,
        )
        verdict = _advised(verdict, headers, body)
        replay_key = verdict.event.replay_key if verdict.event else ""
    else:
        verdict = diagnose(raw, pairs, _secret(scheme, secret_env), scheme=scheme, seen=claims, clock=clock)
        replay_key = verdict.signed.replay_key if verdict.signed else ""
    verdict = _told_of_replay(verdict)
    told = {each.name: getattr(verdict, each.name) for each in fields(Verdict)}
    where = str(body) if is_file else f"{len(raw):,} bytes that were given as base64"
    own: dict[str, Any] = {"raw": raw, "where": where, "is_file": is_file, "headers": pairs, "scheme": scheme}
    return Judgement(**told, **own, replay_key=replay_key if verdict.ok else "", claims=claims)


class _Files:
    """The keys of files, or of a setting; what is wrong with them is told when they are asked for."""

    def __init__(self, files: Iterable[str | Path] | str | Path | None, setting: str) -> None:
        self._files, self._setting = [files] if isinstance(files, str | Path) else files, setting

    def __iter__(self) -> Iterator[PublicKey]:
        if self._files is not None:
            yield from (key for file in self._files for key in KeyRing.load(file))
        elif self._setting:
            yield from KeyRing.read(self._setting)
        else:
            hint = "name its file in KEYS, or set FLUENT_WEBHOOK_PUBLIC_KEY to the key or its file"
            raise BadKeyError("no public key is known", hint=hint)


def _advised(verdict: Verdict, headers: Any, body: str | Path) -> Verdict:
    """Return the verdict with what else to look at: the key's file, or a receiver that has checked it otherwise."""
    if verdict.reason == "BAD_KEY":
        return replace(verdict, hint=verdict.hint or "`fcwork keys FILE` says what is wrong with a key")
    if verdict.reason != "MISSING_SIGNATURE":
        return verdict
    noted = read_received(headers if isinstance(headers, str | Path) else None, body=body)
    scheme = noted.get("scheme", FLUENT)
    hint = f"a receiver noted that it checked this by {scheme}: give SCHEME receiver"
    return verdict if scheme == FLUENT else replace(verdict, hint=hint)


def _told_of_replay(verdict: Verdict) -> Verdict:
    """Return the verdict whose event says that it was looked for among those before."""
    new = verdict.steps.row(by_predicate=pl.col("step") == "replay")[1] is True
    if verdict.event is None or not new:
        return verdict
    event = replace(verdict.event, replay_checked=True)
    return replace(verdict, event=event, summary=f"genuine: {event}")


def _expected(given: Iterable[str] | None, known: str) -> tuple[str, ...] | None:
    """Return whose events are accepted; None for all."""
    if given is None:
        return (known,) if known else None
    names = (given,) if isinstance(given, str) else tuple(given)
    return None if ANY in names else names


def _secret(scheme: str, variable: str | None) -> Secret:
    if scheme not in SCHEMES:
        known = ", ".join((FLUENT, RECEIVER, *SCHEMES))
        raise ConfigError(f"the scheme {scheme!r} is not known", hint=f"known: {known}")
    found = os.environ.get(variable or "")
    if not found:
        told = f"the environment variable {variable} is not set" if variable else f"the secret of {scheme} is not named"
        raise ConfigError(told, hint="set a variable to the secret, and HMAC_VARIABLE to the variable's name")
    return Secret(found)


def _by_receiver(raw: bytes, noted: Mapping[str, Any]) -> Verdict:
    """Return whether these are the bytes that a receiver noted as checked."""
    story = Story(STEPS)
    tell_body(story, raw)
    story.ask("receiver", lambda: _check_noted(raw, noted))
    unchecked = noted.get("scheme") == "none"
    by = ", by ".join(str(noted[name]) for name in ("scheme", "key") if noted.get(name))
    at = f" at {noted['at']}" if noted.get("at") else ""
    told = f"the bytes that the door {noted.get('door') or 'of a receiver'} took in{at}"
    told += "; nobody checked who sent them" if unchecked else f"; checked: {by or 'not said how'}"
    story.tell("receiver", told, "that door takes anything" if unchecked else "")
    story.tell("replay", "the receiver hands each on once", ok=None)
    verdict = concluded(story, raw, [])
    return replace(verdict, summary=f"genuine: {told}") if verdict.ok else verdict


def _check_noted(raw: bytes, noted: Mapping[str, Any]) -> None:
    if not noted.get("sha256"):
        hint = "HEADERS names the file that a receiver wrote beside the body; a body of anybody else is checked here"
        raise MissingSignatureError("no receiver noted that it has checked this body", hint=hint)
    if noted["sha256"] != hashlib.sha256(raw).hexdigest():
        hint = "the file was changed since, or HEADERS belongs to another body"
        raise InvalidSignatureError("these are not the bytes that the receiver has checked", hint=hint)
