"""Texts that hold values by their names, as JSON, Python, XML and URLs write them: the values are hidden in place.

Of a path only its last name is looked for, as a text may be cut off anywhere: rather too much is hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from fcwork.personal.names import Name, hidden_names
from fcwork.redact import MASK

Span = tuple[int, int]
_ESCAPED = "(?:&quot;|&#0?34;|&#0?39;|&#x27;|&apos;)"
_QUOTE = rf"""(?:\\{{0,31}}["']|{_ESCAPED})"""  # in JSON within JSON, five times
_QUOTED = (  # a long text is printed as several, one a line
    rf"b?(?P<own>{_QUOTE})(?P<value>.*?(?:(?<!\\)(?P=own)\s*\n\s*(?P=own).*?)*)(?:(?<!\\)(?P=own)|\Z)"
)
_PLAIN = r"(?P<value>(?!null\b|None\b|\\*[\"']|&)(?:[A-Za-z_.]{1,60}\([^)]{0,500}\)|[{\[]|[^\s,}\])&<;]+))"
_CALLED = r"(?P<value>(?!null\b|None\b|[\"'=&\s])(?:[A-Za-z_.]{1,60}\([^)]{0,500}\)|[{\[]|[^\s,}\])&<>;\"'#]+))"
_FAR = 500  # characters between a name and its value, where anything may stand between them
_BRACKETS = {"{": "}", "[": "]"}
_BESIDE = rf"[^{{}}]{{0,{_FAR}}}?"
_VALUES = re.compile(rf"(?P<key>{_QUOTE})value(?P=key)\s*:\s*{_QUOTED}", re.DOTALL)


def text(shown: str, *, markup: bool = False) -> str:
    """Return a text with the values that stand in it under a hidden name replaced.

    Args:
        shown: of anybody's.
        markup: whether it is HTML, whose own elements and attributes are no data.
    """
    parts, end = [], 0
    for start, stop in spans(shown, markup=markup):
        parts += [shown[end:start], MASK]
        end = stop
    return "".join([*parts, shown[end:]]) if parts else shown


def spans(shown: str, *, markup: bool = False) -> Iterator[Span]:
    """Yield from where to where a text holds values that are hidden, in their order."""
    names = hidden_names()
    if not names or not may_hold(names).search(shown):
        return
    end = 0
    for start, stop in sorted(_found(shown, _key(names), markup=markup)):
        if stop > end and start < stop:
            yield max(start, end), stop
            end = stop


def spans_of_bytes(raw: bytes) -> list[Span]:
    """Return from which to which byte a text holds values that are hidden."""
    decoded = raw.decode("utf-8", "surrogateescape")
    found, before, at = [], 0, 0
    for start, stop in spans(decoded):
        begin = at + len(decoded[before:start].encode("utf-8", "surrogateescape"))
        at = begin + len(decoded[start:stop].encode("utf-8", "surrogateescape"))
        before = stop
        found.append((begin, at))
    return found


@lru_cache(maxsize=64)
def may_hold(names: frozenset[Name]) -> re.Pattern[str]:
    """Return what stands in every text that has something to hide."""
    return re.compile(_key(names))


def _found(shown: str, key: str, *, markup: bool) -> Iterator[Span]:
    for pattern in _patterns(key, markup=markup):
        end = 0
        for match in pattern.finditer(shown):
            start, stop = match.span("value")
            if start < end:  # inside of what is hidden already: else a text of beginnings alone would take for ever
                continue
            end = _closed(shown, start) if shown[start:stop] in _BRACKETS else stop
            yield start, end
    yield from _before_its_name(shown, key)
    for sign, over in (("&lt;", "&gt;"),) if markup else (("<", ">"), ("&lt;", "&gt;")):
        yield from _elements(shown, key, sign, over)


def _before_its_name(shown: str, key: str) -> Iterator[Span]:
    """Yield values that stand before the name which says what they are."""
    named = _behind(key)
    for match in _VALUES.finditer(shown):
        if named.match(shown, match.end()):
            yield match.span("value")


@lru_cache(maxsize=64)
def _behind(key: str) -> re.Pattern[str]:
    return re.compile(_BESIDE + _pair(key))


def _elements(shown: str, key: str, sign: str, over: str) -> Iterator[Span]:
    """Yield what stands between the tags of elements; of one without its end what stands before the next tag."""
    end, endless = 0, set()
    for match in _tags(key, sign, over).finditer(shown):
        tag, start = match["tag"], match.end()
        if start < end:
            continue
        stop = -1 if tag in endless else shown.find(f"{sign}/{tag}", start)
        if stop < 0:
            endless.add(tag)
            stop = shown.find(sign, start)
        end = len(shown) if stop < 0 else stop
        yield start, end


@lru_cache(maxsize=64)
def _tags(key: str, sign: str, over: str) -> re.Pattern[str]:
    return re.compile(
        rf"{sign}(?P<tag>(?:[\w.-]+:)?{key})(?:\s(?:(?!{sign}|{over}).){{0,{_FAR}}})?(?<!/){over}", re.DOTALL
    )


@lru_cache(maxsize=64)
def _patterns(key: str, *, markup: bool) -> tuple[re.Pattern[str], ...]:
    label = rf"(?P<key>{_QUOTE})@?{key}(?P=key)\s*:\s*"
    value = r"(?P=key)value(?P=key)\s*:\s*"
    patterns = (
        label + _QUOTED,
        label + _PLAIN,
        rf"{_pair(key)}{_BESIDE}{value}{_QUOTED}",
        rf"(?<![\w.-]){key}\s*=\s*{_QUOTED.replace(_QUOTE, _ESCAPED) if markup else _QUOTED}",
        rf"in column '{key}' for \d+ out of \d+ values: (?P<value>\[)",  # of polars, where a cast fails
        rf"\((?P<key>{_QUOTE}){key}(?P=key), {_QUOTED}\)",  # one of a dict's items
        rf"\((?P<key>{_QUOTE}){key}(?P=key), (?P<value>[\d.+-]+|[a-z]+\.[\w.]+\([^)]{{0,{_FAR}}}\)|[{{\[])",
        rf"(?<![\w.-]){key}={_CALLED}",
    )
    return tuple(re.compile(pattern, re.DOTALL) for pattern in (patterns[:-1] if markup else patterns))


def _pair(key: str) -> str:
    """Return a pattern of a hidden name that another field gives the value of."""
    return rf"(?P<key>{_QUOTE})name(?P=key)\s*:\s*(?P=key){key}(?P=key)"


@lru_cache(maxsize=64)
def _key(names: frozenset[Name]) -> str:
    """Return a pattern of the names that are looked for, the longest first."""
    last = sorted({name[-1] for name in names}, key=lambda name: (-len(name), name))
    return f"(?i:{'|'.join(map(re.escape, last))})"


def _closed(shown: str, start: int) -> int:
    """Return where an object or list ends that begins at ``start``; the end of the text where it is cut off."""
    waiting, inside, at = [], "", start
    while at < len(shown):
        sign = shown[at]
        if inside:
            at += sign == "\\"
            inside = "" if sign == inside else inside
        elif sign in "\"'":
            inside = sign
        elif sign in _BRACKETS:
            waiting.append(_BRACKETS[sign])
        elif waiting and sign == waiting[-1]:
            waiting.pop()
            if not waiting:
                return at + 1
        at += 1
    return len(shown)
