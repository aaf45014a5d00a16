"""``frame.fluent``: map, check, preview and send a frame of pandas or polars from itself.

Each verb is the plain function of the same meaning, with its arguments and its result::

    orders.fluent.map("mapping.json")          # fw.Mapper.load("mapping.json").apply(orders)
    orders.fluent.check("INVENTORY")           # fw.Validator.for_entity("INVENTORY").check(orders)
    orders.fluent.preview("mapping.json", 5)   # fw.Mapper.load("mapping.json").preview(orders, 5)
    orders.fluent.send(client.batches(...))    # fw.recovery.send(orders, client.batches(...))

``%load_ext fcwork`` registers them; without IPython ``register()`` does. Nobody else's ``fluent`` is replaced.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fcwork.errors import ConfigError

if TYPE_CHECKING:
    from fcwork.mapper import Mapper
    from fcwork.mapper.result import MapResult
    from fcwork.recovery import SendResult
    from fcwork.validator import Validator
    from fcwork.validator.result import CheckResult

NAME = "fluent"


class FluentAccessor:
    """The verbs of a frame.

    Args:
        frame: pandas, polars eager or lazy; it stays as it is.
    """

    def __init__(self, frame: Any) -> None:
        self._frame = frame

    def __repr__(self) -> str:
        return "fluent: .map(mapping), .preview(mapping), .check(rules) and .send(route) of this frame"

    def map(self, mapping: Mapper | Mapping[str, Any] | str | Path, **options: Any) -> MapResult:
        """Map the rows; see ``Mapper.apply``.

        Args:
            mapping: a ``Mapper``, a mapping, or the path of a mapping file.
            **options: of ``Mapper``, where it is made here: ``resolvers``, ``context``, ``lenient``.

        Raises:
            MappingError: the mapping has mistakes, or the frame lacks a required column.
        """
        return _mapper(mapping, options).apply(self._frame)

    def preview(self, mapping: Mapper | Mapping[str, Any] | str | Path, rows: int = 20, **options: Any) -> Any:
        """Map the first rows, and show source and target side by side; see ``Mapper.preview``.

        Args:
            mapping, **options: as of ``map``.
            rows: how many.

        Raises:
            MappingError: the mapping has mistakes, or the frame lacks a required column.
        """
        return _mapper(mapping, options).preview(self._frame, rows)

    def check(self, rules: Validator | Mapping[str, Any] | str | Path) -> CheckResult:
        """Check the rows; see ``Validator.check``.

        Args:
            rules: a ``Validator``, rules, the path of a file of rules, or an entity such as ``INVENTORY``.

        Raises:
            ConfigError: the rules are wrong, or cannot be judged on this frame.
        """
        return _validator(rules).check(self._frame)

    def send(self, deliver: Any, **options: Any) -> SendResult:
        """Deliver the rows; see ``recovery.send``, whose arguments these are.

        Raises:
            ConfigError: an argument is wrong; nothing was sent.
            CheckpointError: the checkpoint cannot be used.
        """
        from fcwork import recovery

        return recovery.send(self._frame, deliver, **options)


def register() -> list[str]:
    """Give pandas and polars frames their ``fluent``; that of somebody else stays.

    Returns:
        The kinds of frames whose ``fluent`` is somebody else's.
    """
    return [*register_polars(), *register_pandas()]


def register_polars() -> list[str]:
    """As ``register``, of polars alone."""
    import polars as pl

    kinds = {"polars.DataFrame": pl.DataFrame, "polars.LazyFrame": pl.LazyFrame}
    makers = {
        "polars.DataFrame": pl.api.register_dataframe_namespace,
        "polars.LazyFrame": pl.api.register_lazyframe_namespace,
    }
    for name, kind in kinds.items():
        if not hasattr(kind, NAME):
            makers[name](NAME)(FluentAccessor)
    return [name for name, kind in kinds.items() if not _is_ours(kind)]


def register_pandas() -> list[str]:
    """As ``register``, of pandas alone; it is imported."""
    import pandas as pd

    if not hasattr(pd.DataFrame, NAME):
        pd.api.extensions.register_dataframe_accessor(NAME)(FluentAccessor)
    return [] if _is_ours(pd.DataFrame) else ["pandas.DataFrame"]


def unregister() -> None:
    """Take away what ``register`` gave, and nobody else's."""
    for library, kinds in (("polars", ("DataFrame", "LazyFrame")), ("pandas", ("DataFrame",))):
        module = sys.modules.get(library)
        for kind in (getattr(module, name, None) for name in kinds):
            if kind is not None and _is_ours(kind):
                delattr(kind, NAME)
                kind._accessors = set(kind._accessors) - {NAME}  # noqa: SLF001 - neither library takes one back


def _is_ours(kind: Any) -> bool:
    return getattr(kind, NAME, None) is FluentAccessor


def _mapper(given: Any, options: Mapping[str, Any]) -> Mapper:
    from fcwork.mapper import Mapper

    if isinstance(given, Mapper):
        if options:
            raise ConfigError(
                f"a Mapper is given, and {', '.join(options)} too", hint="give them to the Mapper when it is made"
            )
        return given
    return Mapper(given, **options) if isinstance(given, Mapping) else Mapper.load(given, **options)


def _validator(given: Any) -> Validator:
    from fcwork.validator import Validator

    if isinstance(given, Validator):
        return given
    if isinstance(given, Mapping):
        return Validator(given)
    is_file = isinstance(given, Path) or "." in str(given) or "/" in str(given)
    return Validator.load(given) if is_file else Validator.for_entity(str(given))
