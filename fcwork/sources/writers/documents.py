"""JSON and JSON lines: numbers with all their digits; NaN and the infinite, for which JSON has no number, are null."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import polars as pl

from fcwork.sources.writers import MANY_ROWS, flag, texts

ROWS = "{rows}"  # a text of an envelope that stands for the number of records
_IN_MEMORY_BYTES = 8_000_000
_BLOCK_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class JsonLines:
    """How to write JSON lines: there is one way."""

    def writer(self, schema: pl.Schema, uri: str) -> _Lines:
        """Return what makes the content of one file."""
        del schema, uri  # any name and text has a form
        return _Lines()


class _Lines:
    room = MANY_ROWS
    held = 0

    def begin(self) -> bytes:
        return b""

    def rows(self, rows: pl.DataFrame) -> bytes:
        return texts.json_lines(rows)

    def end(self) -> Iterable[bytes]:
        return ()


@dataclass(frozen=True, kw_only=True)
class Json:
    """How to write a JSON array.

    Attributes:
        envelope: what stands around the array: an object that has these names, and the array behind them. A text that
            is ``{rows}`` stands for the number of records of the file.
        records: the name of the array in it.
        pretty: indent it.
    """

    envelope: Mapping[str, Any] | None = None
    records: str = "data"
    pretty: bool = False

    def __post_init__(self) -> None:
        flag("pretty", self.pretty)
        if self.envelope is None:
            return
        envelope: Any = self.envelope
        if not isinstance(envelope, Mapping) or self.records in self.envelope:
            message = f"envelope={self.envelope!r} is to be an object without {self.records!r}, which holds the records"
            raise ValueError(message)
        self.around(0)

    def writer(self, schema: pl.Schema, uri: str) -> _Array:
        """Return what makes the content of one file."""
        del schema, uri  # any name and text has a form
        return _Counted(self) if self._counts else _Array(self)

    def around(self, count: int) -> tuple[bytes, bytes]:
        """Return what stands before and behind the records."""
        if self.envelope is None:
            return b"[", b"\n]" if self.pretty and count else b"]"
        try:
            text = orjson.dumps(
                {**replaced(self.envelope, lambda text: count if text == ROWS else text), self.records: []},
                default=str,
                option=self._option,
            )
        except TypeError as error:
            message = f"envelope={self.envelope!r} is no JSON: {error}"
            raise ValueError(message) from error
        before, _, behind = text.rpartition(b"]")
        return before, (b"\n  ]" if self.pretty and count else b"]") + behind

    def items(self, rows: pl.DataFrame) -> bytes:
        """Return records as they stand in the array, without the brackets."""
        if not self.pretty:
            return texts.json_array(rows)[1:-1]
        return texts.json_array(rows, self._indented)

    @property
    def _option(self) -> int:
        return orjson.OPT_INDENT_2 if self.pretty else 0

    @property
    def _counts(self) -> bool:
        """Whether the envelope says how many records there are."""
        met: list[str] = []
        replaced(self.envelope, met.append)
        return ROWS in met

    def _indented(self, array: bytes) -> bytes:
        text = orjson.dumps(orjson.loads(array), option=self._option)[1:-2]
        return text if self.envelope is None else text.replace(b"\n", b"\n  ")


class _Array:
    room = MANY_ROWS
    held = 0

    def __init__(self, form: Json) -> None:
        self._form = form
        self._count = 0

    def begin(self) -> bytes:
        return self._form.around(0)[0]

    def rows(self, rows: pl.DataFrame) -> bytes:
        comma = b"," if self._count and rows.height else b""
        self._count += rows.height
        return comma + self._form.items(rows) if rows.height else b""

    def end(self) -> Iterable[bytes]:
        yield self._form.around(self._count)[1]


class _Counted(_Array):
    """An array whose envelope says how many records there are: they wait in a temporary file."""

    def __init__(self, form: Json) -> None:
        super().__init__(form)
        self._waiting = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115 - it goes with this writer

    def begin(self) -> bytes:
        return b""

    def rows(self, rows: pl.DataFrame) -> bytes:
        text = super().rows(rows)
        self.held += len(text)
        self._waiting.write(text)
        return b""

    def end(self) -> Iterator[bytes]:
        self.held = 0
        before, behind = self._form.around(self._count)
        yield before
        self._waiting.seek(0)
        with self._waiting:
            while block := self._waiting.read(_BLOCK_BYTES):
                yield block
        yield behind


def replaced(value: Any, by: Callable[[str], Any]) -> Any:
    """Return a value of JSON with what stands for its texts."""
    if isinstance(value, Mapping):
        return {str(name): replaced(inner, by) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [replaced(inner, by) for inner in value]
    return by(value) if isinstance(value, str) else value
