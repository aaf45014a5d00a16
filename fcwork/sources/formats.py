"""Which format a file is in, and which options each takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal, get_args

from fcwork.errors import SourceError

Format = Literal["csv", "json", "jsonl", "parquet", "xml"]
FORMATS: tuple[Format, ...] = get_args(Format)
WRITTEN: tuple[Format, ...] = ("csv", "json", "jsonl", "parquet")
EXTENSIONS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xml": "xml",
}
DELIMITERS = ",;\t|"
TAKES: dict[Format, tuple[str, ...]] = {
    "csv": ("delimiter", "encoding"),
    "json": ("path",),
    "jsonl": (),
    "parquet": (),
    "xml": ("path", "namespaces", "encoding"),
}
TOP = "$"  # the path that leads to the whole of a json or xml as one record
_WITHOUT_ROWS: dict[Format, str] = {"csv": "still has a header", "xml": "still has its outermost element"}
_SPELLED = {"\\t": "\t", "tab": "\t"}  # as a command line has it
PEEK_BYTES = 64_000
_BEFORE_XML = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"  # what may stand before its first sign, in UTF-8 or UTF-16
# First bytes of what is no text; a reader of text would unpack some of them without a limit.
_SIGNS = {
    b"PAR1": "parquet",
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip (or a workbook)",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"x\x01": "zlib",
    b"x\x9c": "zlib",
    b"x\xda": "zlib",
}


@dataclass(frozen=True)
class Options:
    """How to read a file.

    Attributes:
        delimiter: what parts the fields of a csv; guessed from its header when empty.
        encoding: of a csv or xml; UTF-8, or what its byte order mark or declaration says, when empty.
        path: in a json or xml, the names that lead to the records, joined by dots; ``$`` is the whole as one record.
        namespaces: of the names in an xml, ``drop`` or ``keep`` their prefixes.
    """

    delimiter: str = ""
    encoding: str = ""
    path: str = ""
    namespaces: str = "drop"


def options(format: Format, given: Mapping[str, Any], *, uri: str) -> Options:  # noqa: A002 - the public name
    """Return the options given for a format; None stands for an option not given.

    Raises:
        SourceError: an option that the format does not take, or one of a wrong kind.
    """
    takes = TAKES[format]
    for name, value in given.items():
        if name not in takes:
            known = f"it takes {' and '.join(', '.join(takes).rsplit(', ', 1))}" if takes else "it takes none"
            raise SourceError(f"{format} has no option {name!r}", hint=known, uri=uri, format=format)
        if not isinstance(value, str | None):
            raise SourceError(f"{name}={value!r} is no text", uri=uri, format=format)
    delimiter = _SPELLED.get(given.get("delimiter") or "", given.get("delimiter") or "")
    if len(delimiter.encode()) > 1 or delimiter in {'"', "\n", "\r"}:
        raise SourceError(
            f"delimiter={delimiter!r} is not one character that can part fields",
            hint=r"usual ones are , ; | and \t",
            uri=uri,
            format=format,
        )
    namespaces = given.get("namespaces") or "drop"
    if namespaces not in {"drop", "keep"}:
        raise SourceError(f"namespaces={namespaces!r} is not known", hint="known: drop, keep", uri=uri, format=format)
    return Options(delimiter, given.get("encoding") or "", given.get("path") or "", namespaces)


def named(format: str, *, uri: str) -> Format:  # noqa: A002 - the public name
    """Return the format that a caller named.

    Raises:
        SourceError: it is none that can be read.
    """
    wanted = format.lower().lstrip(".")
    found = next((known for known in FORMATS if known == wanted), EXTENSIONS.get(f".{wanted}"))
    if found is None:
        raise SourceError(
            f"format={format!r} is not known", hint=f"known: {', '.join(FORMATS)}", uri=uri, format=format
        )
    return found


def by_extension(uri: str) -> Format | None:
    """Return the format that a file's name tells."""
    return EXTENSIONS.get(PurePath(uri).suffix.lower())


def check(format: Format, start: bytes, *, uri: str) -> None:  # noqa: A002 - the public name
    """Refuse a file whose first bytes are those of something else than its format.

    Raises:
        SourceError: it is empty, packed, or of another format.
    """
    if not start.strip(b"\r\n\xef\xbb\xbf"):
        hint = f"a file without rows {_WITHOUT_ROWS.get(format, 'is []')}"
        raise SourceError(f"{uri} is empty", hint=hint, uri=uri, format=format)
    sign = _sign(start, uri=uri)
    if sign == "parquet" and format != "parquet":
        raise SourceError(
            f"{uri} is a parquet file, not {format}", hint='read it with format="parquet"', uri=uri, format=format
        )
    if sign != "parquet" and format == "parquet":
        raise SourceError(f"{uri} is no parquet file", hint=_likely(start), uri=uri, format=format)


def guess(start: bytes, *, uri: str) -> Format:
    """Return the format of a file whose name does not tell, from its first bytes.

    Raises:
        SourceError: they do not tell either.
    """
    if _sign(start, uri=uri):
        return "parquet"
    if start.lstrip(_BEFORE_XML).startswith(b"<"):
        return "xml"
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    lines = [line for line in text.splitlines() if line.strip()][:2]
    if text.startswith(b"["):
        return "json"
    if text.startswith(b"{"):
        first_is_whole = lines[0].rstrip().endswith(b"}")
        if len(lines) > 1:
            return "jsonl" if first_is_whole and lines[1].startswith(b"{") else "json"
    elif lines and b"\0" not in start and any(d in lines[0] for d in DELIMITERS.encode()):
        return "csv"
    raise SourceError(
        f"the format of {uri} cannot be told; its name does not tell: {PurePath(uri).name}",
        hint=f"give format=, one of {', '.join(FORMATS)}",
        uri=uri,
    )


def _sign(start: bytes, *, uri: str) -> str:
    """Return ``parquet`` or nothing, and refuse what is packed."""
    sign = next((name for magic, name in _SIGNS.items() if start.startswith(magic)), "")
    if sign and sign != "parquet":
        raise SourceError(f"{uri} is packed: {sign} is not supported yet", hint="unpack it first", uri=uri)
    return sign


def _likely(start: bytes) -> str:
    text = start.lstrip()
    if text.startswith((b"[", b"{")):
        return 'it looks like JSON: read it with format="json" or "jsonl"'
    if start.lstrip(_BEFORE_XML).startswith(b"<"):
        return 'it looks like XML: read it with format="xml"'
    return 'read it with the format it has, such as format="csv"'
