"""How a load goes to the platform: the route, the terms of sending, and under which names."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from fcwork.client import FluentClient
from fcwork.errors import ConfigError
from fcwork.routes import Route

if TYPE_CHECKING:
    from fcwork.ingestion.files import FileLedger, FileVersion
    from fcwork.mapper import Mapper

RouteName: TypeAlias = Literal["batch", "event", "mutation"]
EMBEDDED = "SIMULATOR"
_OTHERS = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, kw_only=True)
class Way:
    """How the rows of a plan go.

    Attributes:
        route: its name, or a Route of the caller's own.
        options: of the route, as the client's method of that name takes them.
        per_file: whether each file has a job of its own.
        mapper: whose mutation is sent, where the route is one.
        workflow: what loads of one kind are called; a newer version of a file supersedes an older one of its workflow.
        version: what else than a file's content makes a load another: the mapping.
        checkpoint: a name of the caller's own.
        force: load what was loaded already.
        files: what is known of the files; None where they are not kept track of.
        terms: of ``recovery.send``.
    """

    client: FluentClient
    route: Route | RouteName
    options: Mapping[str, Any]
    per_file: bool
    mapper: Mapper | None
    workflow: str
    version: str
    checkpoint: str | None
    force: bool
    files: FileLedger | None
    terms: Mapping[str, Any] = field(default_factory=dict)

    def open(self) -> Route:
        """Return the route, after the client was let in: wrong credentials are no fault of the rows."""
        if isinstance(self.route, Route):
            return self.route
        self.client.authenticate()
        if self.route == "batch":
            return self.client.batches(**self.options)
        if self.route == "event":
            return self.client.event_sender(**self.options)
        spec, options = self._spec()
        return self.client.mutations(spec, **options)

    def series(self, uri: str, route: Route) -> str:
        """Return what all versions of a file are called together."""
        return json.dumps([self.workflow, uri, self.client.target, route.name])

    def name(self, version: FileVersion, route: Route) -> str | None:
        """Return the checkpoint's name: of the workflow, the version, the target and the way, so that a rerun goes on.

        An embedded simulator dies with its process, and what was left to do with it.
        """
        if self.checkpoint or self.client.target == EMBEDDED:
            return self.checkpoint
        what = [self.series(version.name, route), version.sha256, self.version]
        stem = _OTHERS.sub("-", Path(version.name).stem).strip("-")[:40] or "frame"
        return f"{stem}-{hashlib.sha256(json.dumps(what).encode()).hexdigest()[:16]}"

    def _spec(self) -> tuple[Any, dict[str, Any]]:
        options = dict(self.options)
        spec = options.pop("mutation", None) or self.mapper
        if spec is None:
            raise ConfigError(
                'route="mutation" needs to know which: neither the mapping nor the route\'s options name one',
                hint='give a mapping with "mutation", or route_options={"mutation": "createLocation"}',
            )
        return spec, options
