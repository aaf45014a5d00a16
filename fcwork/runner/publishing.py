"""``publish`` and ``load``: frames that a run leaves for others, as files beside its notebook and never inside it."""

from __future__ import annotations

import hashlib
import io
import json
import threading
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, get_args, runtime_checkable

from fcwork.errors import NotebookError, SourceError
from fcwork.names import did_you_mean
from fcwork.redact import MASK, holds_secret
from fcwork.runner.finding import folder_of
from fcwork.runner.folder import unwritable, write_whole
from fcwork.runner.manifest import FRAMES, MANIFEST, NAME, Published, path_of, published
from fcwork.runner.stages import current

if TYPE_CHECKING:
    import polars as pl

    from fcwork.frames import Frame, Kind

_lock = threading.Lock()  # the manifest is read and written again


@runtime_checkable
class HasFolder(Protocol):
    """A run, past or present, or a notebook's job."""

    @property
    def folder(self) -> Path:
        """Where its files are."""
        ...


def publish(name: str, frame: Frame, *, mask: Collection[str] = ()) -> Published:
    """Leave a frame for others: a Parquet file in the run's folder, and its rows and hash in a manifest beside it.

    In a headless run that is the run's own folder, else the folder of the notebook's job. A frame that was published
    under the name before is replaced.

    Args:
        name: letters, digits, ``_`` and ``-``.
        frame: of any kind.
        mask: columns of which only is shown where there is a value, beside those that are hidden everywhere.

    Raises:
        NotebookError: the name cannot be one, a column to be masked is not there, or a known secret stands in it.
        ConfigError: the folder cannot be written.
        TypeError: this is no frame.
    """
    from fcwork import frames
    from fcwork.personal.columns import masked as without_personal_data

    if not NAME.fullmatch(name):
        raise NotebookError(f"{name!r} is no name for a frame", hint="letters, digits, _ and - only, at most 64")
    named = (mask,) if isinstance(mask, str) else tuple(mask)
    given = _masked(name, frames.enter(frame), named)
    shown = without_personal_data(given)
    hidden = (column.name for column in given if not column.equals(shown[column.name], null_equal=True))
    masked = tuple(dict.fromkeys([*named, *hidden]))
    _refuse_secrets(name, shown)
    content = _parquet(name, shown)
    folder = current().folder
    sha256, columns = hashlib.sha256(content).hexdigest(), tuple(shown.columns)
    one = Published(name, path_of(folder, name), shown.height, columns, len(content), sha256, masked)
    with _lock:
        _keep(folder, one, content)
    return one


def load(run: str | Path | HasFolder, name: str, *, engine: Kind = "polars") -> Any:
    """Return a frame that a run published, after a look at whether it is what was published.

    Args:
        run: a result of ``run``, a past run or its id as ``past`` takes it, or the path of a run's folder.
        name: as it was published.
        engine: ``polars``, ``lazy``, ``pandas``, ``pyarrow`` or ``records``.

    Raises:
        NotebookError: there is no such run, frame or engine.
        SourceError: the file is gone, or is not what was published.
    """
    import polars as pl

    from fcwork import frames

    if engine not in get_args(frames.Kind):
        raise NotebookError(f"{engine!r} is no kind of frame", hint=f"one of {', '.join(get_args(frames.Kind))}")
    folder = run.folder if isinstance(run, HasFolder) else run if isinstance(run, Path) else folder_of(run)
    known = published(folder)
    if name not in known:
        raise NotebookError(
            f"the run in {folder} published no frame {name!r}{did_you_mean(str(name), known)}",
            hint=f"it published {', '.join(known)}" if known else "it published none",
        )
    return frames.leave(pl.read_parquet(io.BytesIO(_checked(known[name]))), engine)


def _keep(folder: Path, one: Published, content: bytes) -> None:
    """Write the file, and then that it is there."""
    place = folder / FRAMES
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise unwritable(place, error) from None
    write_whole(one.path, content)
    known = {name: other.to_dict() for name, other in {**published(folder), one.name: one}.items()}
    write_whole(place / MANIFEST, f"{json.dumps({'frames': known}, indent=2)}\n".encode())


def _checked(one: Published) -> bytes:
    """Return the bytes of a file that is what was published."""
    try:
        content = one.path.read_bytes()
    except OSError as error:
        raise SourceError(
            f"the frame {one.name!r} cannot be read: {error.strerror}", uri=str(one.path), hint="make its run again"
        ) from None
    if hashlib.sha256(content).hexdigest() != one.sha256:
        raise SourceError(
            f"{one.path} is not what was published: it was changed, or cut off",
            uri=str(one.path),
            hint="make its run again; what is there is an ordinary Parquet file, for whoever trusts it",
        )
    return content


def _masked(name: str, frame: pl.DataFrame, columns: Collection[str]) -> pl.DataFrame:
    import polars as pl

    for column in columns:
        if column not in frame.columns:
            raise NotebookError(
                f"the frame {name!r} has no column {column!r} to mask{did_you_mean(str(column), frame.columns)}",
                hint=f"it has {', '.join(frame.columns)}",
            )
    return frame.with_columns(
        pl.when(pl.col(column).is_not_null()).then(pl.lit(MASK)).alias(column) for column in columns
    )


def _refuse_secrets(name: str, frame: pl.DataFrame) -> None:
    for series in frame:
        if holds_secret(series.name) or any(map(holds_secret, _texts(series))):
            raise NotebookError(
                f"the frame {name!r} was not published: a live secret stands in its column {series.name!r}",
                hint="drop the column, or name it in mask=; and find out how the secret came there",
            )


def _texts(series: pl.Series) -> Iterator[str]:
    """Yield texts in which whatever a column says is written."""
    import polars as pl

    kind = series.dtype
    if kind.is_nested() or kind == pl.Object:
        yield json.dumps(series.to_list(), default=str, ensure_ascii=False)
    elif kind == pl.Binary:
        yield "\n".join(value.decode("latin-1") for value in series.drop_nulls())
    elif kind in {pl.String, pl.Categorical, pl.Enum}:
        yield "\n".join(series.cast(pl.String).drop_nulls().unique())


def _parquet(name: str, frame: pl.DataFrame) -> bytes:
    import polars as pl

    written = io.BytesIO()
    try:
        frame.write_parquet(written)
    except pl.exceptions.PolarsError as error:
        raise NotebookError(f"the frame {name!r} cannot be written as Parquet: {error}") from None
    return written.getvalue()
