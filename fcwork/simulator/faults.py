"""Faults by script: what goes wrong, at which request, and how often.

A script says nothing of what has happened, so one can be used for any number of simulators.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Self

from fcwork.errors import ConfigError
from fcwork.simulator.event_values import EVENT_STATUSES

RECORD_CODES = {404: "Dependent record not found", 500: "Internal server error", 301: "Unauthorised"}
BATCH_POST = ("POST", "*/job/*/batch")
GRAPHQL_POST = ("POST", "*/graphql")
EVENT_POST = ("POST", "*/event/*")
WEBHOOK = "webhook_"
"""How the kinds begin that befall a webhook that is posted, and no request that comes in."""


@dataclass(frozen=True)
class _Kind:
    """What a kind of fault takes, and which requests it is about where the entry does not say."""

    about: tuple[str, str] | None = None
    needs: Mapping[str, tuple[type, ...]] = field(default_factory=dict)
    takes: Mapping[str, tuple[type, ...]] = field(default_factory=dict)
    one_of: tuple[str, ...] = ()
    once: bool = False


_REFS: Mapping[str, tuple[type, ...]] = {"ref": (str,), "refs": (list, tuple)}
_KINDS: Mapping[str, _Kind] = {
    "status": _Kind(
        needs={"status": (int,)},
        takes={"retry_after": (int, float, str), "body": (str, dict, list), "after_effect": (bool,)},
    ),
    "slow": _Kind(needs={"seconds": (int, float)}),
    "drop_before": _Kind(),
    "drop_after": _Kind(),
    "half_body": _Kind(),
    "malformed_json": _Kind(),
    "expire_token": _Kind(about=("*", "/[!o]*"), once=True),  # every path but /oauth/token
    "graphql_errors": _Kind(about=GRAPHQL_POST, takes={"errors": (list, tuple), "data": (str, type(None))}),
    "empty_page": _Kind(about=GRAPHQL_POST),
    "repeat_cursor": _Kind(about=GRAPHQL_POST),
    "short_page": _Kind(about=GRAPHQL_POST),
    "poison": _Kind(about=BATCH_POST, takes=_REFS, one_of=("ref", "refs")),
    "poison_413": _Kind(about=BATCH_POST, takes=_REFS, one_of=("ref", "refs")),
    "record": _Kind(
        about=BATCH_POST, takes={**_REFS, "refs": (list, tuple, dict), "code": (int,)}, one_of=("ref", "refs")
    ),
    "shuffle_results": _Kind(about=BATCH_POST),
    "stuck_pending": _Kind(about=BATCH_POST),
    "job_closed": _Kind(about=BATCH_POST, once=True),
    "event_status": _Kind(about=EVENT_POST, needs={"event_status": (str,)}, takes=_REFS),
    "webhook_tampered": _Kind(),
    "webhook_unsigned": _Kind(),
    "webhook_md5_only": _Kind(),
    "webhook_wrong_key": _Kind(),
    "webhook_other_account": _Kind(),
    "webhook_twice": _Kind(),
    "webhook_late": _Kind(needs={"seconds": (int, float)}),
}
# Decided by the records of a batch or what an event is about, not by the request.
BY_CONTENT = frozenset({"poison", "poison_413", "record", "event_status"})
KINDS = tuple(_KINDS)


class Fault:
    """One entry of a script: what goes wrong, and when.

    Kinds and their details:

    - ``status``: answered with ``status`` instead of being done; ``retry_after`` (seconds, an HTTP date or any text),
      ``body``, and ``after_effect=True`` where it is done all the same.
    - ``slow``: the answer comes after ``seconds``.
    - ``drop_before``, ``drop_after``: the connection is closed without an answer, nothing done or all done.
    - ``half_body``: the connection is closed in the middle of the body. ``malformed_json``: the body is no JSON.
    - ``expire_token``: every access token ends now (once, unless ``nth`` or ``times`` say otherwise).
    - ``graphql_errors``: HTTP 200 with ``errors``; nothing done and no data, or with ``data="partial"`` done and
      answered, the last node of the page missing.
    - ``empty_page``, ``short_page``, ``repeat_cursor``: a page of the outermost connection without edges, with half of
      them, or with the cursors of the page before; each says that there is more.
    - ``poison``, ``poison_413``: a batch that holds ``ref`` or one of ``refs`` is refused as a whole, unexplained. A
      record goes by its ``ref``, its ``skuRef``, ``skuRef:locationRef`` or ``skuRef:locationRef:type``.
    - ``record``: the records ``ref`` or ``refs`` are answered with ``code`` (404, 500 or 301; 500 unless given), or
      ``refs`` maps each to its own; ``times`` counts for each of them.
    - ``shuffle_results``: the batch's results come in another order. ``stuck_pending``: the batch never runs.
      ``job_closed``: the job is closed from then on (once, unless ``nth`` or ``times`` say otherwise).
    - ``event_status``: an event that was sent ends as ``event_status``, one of the platform's: without effect unless
      that is COMPLETE or SUCCESS; PENDING and SCHEDULED stay so. With ``ref`` or ``refs`` only an event that names one
      of them: as its ``entityRef``, as the ``ref`` of its attributes, or as the ``ref`` of an item of a list there.
    - ``webhook_tampered``: a webhook's body says another ``entityStatus`` than the one that was signed.
      ``webhook_unsigned``: it has no signature; ``webhook_md5_only``: it has the MD5 one alone. ``webhook_wrong_key``:
      it is signed with a key that is nobody's. ``webhook_other_account``: it is about another account, and genuine.
      ``webhook_twice``: it comes once more after it was taken. ``webhook_late``: it comes after ``seconds``. Of these,
      ``path`` is the path of the receiver's address, and a webhook counts once, whatever its repeats.

    Args:
        kind: one of ``KINDS``.
        path: a shell pattern for the end of the request's path, such as ``/graphql`` or ``/job/*/batch``.
        method: ``GET`` or ``POST``.
        nth: the n-th request that fits, from 1, or several of them.
        times: how often at most.
        match: a text in the request's body.
        **details: what the kind takes.

    Raises:
        ConfigError: an unknown kind, a detail that the kind does not take, or a value of the wrong type.
    """

    def __init__(
        self,
        kind: str,
        *,
        path: str | None = None,
        method: str | None = None,
        nth: int | Iterable[int] | None = None,
        times: int | None = None,
        match: str | None = None,
        **details: Any,
    ) -> None:
        if kind not in _KINDS:
            raise ConfigError(f"no fault is called {kind!r}", hint=f"known: {', '.join(KINDS)}")
        about = _KINDS[kind].about or ("*", "*")
        self.kind = kind
        self.path = about[1] if path is None else "*" + _text(kind, "path", path)
        self.method = about[0] if method is None else _text(kind, "method", method).upper()
        self.nth = _numbers(kind, nth)
        self.times = _count(kind, times) if times is not None else self._usual_times()
        self.match = None if match is None else _text(kind, "match", match).encode()
        self.details = _checked(kind, details)

    def __repr__(self) -> str:
        return f"Fault({self.kind!r}, path={self.path!r}, nth={sorted(self.nth)}, times={self.times}, {self.details})"

    def _usual_times(self) -> int | None:
        return 1 if _KINDS[self.kind].once and not self.nth else None

    def fits(self, method: str, path: str, body: bytes) -> bool:
        """Say whether a request is one that this fault is about."""
        return (
            fnmatchcase(path, self.path)
            and fnmatchcase(method, self.method)
            and (self.match is None or self.match in body)
        )

    def codes(self) -> dict[str, int]:
        """Return the references that a fault names, each with the response code of a ``record``."""
        refs, code = self.details.get("refs", ()), self.details.get("code", 500)
        named = dict(refs) if isinstance(refs, Mapping) else dict.fromkeys(refs, code)
        return {**named, self.details["ref"]: code} if "ref" in self.details else named


class Faults:
    """A script of faults, in the order in which they are looked at.

    Args:
        faults: the entries.
    """

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._faults = tuple(faults)

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults)

    def __len__(self) -> int:
        return len(self._faults)

    def __repr__(self) -> str:
        return f"Faults({list(self._faults)})"

    @classmethod
    def load(cls, source: str | Path | Mapping[str, Any]) -> Self:
        """Read a script: a JSON file, or what stands in one, ``{"faults": [{"kind": …, …}]}``.

        Raises:
            ConfigError: the file cannot be read, or an entry is wrong; it is named by its number, from 1.
        """
        where, script = ("the script", source) if isinstance(source, Mapping) else (str(source), _read(Path(source)))
        if not isinstance(script, Mapping) or set(script) != {"faults"} or not isinstance(script["faults"], list):
            raise ConfigError(f"{where} is no fault script", hint='it reads {"faults": [{"kind": …}, …]}')
        return cls([_entry(where, number, entry) for number, entry in enumerate(script["faults"], 1)])


def _checked(kind: str, details: Mapping[str, Any]) -> dict[str, Any]:
    allowed = {**_KINDS[kind].needs, **_KINDS[kind].takes}
    known = f"{kind} takes {', '.join(allowed) or 'no details'}, and each fault path, method, nth, times, match"
    for name, value in details.items():
        if name not in allowed:
            raise ConfigError(f"{kind} has no detail {name!r}", hint=known)
        if not isinstance(value, allowed[name]) or (isinstance(value, bool) and bool not in allowed[name]):
            raise ConfigError(f"{kind}: {name} cannot be {value!r}", hint=known)
    missing = [name for name in _KINDS[kind].needs if name not in details]
    if missing or (_KINDS[kind].one_of and not set(_KINDS[kind].one_of) & set(details)):
        raise ConfigError(f"{kind} needs {' or '.join(missing or _KINDS[kind].one_of)}", hint=known)
    _check_values(kind, details)
    return dict(details)


def _check_values(kind: str, details: Mapping[str, Any]) -> None:
    """Refuse values that are of the right type and mean nothing."""
    if details.get("data") not in {None, "partial"}:
        raise ConfigError(f"{kind}: data cannot be {details['data']!r}", hint='data is "partial" or null')
    if not 100 <= details.get("status", 500) <= 599:  # noqa: PLR2004 - the range of HTTP status codes
        raise ConfigError(f"{kind}: {details['status']} is no HTTP status", hint="give a status from 100 to 599")
    refs = details.get("refs", ())
    if not all(isinstance(ref, str) for ref in refs):
        raise ConfigError(f"{kind}: refs holds something that is no text", hint="refs are texts")
    if not all(isinstance(error, Mapping) for error in details.get("errors", ())):
        raise ConfigError(f"{kind}: errors holds something that is no object", hint='[{"message": …}, …]')
    if details.get("event_status", "PENDING") not in EVENT_STATUSES:
        known = f"known: {', '.join(EVENT_STATUSES)}"
        raise ConfigError(f"{kind}: no event ends as {details['event_status']!r}", hint=known)
    codes = [details.get("code", 500), *(refs.values() if isinstance(refs, Mapping) else ())]
    if strange := [code for code in codes if code not in RECORD_CODES]:
        raise ConfigError(f"{kind}: no record is answered with {strange[0]!r}", hint="known: 404, 500, 301")


def _text(kind: str, name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{kind}: {name} cannot be {value!r}", hint=f"{name} is a text")
    return value


def _numbers(kind: str, nth: int | Iterable[int] | None) -> frozenset[int]:
    if nth is None:
        return frozenset()
    return frozenset(_count(kind, number) for number in (nth if isinstance(nth, Iterable) else [nth]))


def _count(kind: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigError(f"{kind}: {value!r} is no count", hint="nth and times are whole numbers from 1")
    return value


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(
            f"the fault script {path} cannot be read: {error.strerror}", hint="name a JSON file"
        ) from None
    except ValueError as error:
        raise ConfigError(f"the fault script {path} is no JSON: {error}", hint="mend it there") from None


def _entry(where: str, number: int, entry: Any) -> Fault:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("kind"), str):
        raise ConfigError(f"{where}: fault {number} has no kind", hint=f"known: {', '.join(KINDS)}")
    try:
        return Fault(**entry)
    except ConfigError as error:
        raise ConfigError(f"{where}: fault {number}: {error.message}", hint=error.hint) from None
