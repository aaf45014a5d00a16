"""The one WSGI application: it finds the route, asks for a token, answers, and tells its door of faults of the wire."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from fcwork.clock import Clock
from fcwork.simulator.arranged import Arranged, Due
from fcwork.simulator.assumptions import assumed_by
from fcwork.simulator.events import FILTERS, Events
from fcwork.simulator.exchange import CONDUCT, Call, Conduct, RefusedError, Reply, refuse_unknown
from fcwork.simulator.faults import Fault

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from fcwork.simulator.batches import Jobs
    from fcwork.simulator.ledger import Ledger
    from fcwork.simulator.oauth import Tokens
    from fcwork.simulator.queries import Queries

_NOTHING = Reply(b"", 500)  # what a door is given when it is to drop the connection before anything is done


@dataclass(frozen=True)
class _Route:
    method: str
    path: str
    answer: Callable[..., Reply]
    query: frozenset[str] = frozenset()
    open_to_all: bool = False


class App:
    """The WSGI application.

    Args:
        tokens: who may call.
        queries: answers GraphQL.
        jobs: answers for jobs and batches.
        events: answers for events.
        faults: what goes wrong.
        ledger: where requests are noted.
        clock: what dates them.
    """

    def __init__(
        self,
        *,
        tokens: "Tokens",
        queries: "Queries",
        jobs: "Jobs",
        events: Events,
        faults: Arranged,
        ledger: "Ledger",
        clock: Clock,
    ) -> None:
        self._tokens = tokens
        self._faults = faults
        self._ledger = ledger
        self._clock = clock
        self._numbers = itertools.count(1)
        self.routes: Sequence[_Route] = (
            _Route("POST", "/oauth/token", tokens.grant, open_to_all=True),
            _Route("POST", "/graphql", queries.post),
            _Route("POST", "/api/v4.1/job", jobs.create_job),
            _Route("GET", "/api/v4.1/job/<job_id>", jobs.show_job),
            _Route("POST", "/api/v4.1/job/<job_id>/batch", jobs.create_batch),
            _Route("GET", "/api/v4.1/job/<job_id>/batch/<batch_id>", jobs.show_batch, frozenset({"start", "count"})),
            _Route("POST", "/api/v4.1/event/async", events.send_async),
            _Route("POST", "/api/v4.1/event/sync", events.send_sync),
            _Route("GET", "/api/v4.1/event", events.search, FILTERS),
            _Route("GET", "/api/v4.1/event/<event_id>", events.show),
        )
        rules = [Rule(route.path, methods=[route.method], endpoint=route) for route in self.routes]
        self._map = Map(rules, merge_slashes=False, redirect_defaults=False)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request.

        Source: docs.fluentcommerce.com: job-api (which statuses stand for what).

        Assumed:
            - a refusal is told as {"errors": [{"message", "code"}]}, where code is the HTTP status
            - every answer carries an x-request-id
            - a body of more than 2,000,000 bytes is too large
        """
        request = Request(environ)
        body = request.get_data(cache=False)
        call = Call(
            method=request.method,
            path=request.path,
            query=request.args.to_dict(),
            content_type=request.mimetype,
            correlation_id=request.headers.get("x-correlation-id", ""),
            due=self._faults.due(request.method, request.path, body),
            body=body,
            authorization=request.headers.get("authorization", ""),
        )
        reply = None if call.due.has("drop_before") else self._reply(call, request)
        request_id = f"sim-{next(self._numbers)}"
        self._note(call, reply, request_id)
        environ[CONDUCT] = _conduct(call.due)
        return _response(reply or _NOTHING, request_id)(environ, start_response)

    def assumed(self) -> list[str]:
        """Return what the routes assume of the platform, each with its route, as their docstrings say."""
        everywhere = [f"every route: {statement}" for statement in assumed_by(App.__call__)]
        return everywhere + [
            f"{route.method} {route.path.replace('<', '{').replace('>', '}')}: {statement}"
            for route in self.routes
            for statement in assumed_by(route.answer)
        ]

    def _reply(self, call: Call, request: Request) -> Reply:
        if call.due.has("expire_token"):
            self._tokens.expire_all()
        instead = call.due.first("status")
        if instead is None:
            reply = self._done(call, request)
        else:
            if instead.details.get("after_effect"):
                self._done(call, request)
            reply = _instead(instead)
        return Reply(_torn(reply.content()), reply.status, reply.headers) if call.due.has("malformed_json") else reply

    def _done(self, call: Call, request: Request) -> Reply:
        try:
            route, values = self._route(request)
            if not route.open_to_all:
                self._tokens.authorize(call)
                refuse_unknown(call.query, route.query, "parameter")
            return route.answer(call, **values)
        except RefusedError as refused:
            return refused.reply()

    def _route(self, request: Request) -> tuple[_Route, dict[str, str]]:
        try:
            route, values = self._map.bind_to_environ(request.environ).match()
        except NotFound:
            raise RefusedError(404, f"there is no {request.path}") from None
        except MethodNotAllowed as refused:
            allowed = ", ".join(sorted(refused.valid_methods or ()))
            why = f"{request.path} takes {allowed}, not {request.method}"
            raise RefusedError(405, why, headers={"Allow": allowed}) from None
        except HTTPException as refused:
            raise RefusedError(refused.code or 400, refused.name) from None
        return route, dict(values)

    def _note(self, call: Call, reply: Reply | None, request_id: str) -> None:
        self._ledger.request_seen(
            method=call.method,
            path=call.path,
            status=reply.status if reply else None,
            fault=", ".join(call.due.kinds) or None,
            body_bytes=len(call.body),
            request_id=request_id,
            correlation_id=call.correlation_id,
            at=self._clock.now(),
        )


def _conduct(due: Due) -> Conduct:
    slow = due.first("slow")
    return Conduct(
        delay_seconds=slow.details["seconds"] if slow else 0.0,
        drop=due.has("drop_before") or due.has("drop_after"),
        half=due.has("half_body"),
    )


def _response(reply: Reply, request_id: str) -> Response:
    headers = {"Content-Type": "application/json", "x-request-id": request_id, **reply.headers}
    return Response(reply.content(), reply.status, headers)


def _instead(fault: Fault) -> Reply:
    """Return the answer that a ``status`` fault gives."""
    status, details = fault.details["status"], fault.details
    usual = {"errors": [{"message": f"Simulated {status}", "code": str(status)}]}
    body = details.get("body", usual)
    headers = {"Retry-After": str(details["retry_after"])} if "retry_after" in details else {}
    return Reply(body.encode() if isinstance(body, str) else body, status, headers)


def _torn(content: bytes) -> bytes:
    """Return a body that is no JSON, as long as it was."""
    return content[: len(content) // 2] + b"<" * (len(content) - len(content) // 2)
