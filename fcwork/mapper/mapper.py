"""The mapper: one mapping, for frames and for single records."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Self, cast

import polars as pl

from fcwork import cards, documents, frames
from fcwork.clock import SYSTEM, Clock
from fcwork.documents import Document
from fcwork.errors import MappingError
from fcwork.mapper import calls, deferred, door, engine, preview, reading, slices, targets
from fcwork.mapper.calls import Mutations
from fcwork.mapper.custom import Resolver
from fcwork.mapper.engine import Traced
from fcwork.mapper.plan import Field, Fields, Items, Part, Plan, masked_columns, masked_paths
from fcwork.mapper.result import MapResult, result_of
from fcwork.mutations import MutationOutcome, MutationRequest, Operation, parse
from fcwork.personal.names import hide_mapped
from fcwork.redact import MASK

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
        config: the mapping, in any dialect of the SDK's; the package's docstring shows them.
        resolvers: functions of your own by name, beside those made known by ``@fw.resolver``. One whose parameter is
            annotated ``pl.Series`` runs on whole columns; any other is called with a value, or with a value and its
            source record, row by row.
        context: what ``$context.x`` sources are taken from.
        lenient: whether the SDK's answer stands where a strict one is an issue; None leaves it to the mapping.
        clock: the time that issues bear.

    Raises:
        MappingError: the mapping has mistakes; ``problems`` lists all of them.
    """

    def __init__(
        self,
        config: Mapping[str, Any] | Document,
        *,
        resolvers: Mapping[str, Resolver] | None = None,
        context: Mapping[str, Any] | None = None,
        lenient: bool | None = None,
        clock: Clock = SYSTEM,
    ) -> None:
        given = config if isinstance(config, Document) else Document(config, "the mapping")
        self._plan = reading.read(given, resolvers=resolvers or {}, context=context, lenient=lenient)
        hide_mapped(masked_paths(self._plan.fields))
        self._clock = clock

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        resolvers: Mapping[str, Resolver] | None = None,
        context: Mapping[str, Any] | None = None,
        lenient: bool | None = None,
        clock: Clock = SYSTEM,
    ) -> Self:
        """Return the mapper of a mapping file, which is JSON, or YAML where it ends in .yml or .yaml.

        Raises:
            MappingError: the file cannot be read, or the mapping has mistakes; ``problems`` lists all of them.
        """
        document = documents.load(path, what="mapping", error=MappingError)
        return cls(document, resolvers=resolvers, context=context, lenient=lenient, clock=clock)

    @property
    def plan(self) -> Plan:
        """What the mapping says, checked."""
        return self._plan

    @property
    def operation(self) -> Operation | None:
        """The mutation that rows are mapped for, if any."""
        return self._plan.operation

    @property
    def per_request(self) -> int | None:
        """How many mutations the mapping wants in one request, where it says so."""
        return self._plan.per_request

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
    def masked_columns(self) -> tuple[str, ...]:
        """The columns, before and after mapping, that hold a masked value, alone or among others."""
        return masked_columns(self._plan.fields)

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the mapping's content, by which a run says what it mapped with."""
        return self._plan.fingerprint

    @property
    def title(self) -> str:
        """How results and reports call it: its name, with the beginning of its hash."""
        return f"{self.name or 'mapping'} (sha256 {self.fingerprint[:16]})"

    def apply(self, frame: frames.Frame) -> MapResult:
        """Map a frame of any kind (pandas, polars, pyarrow, a list of dicts) and give the same kind back.

        A lazy frame is not collected: its result is lazy too, and worked out, in batches where it streams, when it is
        asked for. Only a resolver that is called and does not say by its annotation what it gives needs it at once.

        Returns:
            The mapped rows, the rejected ones and why: a row with a fault in any field is rejected as a whole.

        Raises:
            MappingError: the frame lacks the source column of a required field.
            TypeError: this is no frame.
        """
        kind = frames.kind_of(frame)
        if kind == "lazy" and deferred.can_wait(self._plan, query := cast("pl.LazyFrame", frame)):
            return deferred.apply(self._plan, query, self._clock)
        rows = frames.with_identity(door.enter(frame, kind))
        return result_of(slices.run(self._plan, rows, at=self._clock.now()), kind)

    def map(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Map one record, as ``apply`` would a frame of this one row.

        Targets without a value are left out; of a lenient field, as in the SDK, only one whose source is not there.

        Raises:
            MappingError: the record cannot be mapped; ``issues`` says why, field by field.
            TypeError: this is no record.
        """
        return targets.as_record(self._one(record).found)

    def mutation(self, record: Mapping[str, Any], *, schema: Any = None) -> MutationRequest:
        """Return one record as a mutation, ready to be sent: its ``document`` and ``variables``.

        Args:
            record: a source record.
            schema: where types are looked up that the mapping does not give: whatever ``fcwork.schema.load`` takes.

        Raises:
            MappingError: the mapping is of no mutation, the record cannot be mapped, or the schema does not fit.
            ConfigError: the schema cannot be loaded.
            TypeError: this is no record.
        """
        return calls.call_of(self._plan, self._one(record), schema)

    def mutations(self, frame: frames.Frame, *, per_request: int | None = None, schema: Any = None) -> Mutations:
        """Return the rows of a frame as requests of several mutations each, under aliases; none is left out.

        Args:
            frame: of any kind.
            per_request: the most mutations in one request; else what the mapping's ``aliasBatching`` says, else 5.
            schema: as of ``mutation``.

        Raises:
            MappingError: the mapping is of no mutation, the frame lacks a required column, the schema does not fit, or
                ``per_request`` is less than 1.
            ConfigError: the schema cannot be loaded.
            TypeError: this is no frame.
        """
        kind = frames.kind_of(frame)
        rows = frames.with_identity(door.enter(frame, kind))
        outcome = engine.run(self._plan, rows, at=self._clock.now())
        return calls.calls_of(self._plan, outcome, kind, per_request=per_request, schema=schema)

    def parse(self, answer: Any, request: MutationRequest) -> MutationOutcome:
        """Return what the platform's answer to one request says of each row in it.

        Args:
            answer: its JSON, a ``GraphQLResult``, the ``ApiError`` that came instead, or None where nothing came.
            request: what was sent.

        Raises:
            TypeError: this is no answer.
        """
        return parse(answer, request, clock=self._clock)

    def preview(self, frame: frames.Frame, rows: int = 20) -> Any:
        """Map the first rows of a frame, and show source and target side by side.

        Returns:
            One line for each row and target, as the kind of frame that came in: ``_row``, ``source`` (where it is
            from), ``from`` (what stands there), ``target``, ``to`` (what becomes of it; null where it failed) and
            ``issue`` (why).

        Raises:
            MappingError: the frame lacks a required column, or ``rows`` is less than 1.
            TypeError: this is no frame.
        """
        if rows < 1:
            raise MappingError(f"a preview has at least 1 row, not {rows}", hint="preview(frame, rows=20)")
        kind = frames.kind_of(frame)
        head = frames.with_identity(door.enter(frames.head(frame, rows), kind))
        outcome = engine.run(self._plan, head, at=self._clock.now())
        return frames.leave(preview.lines(outcome), kind)

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """Return the JSON Schema of mapping files, for editors and other programs."""
        text = resources.files(__package__).joinpath("mapping.schema.json").read_text(encoding="utf-8")
        schema: dict[str, Any] = json.loads(text)
        return schema

    def explain(self) -> pl.DataFrame:
        """Return the mapping as a table.

        Returns:
            Columns ``target``, ``source``, ``resolver``, ``required``, ``default``, ``runs`` (``columnar`` or
            ``row by row``) and ``note``.
        """
        return pl.DataFrame(list(_explained(self._plan.fields)), schema=_EXPLAINED)

    def _one(self, record: Mapping[str, Any]) -> Traced:
        if not isinstance(record, Mapping):
            raise TypeError(f"this takes one record, a dict, not {type(record).__name__}: apply takes frames")
        rows = frames.with_identity(door.enter([{frames.ROW: 1, **record}], "records"))
        outcome = engine.run(self._plan, rows, at=self._clock.now(), strict_columns=False)
        if outcome.rejected.height:
            raise _refused(outcome.issues.filter(pl.col("severity") == "error").to_dicts())
        return outcome

    def __repr__(self) -> str:
        name = f"{self.name!r}, " if self.name else ""
        return f"Mapper({name}{len(self._plan.fields.order)} fields)"

    def _repr_html_(self) -> str:
        table = self.explain()
        return cards.table(table, limit=table.height, caption=self.name, ours=True)


def _refused(issues: list[dict[str, Any]]) -> MappingError:
    reasons = "".join(f"\n  {issue['field']}: {issue['message']}" for issue in issues)
    return MappingError(
        f"the record cannot be mapped:{reasons}", issues=issues, hint="mend the record, or the mapping's fields named"
    )


def _explained(fields: Fields, above: str = "") -> Iterator[dict[str, str | bool | None]]:
    for entry in fields.order:
        if isinstance(entry, Field):
            yield _explained_field(entry, above)
        elif isinstance(entry, Items):
            yield _row(f"{above}{entry.label}[]", entry.source.text, entry.step.name if entry.step else None, entry)
            yield from _explained(entry.fields, f"{above}{entry.label}[].")
        elif entry.source:
            yield _row(above + entry.label, entry.source.text, None, entry)


def _row(target: str, source: str, resolver: str | None, entry: Items | Part) -> dict[str, str | bool | None]:
    row = {"target": target, "source": source, "resolver": resolver, "required": entry.required, "default": None}
    runs = "row by row" if isinstance(entry, Items) and entry.step else "columnar"
    return {**row, "runs": runs, "note": (entry.note if isinstance(entry, Items) else "") or None}


def _explained_field(field: Field, above: str) -> dict[str, str | bool | None]:
    source = field.source or None
    if field.literal is not None and not field.source.startswith("$"):
        source = f"literal {MASK if field.masked else _shown(field.literal)}"
    called = any(step.call and step.call.way != "column" for step in field.steps)
    notes = [field.note, "lenient: the SDK's answer stands, with a warning" if field.lenient else ""]
    return {
        "target": above + field.label,
        "source": source,
        "resolver": field.resolver or None,
        "required": field.required,
        "default": None if field.default is None else MASK if field.masked else _shown(field.default),
        "runs": "row by row" if called else "columnar",
        "note": "; ".join(filter(None, notes)) or None,
    }


def _shown(constant: pl.Series) -> str:
    return json.dumps(constant.to_list()[0], ensure_ascii=False, default=str)
