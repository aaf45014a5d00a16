"""Tries each kind of access on its own and changes nothing."""

from collections.abc import Callable
from contextlib import suppress

from fcwork.client.calls import Call
from fcwork.client.graphql import GraphQL
from fcwork.client.http import Http
from fcwork.errors import NotFoundError

Check = tuple[str, Callable[[], str]]


def checks(http: Http, graphql: GraphQL) -> list[Check]:
    """Return each kind of access with a function that tries it and returns what was answered, or raises."""

    def token() -> str:
        http.sign_in()
        return "a token"

    def queries() -> str:
        me = (graphql.execute("{ me { username } }").data or {}).get("me") or {}
        return f"user {me.get('username', 'without a name')}"

    def jobs() -> str:
        with suppress(NotFoundError):  # an answer all the same: there is no job 0
            http.send(Call("GET", "/api/v4.1/job/0"))
        return "jobs may be read"

    def events() -> str:
        http.send(Call("GET", "/api/v4.1/event", query={"count": "1"}))
        return "events may be read"

    return [("token", token), ("graphql", queries), ("jobs", jobs), ("events", events)]
