"""How to read a file: the options that each format takes, and what they may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fcwork.errors import SourceError
from fcwork.sources.formats import Format

TOP = "$"  # the path that leads to the whole of a json or xml as one record
TAKES: dict[Format, tuple[str, ...]] = {
    "csv": ("delimiter", "encoding", "header", "names", "quote", "skip", "comment", "member"),
    "json": ("path", "member"),
    "jsonl": ("member",),
    "parquet": ("partitions", "member"),
    "xlsx": ("sheet", "header", "names", "skip", "member"),
    "xml": ("path", "namespaces", "encoding", "member"),
}
NO_QUOTE = "none"
_SPELLED = {"\\t": "\t", "tab": "\t"}  # as a command line has it


@dataclass(frozen=True)
class Options:
    """How to read a file.

    Attributes:
        delimiter: what parts the fields of a csv; guessed from its header when empty.
        encoding: of a csv or xml; UTF-8, or what its byte order mark or declaration says, when empty.
        header: of a csv or workbook, ``first`` where its first line has the names, ``none`` where it has none.
        names: what the columns are called, instead of what the header says.
        quote: what stands around a field of a csv that holds delimiters, or ``none``.
        skip: how many lines of a csv or workbook are passed over before anything else.
        comment: what a line of a csv begins with that is none of its rows.
        path: in a json or xml, the names that lead to the records, joined by dots; ``$`` is the whole as one record.
        namespaces: of the names in an xml, ``drop`` or ``keep`` their prefixes.
        sheet: of a workbook, the name of the sheet; the only one when empty.
        partitions: whether folders such as ``date=2026-01-01`` give the rows of a parquet a column.
        member: of a zip, a glob of the files in it that are read.
    """

    delimiter: str = ""
    encoding: str = ""
    header: str = "first"
    names: tuple[str, ...] = ()
    quote: str = '"'
    skip: int = 0
    comment: str = ""
    path: str = ""
    namespaces: str = "drop"
    sheet: str = ""
    partitions: bool = True
    member: str = ""


def options(format: Format, given: Mapping[str, Any], *, uri: str) -> Options:  # noqa: A002 - the public name
    """Return the options given for a format; None and an empty text stand for an option not given.

    Raises:
        SourceError: an option that the format does not take, or one of a wrong kind.
    """
    takes = TAKES[format]
    chosen: dict[str, Any] = {}
    for name, value in given.items():
        if name not in takes:
            known = f"it takes {' and '.join(', '.join(takes).rsplit(', ', 1))}"
            raise SourceError(f"{format} has no option {name!r}", hint=known, uri=uri, format=format)
        if value is None or value == "":
            continue
        try:
            check: Callable[[Any], Any] = _CHECKS.get(name, _text)
            chosen[name] = check(value)
        except ValueError as error:
            told, _, hint = str(error).partition("; ")
            raise SourceError(f"{name}={value!r} {told}", hint=hint, uri=uri, format=format) from error
    chosen_options = Options(**chosen)
    if chosen_options.delimiter and chosen_options.delimiter == chosen_options.quote:
        raise SourceError(
            f"delimiter={chosen_options.delimiter!r} is the quote too",
            hint=r"usual delimiters are , ; | and \t",
            uri=uri,
            format=format,
        )
    return chosen_options


def member(given: Mapping[str, Any], *, uri: str) -> str:
    """Return the option ``member`` alone, which is needed before the format is known.

    Raises:
        SourceError: it is no text.
    """
    return options("jsonl", {"member": given.get("member")}, uri=uri).member


def _text(value: Any) -> str:
    if not isinstance(value, str):
        message = "is no text"
        raise ValueError(message)  # noqa: TRY004 - told as any other value that will not do
    return value


def _one_sign(value: Any, hint: str) -> str:
    text = _SPELLED.get(_text(value)) or _text(value)
    if len(text.encode()) != 1 or text in {"\n", "\r"}:
        message = f"is not one character that can part fields; {hint}"
        raise ValueError(message)
    return text


def _delimiter(value: Any) -> str:
    hint = r"usual ones are , ; | and \t"
    return _one_sign("" if value == '"' else value, hint)


def _quote(value: Any) -> str:
    return "" if value == NO_QUOTE else _one_sign(value, f"""usual ones are " and ', or {NO_QUOTE!r} for none""")


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) and name.strip() for name in value):
        message = "is no list of names; give them as in names=['sku', 'qty']"
        raise ValueError(message)
    if twice := next((name for name in value if value.count(name) > 1), ""):
        message = f"has the name {twice!r} twice; give each column a name of its own"
        raise ValueError(message)
    return tuple(value)


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        message = "is no count of lines; give a whole number, such as 2"
        raise ValueError(message)
    return value


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        message = "is neither True nor False"
        raise ValueError(message)  # noqa: TRY004 - as above
    return value


def _comment(value: Any) -> str:
    if "\n" in _text(value) or "\r" in value:
        message = "is not what a line can begin with; usual ones are # and //"
        raise ValueError(message)
    return str(value)


def _one_of(*known: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in known:
            message = f"is not known; known: {', '.join(known)}"
            raise ValueError(message)
        return str(value)

    return check


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "delimiter": _delimiter,
    "header": _one_of("first", "none"),
    "names": _names,
    "quote": _quote,
    "skip": _count,
    "comment": _comment,
    "namespaces": _one_of("drop", "keep"),
    "partitions": _yes_or_no,
}
