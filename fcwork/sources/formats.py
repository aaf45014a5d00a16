"""Which format a file is in: by its name, or by its first bytes."""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal, get_args

from fcwork.errors import SourceError

Format = Literal["csv", "json", "jsonl", "parquet", "xlsx", "xml"]
FORMATS: tuple[Format, ...] = get_args(Format)
EXTENSIONS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xml": "xml",
}
DELIMITERS = ",;\t|"
_NO_BYTE: dict[Format, str] = {
    "csv": "a file without rows still has a header",
    "xml": "a file without rows still has its outermost element",
    "json": "a file without rows is []",
}
_BINARY: dict[Format, str] = {"parquet": "parquet file", "xlsx": "zip or workbook"}
PEEK_BYTES = 64_000
_BEFORE_XML = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"  # what may stand before its first sign, in UTF-8 or UTF-16
# First bytes of what is no text; a reader of text would unpack some of them without a limit. Gzip and zip are met here
# only within what is packed itself, but for the zip that a workbook is.
_SIGNS = {
    b"PAR1": "parquet",
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "xlsx",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"x\x01": "zlib",
    b"x\x9c": "zlib",
    b"x\xda": "zlib",
}


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
        if format == "jsonl":  # without rows it has no lines
            return
        hint = _NO_BYTE.get(format, "is it cut off? Fetch it again")
        raise SourceError(f"{uri} is empty", hint=hint, uri=uri, format=format)
    sign = _sign(start, uri=uri)
    for binary, what in _BINARY.items():
        if sign == binary and format != binary:
            raise SourceError(
                f"{uri} is a {what}, not {format}", hint=f'read it with format="{binary}"', uri=uri, format=format
            )
        if sign != binary and format == binary:
            raise SourceError(f"{uri} is no {what}", hint=_likely(start), uri=uri, format=format)


def guess(start: bytes, *, uri: str) -> Format:
    """Return the format of a file whose name does not tell, from its first bytes.

    Raises:
        SourceError: they do not tell either.
    """
    if sign := _sign(start, uri=uri):
        return sign
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


def _sign(start: bytes, *, uri: str) -> Format | None:
    """Return the format of what is no text, and refuse what is packed."""
    sign = next((name for magic, name in _SIGNS.items() if start.startswith(magic)), "")
    if sign in _BINARY:
        return sign
    if sign:
        raise SourceError(
            f"{uri} is packed: {sign} is not read" + (" in what is packed itself" if sign == "gzip" else ""),
            hint="unpack it first",
            uri=uri,
        )
    return None


def _likely(start: bytes) -> str:
    text = start.lstrip()
    if text.startswith((b"[", b"{")):
        return 'it looks like JSON: read it with format="json" or "jsonl"'
    if start.lstrip(_BEFORE_XML).startswith(b"<"):
        return 'it looks like XML: read it with format="xml"'
    return 'read it with the format it has, such as format="csv"'
