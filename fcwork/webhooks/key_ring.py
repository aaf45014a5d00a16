"""``KeyRing``: several keys with names, so that a key is replaced without a request being lost."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Self, TypeAlias

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from fcwork.clock import SYSTEM, Clock
from fcwork.errors import BadKeyError
from fcwork.names import did_you_mean
from fcwork.webhooks.keys import PublicKey, load_key, load_keys

Key = PublicKey | RSAPublicKey | bytes | str | Path
Keys: TypeAlias = "KeyRing | Key | Iterable[Key] | Mapping[str, Key]"


class KeyRing:
    """Public keys by name, tried in the order in which they came. Safe to share between threads.

    Args:
        keys: by name, or one after another; each in any form of ``load_key``.
        not_after: until when a key is accepted, by its name; an aware instant.
        allow_small_exponent: as in ``load_key``.
        clock: by which ``not_after`` is judged.

    Raises:
        BadKeyError: there is no key, or one that cannot be used.
    """

    def __init__(
        self,
        keys: Any,
        *,
        not_after: Mapping[str, datetime] | None = None,
        allow_small_exponent: bool = False,
        clock: Clock = SYSTEM,
    ) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._small = allow_small_exponent
        self._held: dict[str, tuple[PublicKey, datetime | None]] = {}
        until = dict(not_after or {})
        for name, instant in until.items():
            _check_until(name, instant)
        for name, key in _named(keys):
            for each in load_keys(key, name=name, allow_small_exponent=allow_small_exponent):
                self._add(each if name else self._apart(each), until.pop(each.name, None))
        if until:
            near = did_you_mean(next(iter(until)), self._held)
            raise BadKeyError(f"not_after names {', '.join(map(repr, until))}, which is no key here{near}")
        if not self._held:
            raise BadKeyError("there is no key", hint="name a key, or its file: without one nothing can be verified")

    @classmethod
    def of(cls, keys: Any) -> KeyRing:
        """Return the ring that ``keys`` is, or one made of it."""
        return keys if isinstance(keys, KeyRing) else cls(keys)

    @classmethod
    def load(cls, path: str | Path, *, allow_small_exponent: bool = False, clock: Clock = SYSTEM) -> Self:
        """Return the keys of a file, or of all files of a folder but hidden ones; they are named for their files.

        Raises:
            BadKeyError: a file that cannot be read or holds no key.
        """
        place = Path(path).expanduser()
        files = sorted(file for file in place.iterdir() if _visible(file)) if place.is_dir() else [place]
        if not files:
            raise BadKeyError(f"the folder {place} holds no key")
        found = [key for file in files for key in _from_file(file, small=allow_small_exponent)]
        return cls(found, allow_small_exponent=allow_small_exponent, clock=clock)

    @classmethod
    def read(cls, text: str, *, allow_small_exponent: bool = False, clock: Clock = SYSTEM) -> Self:
        """Return the keys of a setting: they stand in it as PEM or base64, or in the file or folder that it names.

        Raises:
            BadKeyError: neither; the text itself is not told, as it may be a private key.
        """
        if "-----" not in text and os.path.exists(os.path.expanduser(text.strip())):  # noqa: PTH110, PTH111 - any text
            return cls.load(text.strip(), allow_small_exponent=allow_small_exponent, clock=clock)
        try:
            return cls(text, allow_small_exponent=allow_small_exponent, clock=clock)
        except BadKeyError as error:
            more = "" if "-----" in text else "; or give the path of a file: there is none of that name"
            raise error.amended(hint=f"{error.hint}{more}") from None

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self.names) or 'empty'})"

    def __iter__(self) -> Iterator[PublicKey]:
        return iter([key for key, _ in self._held_now().values()])

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, name_or_fingerprint: object) -> bool:
        return self._find(name_or_fingerprint) is not None

    def __getstate__(self) -> dict[str, Any]:
        return {"_held": self._held_now(), "_small": self._small, "_clock": self._clock}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.Lock())

    @property
    def names(self) -> list[str]:
        """The names, in the order in which the keys are tried; of a key without one its fingerprint."""
        return list(self._held_now())

    @property
    def fingerprints(self) -> dict[str, str]:
        """The fingerprint of each key, by its name."""
        return {name: key.fingerprint for name, (key, _) in self._held_now().items()}

    def usable(self) -> tuple[PublicKey, ...]:
        """Return the keys whose time is not over.

        Raises:
            BadKeyError: there is none.
        """
        now = self._clock.now()
        found = tuple(key for key, until in self._held_now().values() if until is None or now <= until)
        if not found:
            raise BadKeyError(
                "no key is left: all were removed or their time is over", hint="add the environment's present key"
            )
        return found

    def add(self, name: str, key: Key, *, not_after: datetime | None = None) -> PublicKey:
        """Accept another key, at once.

        Raises:
            BadKeyError: it cannot be used, or the name or the key is there already.
        """
        _checked_name(name)
        _check_until(name, not_after)
        return self._add(load_key(key, name=name, allow_small_exponent=self._small), not_after)

    def remove(self, name_or_fingerprint: str) -> PublicKey:
        """Refuse a key from now on, and return it.

        Raises:
            BadKeyError: there is no such key.
        """
        name = self._find(name_or_fingerprint)
        with self._lock:
            held = None if name is None else self._held.pop(name, None)
        if held is None:
            near = did_you_mean(str(name_or_fingerprint), self._held)
            raise BadKeyError(f"there is no key {name_or_fingerprint!r}{near}", hint=f"there are: {self.names}")
        return held[0]

    def _add(self, key: PublicKey, until: datetime | None) -> PublicKey:
        name = key.name or key.fingerprint
        with self._lock:
            self._refuse_twice(name, key)
            self._held[name] = (key, until)
        return key

    def _apart(self, key: PublicKey) -> PublicKey:
        """Return a key of a list under a name that no other key has: files in two folders may be called alike."""
        for name, (held, _) in self._held.items():
            if held.fingerprint == key.fingerprint:
                return load_key(held, name=held.name and name)
        number, name = 2, key.name
        while name and name in self._held:
            name, number = f"{key.name}-{number}", number + 1
        return load_key(key, name=name)

    def _refuse_twice(self, wanted: str, key: PublicKey) -> None:
        for name, (held, _) in self._held.items():
            if name == wanted and held.fingerprint != key.fingerprint:
                raise BadKeyError(f"there is another key {name!r} already", hint="remove it first, or take a new name")
            if name != wanted and held.fingerprint == key.fingerprint:
                raise BadKeyError(f"{wanted!r} is the same key as {name!r}", hint="one name a key")

    def _find(self, name_or_fingerprint: object) -> str | None:
        held = self._held_now()
        if name_or_fingerprint in held:
            return str(name_or_fingerprint)
        wanted = str(name_or_fingerprint).lower().removeprefix("sha256:").replace(":", "")
        return next((name for name, (key, _) in held.items() if key.fingerprint == wanted), None)

    def _held_now(self) -> dict[str, tuple[PublicKey, datetime | None]]:
        with self._lock:
            return dict(self._held)


def usable_keys(keys: Keys) -> tuple[PublicKey, ...]:
    """Return the keys that may be used now; those of a text are read once.

    Raises:
        BadKeyError: there is none, or one that cannot be used.
    """
    return _of_text(keys) if isinstance(keys, str | bytes) else KeyRing.of(keys).usable()


@lru_cache(maxsize=64)  # by the whole of the text
def _of_text(text: str | bytes) -> tuple[PublicKey, ...]:
    return KeyRing(text).usable()


def _named(keys: Any) -> list[tuple[str, Any]]:
    """Return keys with their names; a ring's keys, a mapping's, a list's, or one alone."""
    if isinstance(keys, Mapping):
        return [(_checked_name(name), key) for name, key in keys.items()]
    if keys is None or isinstance(keys, Key | bytearray | memoryview):
        return [("", keys)]
    if isinstance(keys, Iterable):
        return [("", key) for key in keys]
    raise BadKeyError(f"{type(keys).__name__} is no key", hint="give a key, a list or mapping of keys, or a KeyRing")


def _checked_name(name: Any) -> str:
    if not isinstance(name, str) or not name.strip():
        raise BadKeyError("a key of a ring needs a name")
    return name


def _check_until(name: str, until: Any) -> None:
    if until is not None and (not isinstance(until, datetime) or until.tzinfo is None):
        raise BadKeyError(f"not_after of {name!r} is no aware instant", hint="give a datetime with its time zone")


def _visible(file: Path) -> bool:
    return not file.name.startswith(".") and file.is_file()


def _from_file(file: Path, *, small: bool) -> tuple[PublicKey, ...]:
    try:
        return load_keys(file, name=file.stem, allow_small_exponent=small)
    except BadKeyError as error:
        raise BadKeyError(f"{file}: {error.message}", hint=error.hint) from None
