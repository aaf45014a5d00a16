"""Texts: blanks, length, case, names, templates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from fcwork.mapper.functions.dates import format_date
from fcwork.mapper.functions.paths import get_path
from fcwork.mapper.functions.reading import text_of, unlike
from fcwork.mapper.javascript.values import SPACES, number_text

_BLANKS = re.compile(f"[{SPACES}]+")
_DOTS = "..."
_WORD_ENDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\W_]+")
_ACCENTS = re.compile("(?<=[A-Za-z])[\u0300-\u036f]+")
_PLACE = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
_EMAIL = re.compile(r"[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+")
_BASE_36 = "0123456789abcdefghijklmnopqrstuvwxyz"


def normalize_whitespace(text: str) -> str:
    """Return a text with each run of blanks as one space, and none around it.

    Raises:
        ValueError: it is no text.
    """
    return _BLANKS.sub(" ", text_of(text)).strip(" ")


def truncate(text: str, length: int) -> str:
    """Return a text of at most ``length`` characters: cut at a space where there is one, with dots after it.

    Raises:
        ValueError: it is no text, or the length is below 0.
    """
    if length < 0:
        raise unlike("a length of 0 or more", length)
    if len(text_of(text)) <= length:
        return text
    if length < len(_DOTS):
        return text[:length]
    head = text[: length - len(_DOTS)]
    before, space, _ = head.rpartition(" ")
    return (before if space else head).rstrip(SPACES) + _DOTS


def camel_case(text: str) -> str:
    """Return the words of a text as one in ``camelCase``, whatever stood between them.

    Raises:
        ValueError: it is no text.
    """
    first, *rest = _words(text) or [""]
    return first.lower() + "".join(word[:1].upper() + word[1:].lower() for word in rest)


def snake_case(text: str) -> str:
    """Return the words of a text in ``snake_case``, whatever stood between them.

    Raises:
        ValueError: it is no text.
    """
    return "_".join(_words(text)).lower()


def slugify(text: str) -> str:
    """Return a text in small letters for an address: accents taken off, blanks as ``-``, other marks left out.

    Letters of other scripts stay.

    Raises:
        ValueError: it is no text.
    """
    plain = _ACCENTS.sub("", unicodedata.normalize("NFD", text_of(text)))
    kept = re.sub(r"[^\w\s-]", "", unicodedata.normalize("NFC", plain).lower())
    return re.sub(r"[\s_-]+", "-", kept).strip("-")


def full_name(first: str | None, last: str | None) -> str:
    """Return the names that there are with one space between them."""
    names = [normalize_whitespace(name) for name in (first, last) if name is not None]
    return " ".join(name for name in names if name)


def fill_template(template: str, values: Mapping[str, Any]) -> str:
    """Return a text with ``{{name}}`` replaced by the value of that name or path; null and what is missing are empty.

    Args:
        template: the text.
        values: texts, numbers, booleans and dates by name.

    Raises:
        ValueError: the template is no text, or a value is a list or an object.
    """
    return _PLACE.sub(lambda found: _shown(get_path(values, found[1])), text_of(template))


def is_valid_email(value: Any) -> bool:
    """Return whether a value has the form of an e-mail address: a name, ``@`` and a domain of two parts or more."""
    return isinstance(value, str) and _EMAIL.fullmatch(value) is not None


def hash_string(text: str) -> str:
    """Return the SDK's short hash of a text, 32 bits in base 36: for names, not for secrets.

    Raises:
        ValueError: it is no text.
    """
    units = text_of(text).encode("utf-16-le", "surrogatepass")
    number = 0
    for low, high in zip(units[::2], units[1::2], strict=True):
        number = (number * 31 + low + 256 * high) % 2**32
    return _in_base_36(min(number, 2**32 - number))  # the size of it as a signed number


def _in_base_36(number: int) -> str:
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = _BASE_36[digit] + digits
    return digits


def _words(text: str) -> list[str]:
    return [word for word in _WORD_ENDS.split(text_of(text)) if word]


def _shown(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return number_text(value)
    if isinstance(value, date):
        return format_date(value)
    raise unlike("a single value for a template", value)
