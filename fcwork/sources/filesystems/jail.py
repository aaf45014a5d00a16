"""Names of files elsewhere, which stay below the root of their place."""

from __future__ import annotations

import re

from fcwork.errors import SourceError

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


def checked(path: str, uri: str) -> str:
    """Return a path below a root as it is: names between single slashes, or nothing for the root.

    Raises:
        SourceError: it could lead elsewhere: it is absolute, or has ``..`` or a NUL byte in it.
    """
    if "\0" in path:
        raise SourceError(f"{uri!r} holds a NUL byte", hint="give the name of a file", uri=uri)
    if path.startswith(("/", "\\")) or _DRIVE.match(path):
        raise SourceError(f"{uri} is an absolute path", hint="names are taken from the root of the place", uri=uri)
    if ".." in re.split(r"[/\\]", path):  # a server on Windows takes both for a separator
        raise SourceError(f"{uri} would leave its place by '..'", hint="write the path without ..", uri=uri)
    return "" if path == "." else path


def is_below(path: str, root: str) -> bool:
    """Say whether an absolute path, links resolved, is a root or lies below it."""
    return path == root or path.startswith(f"{root.rstrip('/')}/")


def leads_out(uri: str) -> SourceError:
    """Return what to tell of a link out of the root."""
    hint = "a link below the root must stay there; read what it points to through a connection of its own"
    return SourceError(f"{uri} leads out of the root of its place by a link", hint=hint, uri=uri)
