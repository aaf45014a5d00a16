"""The plan of a mapping: its fields as they will be worked out."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from fcwork.mapper.custom import Call


@dataclass(frozen=True, eq=False)
class Field:
    """One target and how its value is come by.

    Attributes:
        target: the target's path.
        where: the field's place in the mapping file.
        source: a path into the source rows, or empty.
        literal: the value itself, one item, instead of a source.
        default: what stands in for an empty value, one item.
        resolver: its name, or empty; ``call`` holds the function where it is called.
        required: whether a row without a value is rejected.
        masked: whether issues hide its values.
        note: what a reader of the mapping should know about it.
    """

    target: tuple[str, ...]
    where: str
    source: str = ""
    literal: pl.Series | None = None
    default: pl.Series | None = None
    resolver: str = ""
    call: Call | None = None
    required: bool = False
    masked: bool = False
    note: str = ""

    @property
    def label(self) -> str:
        """The target as the mapping spells it: dotted."""
        return ".".join(self.target)

    @property
    def needs_source(self) -> bool:
        """Whether a row without a value is rejected before default and resolver: required, and not left to these."""
        return self.required and (bool(self.source) or self.literal is not None or not self.resolver)

    @property
    def origin(self) -> str:
        """Where the value comes from, in words for a message."""
        place = "its literal value" if self.literal is not None else repr(self.source)
        places = [place] if self.literal is not None or self.source else []
        return " through ".join([*places, *([self.resolver] if self.resolver else [])])


@dataclass(frozen=True, eq=False)
class Plan:
    """What a mapping says, checked.

    Attributes:
        fields: in the order of the mapping.
        fingerprint: the SHA-256 of the mapping as JSON, in hexadecimal digits.
        name, version, description: as the mapping gives them.
        mask: targets whose values issues hide.
    """

    fields: tuple[Field, ...]
    fingerprint: str
    name: str = ""
    version: str = ""
    description: str = ""
    mask: tuple[str, ...] = ()
