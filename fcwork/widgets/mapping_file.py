"""A mapping's file: opened whole, and saved whole, never over what somebody else has written meanwhile."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fcwork import documents
from fcwork.errors import ConfigError, MappingError
from fcwork.validator.page import written

_WIDTH = 120
_INDENTS = (2, 4, "\t")
Opened = tuple[dict[str, Any], str]


def opened(path: Path) -> Opened:
    """Return what a mapping file says, and the hash that its bytes have.

    Raises:
        MappingError: it cannot be read, is no object, or says a name twice, of which saving would lose one.
    """
    before = _digest(path)
    document = documents.load(path, what="mapping", error=MappingError)
    if not isinstance(document.content, dict):
        raise MappingError(f"{path} is no mapping: it holds no object", hint='a mapping begins with {"fields": {')
    if document.twice:
        raise MappingError(
            f"{path}: the name {document.twice[0]!r} stands twice in one object", hint="take one of them away first"
        )
    return document.content, before


def save(path: Path, document: Mapping[str, Any], digest: str) -> str:
    """Write a mapping, whole or not at all; return the hash that its bytes have.

    Args:
        path: the file; it is JSON.
        document: the mapping.
        digest: the hash that the file had when it was opened; empty for one that was not there.

    Raises:
        ConfigError: the file has changed since, or was not there and is now, or it would be YAML.
        SourceError: it cannot be written there.
    """
    if path.suffix.lower() in documents.YAML_ENDINGS:
        raise ConfigError(
            f"{path} is YAML, whose comments would be lost", hint=f"save it as {path.with_suffix('.json').name}"
        )
    if (now := _digest(path)) != digest:
        what = "has changed since it was opened" if digest and now else "is there already" if now else "is gone"
        raise ConfigError(f"{path} {what}", hint="open it again, or save it under another name")
    mode = path.stat().st_mode & 0o777 if digest else None
    written(_in_style(document, path) if digest else text(document), path)
    if mode is not None:
        path.chmod(mode)
    return _digest(path)


def text(document: Mapping[str, Any]) -> str:
    """Return a mapping as it is written: an entry that fits is one line."""
    return f"{_written(document, '', 0)}\n"


def _in_style(document: Mapping[str, Any], path: Path) -> str:
    """Return a mapping as its file is written: with an entry a line, or with each of its words on one."""
    before = path.read_text("utf-8-sig")
    said = json.loads(before)
    for indent in _INDENTS:
        if json.dumps(said, ensure_ascii=False, indent=indent).strip() == before.strip():
            return json.dumps(document, ensure_ascii=False, indent=indent) + "\n"
    return text(document)


def _written(value: Any, indent: str, before: int) -> str:
    line = json.dumps(value, ensure_ascii=False)
    is_flat = not (isinstance(value, dict) and (not indent or any(isinstance(item, dict) for item in value.values())))
    if (is_flat and len(indent) + before + len(line) < _WIDTH) or not value or not isinstance(value, dict | list):
        return line
    deeper = f"{indent}  "
    if isinstance(value, list):
        inner = [_written(item, deeper, 0) for item in value]
        return "[\n" + ",\n".join(deeper + item for item in inner) + f"\n{indent}]"
    keys = [f"{json.dumps(key, ensure_ascii=False)}: " for key in value]
    parts = [f"{deeper}{key}{_written(item, deeper, len(key))}" for key, item in zip(keys, value.values(), strict=True)]
    return "{\n" + ",\n".join(parts) + f"\n{indent}}}"


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
