"""The only place that masks secrets, by their known values and not by patterns.

A value becomes known when it is wrapped in ``Secret`` (settings, tokens). ``mask`` then removes it from any text in
the forms it travels in: raw, URL-encoded, base64 (also inside a longer base64 text), JSON- and HTML-escaped. Where a
text was cut short in the middle of one, as displays do, what is left of it goes too.
"""

import base64
import html
import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus, unquote

MASK = "•••"
SHORTEST = 4  # shorter values would mask ordinary words
PIECE = 6  # characters of a longer one that are told beside the mark of a cut
LAST = 16  # characters of one with which a text ends: Python cuts some of its messages without a mark
SENSITIVE_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"})

# As polars, pandas and reprlib have it; pyarrow's are the bracket and the count.
_CUT = re.compile(r"…|\.\.\.|&hellip;|' \+ \d")


class _Known:
    """What is known: each spelling of each secret, the longest first, and the pieces of all of them."""

    __slots__ = ("pattern", "pieces", "spellings")

    def __init__(self, spellings: Iterable[str], pieces: frozenset[str] = frozenset()) -> None:
        self.spellings = tuple(sorted(spellings, key=len, reverse=True))
        self.pieces = pieces
        self.pattern = re.compile("|".join(map(re.escape, self.spellings)))

    def with_others(self, spellings: set[str]) -> "_Known":
        """Return what is known when these are known too."""
        new = spellings.difference(self.spellings)
        pieces = {form[at : at + PIECE] for form in new for at in range(len(form) - PIECE + 1)}
        return _Known({*self.spellings, *new}, self.pieces | pieces) if new else self


_lock = threading.Lock()
_known = _Known(())  # replaced as a whole, as others may be reading it


class Secret:
    """A text that shows itself to nobody: not in a repr, a format, ``vars``, JSON or a pickle.

    ``reveal()`` is the only way to the value. A copy that went through a pickle has lost it, and says so when asked.
    """

    __slots__ = ("_reveal",)
    _reveal: Callable[[], str]

    def __init__(self, value: str) -> None:
        register(value)
        object.__setattr__(self, "_reveal", lambda: value)

    def reveal(self) -> str:
        """Return the value; keep it out of local variables of functions that can raise."""
        return self._reveal()

    def __setattr__(self, name: str, value: object) -> None:
        message = "a Secret does not change"
        raise AttributeError(message)

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self._reveal())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._reveal() == other._reveal()

    def __hash__(self) -> int:
        return hash(Secret)

    def __reduce__(self) -> tuple[type["LostSecret"], tuple[()]]:
        return LostSecret, ()


class LostSecret(Secret):
    """What a pickle keeps of a secret: that there was one."""

    __slots__ = ()

    def __init__(self) -> None:
        object.__setattr__(self, "_reveal", lambda: "")

    def reveal(self) -> str:
        """Refuse: the value did not travel."""
        message = "this secret was left behind when its object was pickled: connect again where it is needed"
        raise LookupError(message)


def register(*values: str) -> None:
    """Make ``values`` known as secrets; texts shorter than four characters are not masked."""
    global _known  # noqa: PLW0603 - one registry a process, as secrets leak by process
    spellings = {form for value in values if len(value) >= SHORTEST for form in _spellings(value)}
    with _lock:
        _known = _known.with_others(spellings)


def register_url(url: str) -> None:
    """Make the passwords in ``url`` known, as they are written and as they are meant, and the URL as a whole."""
    written = re.findall(r"^[^:/]+:/*[^:/@]*:(.+)@", url) + re.findall(r"[?&](?:ssl)?password=([^&]+)", url)
    if written:
        register(url, *written, *map(unquote, written))


def mask(text: str) -> str:
    """Return ``text`` with every known secret, in any of its spellings, replaced by ``MASK``."""
    known = _known
    return _without_pieces(known.pattern.sub(MASK, text), known) if known.spellings else text


def knows_secrets() -> bool:
    """Say whether any secret is known."""
    return bool(_known.spellings)


