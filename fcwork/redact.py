"""The only place that masks secrets, by their known values and not by patterns.

A value becomes known when it is wrapped in ``Secret`` (settings, tokens). ``mask`` then removes it from any text in
the forms it travels in: raw, URL-encoded, base64 (also inside a longer base64 text), JSON- and HTML-escaped.
"""

import base64
import html
import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus, unquote

MASK = "•••"
SHORTEST = 4  # shorter values would mask ordinary words
SENSITIVE_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"})

_lock = threading.Lock()
_forms: dict[str, None] = {}
_pattern: re.Pattern[str] | None = None


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
    global _pattern  # noqa: PLW0603 - one registry a process, as secrets leak by process
    with _lock:
        for value in values:
            if len(value) >= SHORTEST:
                _forms.update(dict.fromkeys(_spellings(value)))
        longest_first = sorted(_forms, key=len, reverse=True)
        _pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def register_url(url: str) -> None:
    """Make the passwords in ``url`` known, as they are written and as they are meant, and the URL as a whole."""
    written = re.findall(r"^[^:/]+:/*[^:/@]*:(.+)@", url) + re.findall(r"[?&](?:ssl)?password=([^&]+)", url)
    if written:
        register(url, *written, *map(unquote, written))


def mask(text: str) -> str:
    """Return ``text`` with every known secret, in any of its spellings, replaced by ``MASK``."""
    return _pattern.sub(MASK, text) if _pattern else text


def knows_secrets() -> bool:
    """Say whether any secret is known."""
    return _pattern is not None


def holds_secret(text: str) -> bool:
    """Say whether a known secret stands in ``text``."""
    return bool(_pattern and _pattern.search(text))


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


def _spellings(value: str) -> set[str]:
    raw = value.encode()
    texts = {value, quote(value, safe=""), quote(value), quote_plus(value), html.escape(value)}
    texts |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
    for shift in range(3):  # base64 of a longer text holds the value at one of three alignments
        encoded = base64.b64encode(b"\0" * shift + raw).decode()
        inner = encoded[(0, 2, 3)[shift] : (len(raw) + shift) * 8 // 6]
        texts |= {inner, inner.translate(str.maketrans("+/", "-_"))}
    return {text for text in texts if len(text) >= SHORTEST}
