"""What people say of doors, on the command line or in ``receiver.yml``, made into doors and terms."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fcwork import documents, settings
from fcwork.errors import ConfigError
from fcwork.names import did_you_mean
from fcwork.receiver.checks import ByApiKey, ByHmac, BySignature, Check, Unchecked
from fcwork.receiver.door import USUAL_PATH, Door
from fcwork.receiver.handlers import Handler, ToFolder, ToFunction, ToNotebook
from fcwork.receiver.request import Limits
from fcwork.receiver.serving import Terms
from fcwork.redact import Secret
from fcwork.webhooks import MD5, SHA512, KeyRing
from fcwork.webhooks.api_key_records import checked_scopes
from fcwork.webhooks.api_keys import ApiKeys
from fcwork.webhooks.schemes import scheme_of
from fcwork.webhooks.secrets import usable_secrets

FOLDER = "received"
_TEXT, _TEXTS, _YES, _NUMBER, _WHOLE, _OBJECT = (
    "a text",
    "a text or a list of texts",
    "true or false",
    "a number",
    ("a whole number"),
    "an object",
)
_OF_DOOR = {
    "path": _TEXT,
    "keys": _TEXTS,
    "profile": _TEXT,
    "accounts": _TEXTS,
    "retailers": _TEXTS,
    "allow_md5": _YES,
    "hmac": _TEXT,
    "secret_env": _TEXTS,
    "api_keys": _TEXTS,
    "unchecked": _YES,
    "to": _TEXT,
    "folder": _TEXT,
    "notebook": _TEXT,
    "parameters": _OBJECT,
    "attempts": _WHOLE,
}
_OF_FILE = {
    "host": _TEXT,
    "port": _WHOLE,
    "workers": _WHOLE,
    "rate": _NUMBER,
    "max_mb": _NUMBER,
    "grace_seconds": _NUMBER,
    "tls_cert": _TEXT,
    "tls_key": _TEXT,
    "doors": _OBJECT,
}

_RANGES = {"port": (0, 65_535), "workers": (1, 64), "rate": (1, 1_000_000), "grace_seconds": (0, 86_400)}


@dataclass(frozen=True)
class Setup:
    """What a receiver is to be.

    Attributes:
        doors: as they were said.
        terms: likewise.
        warnings: what is allowed and should be thought about.
    """

    doors: tuple[Door, ...]
    terms: Terms
    warnings: tuple[str, ...] = field(default=())


def load(path: str | Path, **over: Any) -> Setup:
    """Return what a ``receiver.yml`` says.

    Args:
        path: the file.
        **over: host, port and the like, which go before the file's.

    Raises:
        ConfigError: it cannot be read, or says what cannot be; every mistake at once.
    """
    document = documents.load(path, what="receiver", error=ConfigError)
    problems = [
        f"{name!r} stands twice in {at or 'it'}" for name, at in zip(document.twice, document.twice_at, strict=True)
    ]
    problems += _problems(document.content)
    if problems:
        hint = "see `fcwork receive --help`; in the file, dashes of options are underscores"
        raise ConfigError(f"{document.origin} cannot be used:\n  " + "\n  ".join(problems), hint=hint)
    said = {**document.content, **{name: value for name, value in over.items() if value is not None}}
    doors = said.pop("doors")
    return setup(doors, **said)


def setup(doors: Mapping[str, Mapping[str, Any]], **said: Any) -> Setup:
    """Return doors and terms.

    Args:
        doors: by name, each with ``path``, how it is checked (``keys``, ``profile``, ``accounts``, ``retailers``,
            ``allow_md5``; or ``hmac`` and ``secret_env``; or ``api_keys``; or ``unchecked``), and whither it leads
            (``to``, ``folder``, ``notebook``, ``parameters``, ``attempts``).
        **said: fields of ``Terms``, with ``max_mb`` for the longest body.

    Raises:
        ConfigError: what is said cannot be.
    """
    limits = Limits(max_bytes=_bytes(said.pop("max_mb"))) if said.get("max_mb") is not None else Limits()
    said.pop("max_mb", None)
    terms = _checked(Terms(limits=limits, **{name: value for name, value in said.items() if value is not None}))
    made, warnings = [], []
    for name, given in doors.items():
        door, said_of_it = _door(name, dict(given), terms.host)
        made.append(door)
        warnings += said_of_it
    return Setup(tuple(made), terms, tuple(warnings))


def _bytes(megabytes: float) -> int:
    if not 0 < megabytes <= 100:  # noqa: PLR2004 - a body is held in memory
        raise ConfigError(f"max_mb={megabytes:g} is no size of a body", hint="give megabytes, above 0 and at most 100")
    return int(megabytes * 1_000_000)


def _checked(terms: Terms) -> Terms:
    for name, (least, most) in _RANGES.items():
        if not least <= getattr(terms, name) <= most:
            raise ConfigError(f"{name}={getattr(terms, name)} cannot be", hint=f"give {least:,} to {most:,}")
    return terms


def _door(name: str, given: dict[str, Any], host: str) -> tuple[Door, list[str]]:
    check, warnings = _check(name, given, host)
    attempts = given.get("attempts")
    handler = _handler(name, given)
    path = given.get("path") or USUAL_PATH
    return Door(name, path, check, handler, 5 if attempts is None else attempts), warnings


def _check(name: str, given: Mapping[str, Any], host: str) -> tuple[Check, list[str]]:
    ways = [way for way in ("hmac", "api_keys", "unchecked") if given.get(way)]
    platform = [way for way in ("keys", "accounts", "retailers", "allow_md5", "profile") if given.get(way)]
    if len(ways) > 1 or (ways and platform):
        both = ", ".join([*ways, *platform])
        raise ConfigError(f"the door {name!r} is checked in several ways: {both}", hint="choose one, or make two doors")
    if given.get("hmac"):
        return _by_hmac(name, given), []
    if given.get("secret_env"):
        raise ConfigError(f"the door {name!r} has secret_env and no hmac", hint="name the scheme: --hmac shopify")
    if given.get("api_keys"):
        return ByApiKey(ApiKeys(), checked_scopes(_list(given["api_keys"]))), []
    if given.get("unchecked"):
        return _unchecked(name, host), [f"door {name}: requests are not checked at all"]
    return _by_signature(name, given)


def _by_signature(name: str, given: Mapping[str, Any]) -> tuple[Check, list[str]]:
    profile = given.get("profile")
    found = settings.find_webhooks(**({"profile": profile} if profile else {}))
    ring = _ring(_list(given.get("keys")), found.public_key)
    if ring is None:
        raise ConfigError(
            f"no public key is known for the door {name!r}",
            hint="give --keys FILE, or set FLUENT_WEBHOOK_PUBLIC_KEY to the environment's public key or its file",
        )
    accounts = _list(given.get("accounts")) or ([found.account] if found.account else [])
    retailers = _list(given.get("retailers")) or ([found.retailer_id] if found.retailer_id else [])
    algorithms = (SHA512, MD5) if given.get("allow_md5") else (SHA512,)
    warnings = [f"door {name}: key {key.name or key.fingerprint[:16]}: {said}" for key in ring for said in key.warnings]
    if not accounts:
        warnings.append(
            f"door {name}: no account is known, so events of every account whose environment has this key are taken:"
            " give --account NAME, or set FLUENT_ACCOUNT"
        )
    if given.get("allow_md5"):
        warnings.append(f"door {name}: signatures by MD5 are taken, and those can be forged")
    return BySignature(ring, tuple(accounts) or None, tuple(retailers) or None, algorithms), warnings


def _ring(files: Sequence[str], public_key: str) -> KeyRing | None:
    if files:
        return KeyRing([key for file in files for key in KeyRing.load(file)])
    return KeyRing.read(public_key) if public_key else None


def _by_hmac(name: str, given: Mapping[str, Any]) -> Check:
    variables = _list(given.get("secret_env"))
    if not variables:
        raise ConfigError(f"the door {name!r} has no secret", hint="name the variable that holds it: --secret-env NAME")
    unset = [variable for variable in variables if not os.environ.get(variable)]
    if unset:
        raise ConfigError(f"the variable {unset[0]} is not set", hint=f"it holds the secret of the door {name!r}")
    secrets = {variable: Secret(os.environ[variable]) for variable in variables}
    usable_secrets(secrets, scheme_of(given["hmac"]))
    return ByHmac(secrets, given["hmac"])


def _unchecked(name: str, host: str) -> Check:
    if host not in {"127.0.0.1", "::1", "localhost"}:
        raise ConfigError(
            f"the door {name!r} is unchecked, and {host} can be reached from outside",
            hint="listen on 127.0.0.1, or have it checked",
        )
    return Unchecked()


def _handler(name: str, given: Mapping[str, Any]) -> Handler:
    to = given.get("to") or ("notebook" if given.get("notebook") else "folder")
    idle = [what for what in ("folder", "notebook", "parameters") if given.get(what) and what not in _USED.get(to, ())]
    if idle:
        raise ConfigError(f"the door {name!r} leads to {to}, and {idle[0]} is given", hint=f"leave out {idle[0]}")
    if to == "folder":
        return ToFolder(_made(Path(given.get("folder") or FOLDER).absolute()))
    if to == "notebook":
        if not given.get("notebook"):
            raise ConfigError(f"the door {name!r} names no notebook", hint="give --notebook NAME")
        notebook = ToNotebook(given["notebook"], given.get("parameters") or {}, tuple(given.get("texts") or ()))
        notebook.check()
        return notebook
    if ":" in to:
        return ToFunction.load(to)
    raise ConfigError(f"the door {name!r} cannot lead to {to!r}", hint="folder, notebook, or module:function")


def _made(folder: Path) -> Path:
    """Make a folder now: where that cannot be, no message would ever get into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"the folder {folder} cannot be made: {why}", hint="give another --folder") from None
    return folder


