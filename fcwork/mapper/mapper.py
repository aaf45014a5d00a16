"""The mapper: one mapping, for frames and for single records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import polars as pl

from fcwork import frames
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import MappingError
from fcwork.mapper import engine, reading
from fcwork.mapper.custom import Resolver
from fcwork.mapper.plan import Field
from fcwork.mapper.result import MapResult

_EXPLAINED = pl.Schema(
    {
        "target": pl.String,
        "source": pl.String,
        "resolver": pl.String,
        "required": pl.Boolean,
        "default": pl.String,
        "runs": pl.String,
        "note": pl.String,
    }
)


class Mapper:
    """Maps source rows to target rows by a mapping; nothing in it changes once it stands.

    Args:
        config: the mapping: ``{"fields": {target: {source, value, resolver, required, defaultValue}}}``, targets flat
            or dotted, and beside ``fields`` optionally ``name``, ``version``, ``description`` and ``mask``, a list
            of targets whose values issues do not show.
        resolvers: functions of your own by name. One whose parameter is annotated ``pl.Series`` runs on whole columns;
            any other is called with a value, or with a value and its source record, row by row.
        context: what ``$context.x`` sources are taken from.
        clock: the time that issues bear.

    Raises:
        MappingError: the mapping has mistakes; ``problems`` lists all of them.
    """

    def __init__(
        self,
        config: Mapping[str, Any] | reading.Loaded,
        *,
        resolvers: Mapping[str, Resolver] | None = None,
        context: Mapping[str, Any] | None = None,
        clock: Clock = SYSTEM,
    ) -> None:
        given = config if isinstance(config, reading.Loaded) else reading.Loaded(config)
        self._plan = reading.read(given, resolvers=resolvers or {}, context=context)
        self._clock = clock

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        resolvers: Mapping[str, Resolver] | None = None,
        context: Mapping[str, Any] | None = None,
        clock: Clock = SYSTEM,
    ) -> Self:
        """Return the mapper of a mapping file, which is JSON.

        Raises:
            MappingError: the file cannot be read, or the mapping has mistakes; ``problems`` lists all of them.
        """
        return cls(reading.load(path), resolvers=resolvers, context=context, clock=clock)

    @property
    def name(self) -> str:
        """The mapping's own name, or nothing."""
        return self._plan.name

    @property
    def version(self) -> str:
        """The mapping's version, or nothing."""
        return self._plan.version

    @property
    def description(self) -> str:
        """What the mapping says of itself, or nothing."""
        return self._plan.description

    @property
    def mask(self) -> tuple[str, ...]:
        """The targets whose values issues do not show."""
        return self._plan.mask

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the mapping's content, by which a run says what it mapped with."""
        return self._plan.fingerprint

    def apply(self, frame: frames.Frame) -> MapResult:
        """Map a frame of any kind (pandas, polars, pyarrow, a list of dicts) and give the same kind back.

        Returns:
            The mapped rows, the rejected ones and why: a row with a fault in any field is rejected as a whole.

        Raises:
            MappingError: the frame lacks the source column of a required field.
            TypeError: this is no frame.
        """
        kind = frames.kind_of(frame)
        rows = frames.with_identity(frames.enter(frame))
        outcome = engine.run(self._plan, rows, at=self._clock.now())
        counts = {
            "read": rows.height,
            "mapped": outcome.mapped.height,
            "rejected": outcome.rejected.height,
            "warnings": outcome.issues.filter(pl.col("severity") == "warning").height,
        }
        return MapResult(
            frame=frames.leave(outcome.mapped, kind),
            rejected=frames.leave(outcome.rejected, kind),
            issues=frames.leave(outcome.issues, kind),
            counts=counts,
        )

    def map(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Map one record, as ``apply`` would a frame of this one row; targets without a value are left out.

        Raises:
            MappingError: the record cannot be mapped; ``issues`` says why, field by field.
            TypeError: this is no record.
        """
        if not isinstance(record, Mapping):
            raise TypeError(f"map takes one record, a dict, not {type(record).__name__}: apply takes frames")
        rows = frames.with_identity(frames.enter([{frames.ROW: 1, **record}]))
        outcome = engine.run(self._plan, rows, at=self._clock.now(), strict_columns=False)
        if outcome.rejected.height:
            raise _refused(outcome.issues.to_dicts())
        (values,) = frames.without_identity(outcome.mapped).to_dicts()
        held: dict[str, Any] = _held(values)
        return held

    def explain(self) -> pl.DataFrame:
        """Return the mapping as a table.

        Returns:
            Columns ``target``, ``source``, ``resolver``, ``required``, ``default``, ``runs`` (``columnar`` or
            ``row by row``) and ``note``.
        """
        return pl.DataFrame([_explained(item) for item in self._plan.fields], schema=_EXPLAINED)

    def __repr__(self) -> str:
        name = f"{self.name!r}, " if self.name else ""
        return f"Mapper({name}{len(self._plan.fields)} fields)"

    def _repr_html_(self) -> str:
        return frames.to_html(self.explain(), limit=len(self._plan.fields), caption=self.name)


def _refused(issues: list[dict[str, Any]]) -> MappingError:
    reasons = "".join(f"\n  {issue['field']}: {issue['message']}" for issue in issues)
    return MappingError(
        f"the record cannot be mapped:{reasons}", issues=issues, hint="mend the record, or the mapping's fields named"
    )


def _held(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _held(item) for name, item in value.items() if item is not None}
    return [_held(item) for item in value] if isinstance(value, list) else value


def _explained(field: Field) -> dict[str, str | bool | None]:
    source = field.source or None
    if field.literal is not None and not field.source.startswith("$"):
        source = f"literal {_shown(field.literal)}"
    default = None if field.default is None else _shown(field.default)
    runs = "row by row" if field.call and field.call.way != "column" else "columnar"
    return {
        "target": field.label,
        "source": source,
        "resolver": field.resolver or None,
        "required": field.required,
        "default": default,
        "runs": runs,
        "note": field.note or None,
    }


def _shown(constant: pl.Series) -> str:
    return json.dumps(constant.to_list()[0], ensure_ascii=False, default=str)
