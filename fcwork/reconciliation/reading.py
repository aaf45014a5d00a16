"""A side of a reconciliation by its name: files, or what the platform holds; whole, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from fcwork import frames, sources
from fcwork.client import FluentClient
from fcwork.errors import ConfigError, ValidationError
from fcwork.extraction import extract
from fcwork.mapper.given import Resolvers, mapper_of

PLATFORM = "fluent:"


def take(
    spec: str | Path | Mapping[str, Any],
    *,
    client: FluentClient | None = None,
    mapping: Any = None,
    filters: Mapping[str, Any] | None = None,
    resolvers: Resolvers = None,
    context: Mapping[str, Any] | None = None,
    read_options: Mapping[str, Any] | None = None,
) -> pl.DataFrame:
    """Return the rows of a side; each of them, as one that is left out would look as if it were not there.

    Args:
        spec: a path, URI or glob as in ``sources.read``; ``fluent:`` and an entity or the path of a query, as in
            ``extract``, such as ``fluent:inventory_positions``; or several of them, each with its mapping.
        client: whose platform, for ``fluent:``.
        mapping: a mapping file, its content or a Mapper; of several sources, of those that have none of their own.
        filters: of what the platform is asked, as in ``extract``.
        resolvers, context: as in ``Mapper``.
        read_options: as in ``sources.read``; an option of None is none.

    Raises:
        SourceError: a file cannot be read, or a line of it is no row.
        ValidationError: rows cannot be mapped.
        ConfigError: there is no client, or a column of several sources is text in one and not in another.
        ApiError: the platform's answer is not whole.
    """
    several = spec if isinstance(spec, Mapping) else {str(spec): mapping}
    options = {name: value for name, value in (read_options or {}).items() if value is not None}
    parts = []
    for name, own in several.items():
        mapper = mapper_of(mapping if own is None else own, resolvers, context)
        asked = str(name).startswith(PLATFORM)
        rows = _asked(client, str(name), filters) if asked else sources.read(name, **options)
        parts.append(mapped(rows, mapper, str(name)))
    return _together(parts)


def _asked(client: FluentClient | None, spec: str, filters: Mapping[str, Any] | None) -> pl.DataFrame:
    if client is None:
        raise ConfigError(f"{spec} needs a client", hint="client=fw.connect()")
    what = spec.removeprefix(PLATFORM)
    result = extract(client, Path(what) if what.endswith(".graphql") else what, filters=filters, resume=False)
    result.raise_if_incomplete()
    return frames.with_identity(frames.enter(result.frame).drop(frames.IDENTITY, strict=False), spec)


def mapped(rows: pl.DataFrame, mapper: Any, spec: str) -> pl.DataFrame:
    """Return all rows as a mapping has them, or raise a ``ValidationError``."""
    if mapper is None:
        return rows
    result = mapper.apply(rows)
    if not result.ok:
        first = frames.enter(result.issues).filter(severity="error").row(0, named=True)
        raise ValidationError(
            f"{result.counts['rejected']:,} rows of {spec} cannot be mapped; row {first['row']}: {first['message']}",
            rejected=result.counts["rejected"],
            hint="mend the file or the mapping: a row that is left out would look as if it were not there",
        )
    whole: pl.DataFrame = result.frame
    return whole


def _together(parts: list[pl.DataFrame]) -> pl.DataFrame:
    if len(parts) == 1:
        return parts[0]
    for part in parts[1:]:
        for name in parts[0].columns:
            kinds = [frame.schema[name] for frame in (parts[0], part) if name in frame.columns and frame.height]
            if len(kinds) > 1 and (kinds[0] == pl.String) != (kinds[1] == pl.String):
                raise ConfigError(
                    f"the column {name} is {kinds[0]} in one source and {kinds[1]} in another",
                    hint="give each source a mapping that makes them alike",
                )
    return pl.concat(parts, how="diagonal_relaxed")