_USED = {"folder": ("folder",), "notebook": ("notebook", "parameters")}


def _list(given: Any) -> list[str]:
    if given is None:
        return []
    return [given] if isinstance(given, str) else [str(each) for each in given]


def _problems(content: Any) -> Iterator[str]:
    if not isinstance(content, dict):
        yield "it is no object"
        return
    yield from _unfit("", content, _OF_FILE)
    doors = content.get("doors")
    if not isinstance(doors, dict) or not doors:
        yield "doors: there is none; each has a name and what it is"
        return
    for name, given in doors.items():
        if isinstance(given, dict):
            yield from _unfit(f"doors.{name}.", given, _OF_DOOR)
        else:
            yield f"doors.{name}: it is no object"


def _unfit(at: str, given: Mapping[str, Any], known: Mapping[str, str]) -> Iterator[str]:
    for name, value in given.items():
        if name not in known:
            yield f"{at}{name}: there is no such key{did_you_mean(name, known)}"
        elif not _IS[known[name]](value):
            yield f"{at}{name}: {value!r} is not {known[name]}"


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_texts(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(each, str | int) for each in value))


_IS: dict[str, Callable[[Any], bool]] = {
    _TEXT: lambda value: isinstance(value, str) and bool(value),
    _TEXTS: _are_texts,
    _YES: lambda value: isinstance(value, bool),
    _NUMBER: lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    _WHOLE: _is_whole,
    _OBJECT: lambda value: isinstance(value, dict),
}