def holds_secret(text: str) -> bool:
    """Say whether a known secret stands in ``text``, or what a cut left of one."""
    known = _known
    return bool(known.spellings and (known.pattern.search(text) or next(_pieces(text, known), None)))


def learn(text: str, masked: str) -> None:
    """Make known here what another process masked in ``text``: what stands where ``masked`` has a mask."""
    if masked != text:
        pattern = "(.+?)".join(map(re.escape, masked.split(MASK)))
        found = re.fullmatch(pattern, text, re.DOTALL)
        register(*(found.groups() if found else ()))


def mask_headers(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the headers with credentials masked, names as they came."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return {name: MASK if name.lower() in SENSITIVE_HEADERS else mask(value) for name, value in pairs}


def mask_url(url: str) -> str:
    """Return ``url`` without its user, password and query values; path and query names stay."""
    bare = re.sub(r"//[^/@?#]*@", f"//{MASK}@", url)
    return mask(re.sub(r"([?&][^=&#]+)=[^&#]*", rf"\1={MASK}", bare))


def mask_values(value: Any) -> Any:
    """Return a JSON-like value with each text in it masked, keys included."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {mask_values(key): mask_values(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask_values(item) for item in value]
    return value


def _without_pieces(text: str, known: _Known) -> str:
    """Return a text without what cuts left of known secrets."""
    parts, end = [], 0
    for start, stop in _pieces(text, known):
        if stop > end:
            parts += [text[end : max(start, end)], MASK]
            end = stop
    return "".join([*parts, text[end:]]) if parts else text


def _pieces(text: str, known: _Known) -> Iterator[tuple[int, int]]:
    """Yield from where to where a text holds the beginning of a known secret before a cut, or its end after one."""
    for cut in _CUT.finditer(text):
        end = _told_until(text, cut.start())
        if before := _beginning(text, end, known):
            yield end - before, end
        if after := _ending(text, cut.end(), known):
            yield cut.end(), cut.end() + after
    last = _beginning(text, len(text), known)
    if last >= LAST:
        yield len(text) - last, len(text)


def _told_until(text: str, cut: int) -> int:
    """Return where what was cut ends: before a quote or bracket that belongs to the cut."""
    return next((cut - len(sign) for sign in ("'", '"', " (") if text.endswith(sign, 0, cut)), cut)


def _beginning(text: str, end: int, known: _Known) -> int:
    """Return how many characters before a place are the beginning of a known secret."""
    heads = (form[: at + PIECE] for form, at in _places(text[max(end - PIECE, 0) : end], known))
    return max((len(head) for head in heads if text.endswith(head, 0, end)), default=0)


def _ending(text: str, start: int, known: _Known) -> int:
    """Return how many characters after a place are the end of a known secret."""
    tails = (form[at:] for form, at in _places(text[start : start + PIECE], known))
    return max((len(tail) for tail in tails if text.startswith(tail, start)), default=0)


def _places(piece: str, known: _Known) -> Iterator[tuple[str, int]]:
    """Yield the spellings in which a piece stands, and where."""
    for form in known.spellings if piece in known.pieces else ():
        at = form.find(piece)
        while at >= 0:
            yield form, at
            at = form.find(piece, at + 1)


def _spellings(value: str) -> set[str]:
    whatever = "surrogatepass"  # a variable of the environment may hold bytes that are no text
    raw = value.encode("utf-8", whatever)
    quoted = {quote(value, safe="", errors=whatever), quote(value, errors=whatever), quote_plus(value, errors=whatever)}
    texts = {value, html.escape(value), *quoted}
    texts |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
    for shift in range(3):  # base64 of a longer text holds the value at one of three alignments
        encoded = base64.b64encode(b"\0" * shift + raw).decode()
        inner = encoded[(0, 2, 3)[shift] : (len(raw) + shift) * 8 // 6]
        texts |= {inner, inner.translate(str.maketrans("+/", "-_"))}
    return {text for text in texts if len(text) >= SHORTEST}
