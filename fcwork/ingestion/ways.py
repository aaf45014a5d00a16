"""How a load goes to the platform: the route, the terms of sending, and under which names."""

from __future__ import annotations

import hashlib
import inspect
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import polars as pl

from fcwork import frames
from fcwork.client import FluentClient
from fcwork.errors import ConfigError
from fcwork.names import nearest
from fcwork.routes import Paced, Route

if TYPE_CHECKING:
    from fcwork.ingestion.feed import Feed
    from fcwork.ingestion.files import FileLedger, FileVersion
    from fcwork.ingestion.putting_away import Places
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
        per_file: whether each file has a job of its own, and is judged by itself.
        mapper: whose mutation is sent, where the route is one.
        workflow: what loads of one kind are called; a newer version of a file supersedes an older one of its workflow.
        version: what else than a file's content makes a load another: the mapping and its context.
        checkpoint: a name of the caller's own.
        force: load what was loaded already.
        resend_unknown: send dead letters again that may have arrived.
        files: what is known of the files; None where they are not kept track of.
        places: where files go when they are through.
        feed: which the load belongs to.
        terms: of ``recovery.send``, for each file.
        bounds: rate and deadline, of all files together.
    """

    client: FluentClient
    route: Route | RouteName
    options: Mapping[str, Any]
    per_file: bool
    mapper: Mapper | None
    workflow: str
    version: Any
    checkpoint: str | None
    force: bool
    resend_unknown: bool
    files: FileLedger | None
    places: Places
    feed: Feed
    terms: Mapping[str, Any] = field(default_factory=dict)
    bounds: Mapping[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse options that the route does not take, so that no dry run passes where the load itself would not.

        Raises:
            ConfigError: one is not known or cannot be, or a mutation is not named.
        """
        if not isinstance(self.route, Route):
            check_route(self.client, self.route, self.options, self.mapper)
        elif self.options:
            raise ConfigError("a Route of one's own takes no route_options", hint="give them when it is made")

    def open(self) -> Route:
        """Return the route, after the client was let in: wrong credentials are no fault of the rows."""
        if isinstance(self.route, Route):
            return self.route
        self.client.authenticate()
        return make_route(self.client, self.route, self.options, self.mapper)

    def limits(self, route: Route) -> dict[str, Any]:
        """Return the rate, which a route may know where the caller says none, and the deadline of the whole load."""
        own = route.rate_per_second if isinstance(route, Paced) else None
        return {**self.bounds, "rate_per_second": self.bounds["rate_per_second"] or own}

    def series(self, uri: str, route: Route) -> str:
        """Return what all versions of a file are called together."""
        return json.dumps([self.workflow, uri, self.client.target, route.name])

    def name(self, version: FileVersion, route: Route, rows: pl.DataFrame) -> str | None:
        """Return the checkpoint's name: of the workflow, the version, the target and the way, so that a rerun goes on.

        An embedded simulator dies with its process, and what was left to do with it.
        """
        if self.checkpoint or self.client.target == EMBEDDED:
            return self.checkpoint
        which = hashlib.sha256(rows.select(frames.ROW).write_csv().encode()).hexdigest()
        how = [self.version, self.options, self.terms.get("key"), which]
        what = [self.series(version.name, route), version.sha256, how]
        stem = _OTHERS.sub("-", Path(version.name).stem).strip("-")[:40] or "frame"
        return f"{stem}-{hashlib.sha256(json.dumps(what, default=str).encode()).hexdigest()[:16]}"


def check_route(client: FluentClient, name: RouteName, options: Mapping[str, Any], mapper: Mapper | None) -> None:
    """Refuse options that a route does not take.

    Raises:
        ConfigError: one is not known or cannot be, or a mutation is not named.
    """
    given = _spec(options, mapper)[1] if name == "mutation" else options
    known = [one for one in inspect.signature(_maker(client, name)).parameters if one not in {"spec", "store"}]
    if unknown := [one for one in given if one not in known]:
        own = ["mutation"] if name == "mutation" else []
        told = f"did you mean {near}? " if (near := nearest(unknown[0], known)) else ""
        raise ConfigError(
            f"the route {name} has no option {', '.join(unknown)}",
            hint=f"{told}known: {', '.join(own + known)}",
        )
    if name != "batch":
        make_route(client, name, options, mapper)  # its options are looked at, and nothing is asked for yet


def make_route(client: FluentClient, name: RouteName, options: Mapping[str, Any], mapper: Mapper | None) -> Route:
    """Return the route of a name, as a load has it."""
    if name == "mutation":
        spec, others = _spec(options, mapper)
        return client.mutations(spec, **others)
    route: Route = _maker(client, name)(**options)
    return route


def _maker(client: FluentClient, name: RouteName) -> Callable[..., Route]:
    makers: dict[str, Callable[..., Route]] = {
        "batch": client.batches,
        "event": client.event_sender,
        "mutation": client.mutations,
    }
    return makers[name]


def _spec(options: Mapping[str, Any], mapper: Mapper | None) -> tuple[Any, dict[str, Any]]:
    others = dict(options)
    spec = others.pop("mutation", None) or mapper
    if spec is None:
        raise ConfigError(
            'route="mutation" needs to know which: neither the mapping nor the route\'s options name one',
            hint='give a mapping with "mutation", or route_options={"mutation": "createLocation"}',
        )
    return spec, others
