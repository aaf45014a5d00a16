"""The manifest of a write: what was written, and so which files of an earlier one are to go."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson
import polars as pl

from fcwork import log
from fcwork.errors import SourceError
from fcwork.sources.naming import Names, in_json
from fcwork.sources.place import Place, opened, whole
from fcwork.sources.written import WrittenFile

VERSION = 1
MAX_BYTES = 64_000_000  # of one that is read
WINDOW = ("from", "to")
_HOSTILE = re.compile(r"[\\\x00-\x1f\x7f]")
_logger = log.get("sources")


def write(
    place: Place,
    names: Names,
    *,
    format: str,  # noqa: A002 - the public name of the format everywhere
    schema: pl.Schema,
    files: Iterable[WrittenFile],
    at: datetime,
) -> None:
    """Write the manifest of some files, whose names are those in its folder.

    Raises:
        SourceError: it cannot be written.
    """
    listed: list[dict[str, Any]] = [
        {
            "uri": file.name,
            "rows": file.rows,
            "bytes": file.bytes,
            "sha256": file.sha256,
            "partition": dict(file.partition),
        }
        for file in files
    ]
    given = {name: in_json(value) for name, value in names.fields.items() if name not in {"date", "time", *WINDOW}}
    content = {
        "version": VERSION,
        "written_at": in_json(at),
        "format": format,
        "fields": given,
        "window": {name: in_json(names.fields.get(name)) for name in WINDOW},
        "columns": [{"name": name, "type": str(kind)} for name, kind in schema.items()],
        "rows": sum(file["rows"] for file in listed),
        "bytes": sum(file["bytes"] for file in listed),
        "files": listed,
    }
    with whole(place) as stream:
        stream.write(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")


def listed(place: Place) -> list[str]:
    """Return the names of the files that an earlier manifest has; none where there is none that can be read.

    A manifest is a file that others may have written: what in it is no name in its folder is passed over, and told.
    """
    try:
        if place.look() is None:
            return []
        with opened(place) as intake:
            text = intake.stream.read(MAX_BYTES + 1)
        content = json.loads(text) if len(text) <= MAX_BYTES else None
        return list(_names(content, place))
    except (SourceError, OSError, ValueError, RecursionError) as error:
        _logger.warning("source.manifest_ignored", uri=place.uri, error=str(error))
        return []


def lies_inside(place: Place, names: Names) -> bool:
    """Say whether a file lies in the folder of the files, also where a link stands in its way."""
    if place.local is None:
        return True
    root = os.path.realpath(names.folder or ".")
    return os.path.commonpath([root, os.path.realpath(place.local.parent)]) == root


def _names(content: Any, place: Place) -> Iterator[str]:
    if not isinstance(content, Mapping) or not isinstance(content.get("files"), list):
        message = "it is no manifest"
        raise ValueError(message)  # noqa: TRY004 - as all that is no manifest
    for file in content["files"]:
        name = file.get("uri") if isinstance(file, Mapping) else None
        if isinstance(name, str) and _is_inside(name):
            yield name
        else:
            _logger.warning("source.manifest_entry_ignored", uri=place.uri, name=repr(name)[:200])


def _is_inside(name: str) -> bool:
    return not _HOSTILE.search(name) and not {"", ".", ".."} & set(name.split("/"))
