"""Forms of written files: each turns frames that share their columns into the bytes of a file, piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Protocol

import polars as pl

from fcwork.errors import SourceError
from fcwork.names import did_you_mean
from fcwork.sources.formats import Format

WRITTEN: tuple[Format, ...] = ("csv", "json", "jsonl", "parquet", "xml")
MANY_ROWS = 100_000  # a piece has no more, unless its form says otherwise


class Writer(Protocol):
    """The content of one file.

    Attributes:
        room: how many rows it takes at once.
        held: bytes that it keeps back.
    """

    room: int
    held: int

    def begin(self) -> bytes:
        """Return what stands before the rows."""
        ...

    def rows(self, rows: pl.DataFrame) -> bytes:
        """Return the next rows."""
        ...

    def end(self) -> Iterable[bytes]:
        """Yield what was kept back, and what stands behind the rows."""
        ...


class Form(Protocol):
    """A format with its options."""

    def writer(self, schema: pl.Schema, uri: str) -> Writer:
        """Return what makes the content of one file of these columns.

        Raises:
            SourceError: a column has no form in the format.
        """
        ...


def form(kind: Format, given: Mapping[str, Any], *, uri: str, spreadsheet: bool) -> Form:
    """Return a format with the options given for it; None stands for an option not given.

    Raises:
        SourceError: an option that the format does not take, or a value that the option does not.
    """
    made = _known()[kind]
    takes = [field.name for field in fields(made) if field.name != "spreadsheet"]
    for name in given:
        if name not in takes:
            told = f"{kind} has no option {name!r}{did_you_mean(name, takes)}"
            known = f"it takes {', '.join(takes)}" if takes else "it takes none"
            raise SourceError(told, hint=known, uri=uri, format=kind)
    options = {name: value for name, value in given.items() if value is not None}
    if kind == "csv":
        options = {"delimiter": "\t" if _is_tabbed(uri) else ",", "spreadsheet": spreadsheet, **options}
    try:
        done: Form = made(**options)
    except ValueError as error:
        raise SourceError(f"{uri}: {error}", uri=uri, format=kind) from error
    return done


def flag(name: str, value: Any) -> None:
    """Refuse what is neither True nor False."""
    if not isinstance(value, bool):
        message = f"{name}={value!r} is neither True nor False"
        raise ValueError(message)  # noqa: TRY004 - as all values that an option does not take


def _is_tabbed(uri: str) -> bool:
    return uri.lower().removesuffix(".gz").endswith(".tsv")


def _known() -> dict[Format, Any]:
    from fcwork.sources.writers import columnar, delimited, documents, markup

    return {
        "csv": delimited.Csv,
        "json": documents.Json,
        "jsonl": documents.JsonLines,
        "parquet": columnar.Parquet,
        "xml": markup.Xml,
    }
