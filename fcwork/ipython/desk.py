"""What stands behind ``%fluent`` and ``%%fluent`` in one session: the client, the schema, and what a cell asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLSchema

from fcwork import frames, session
from fcwork import schema as schemas
from fcwork.client import FluentClient
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ConfigError, FcworkError, GraphQLError
from fcwork.ipython import asking, checking, describing, explaining, pointing, telling, variables, words
from fcwork.ipython.asking import Answer
from fcwork.ipython.cell import Cell, read
from fcwork.ipython.telling import Line
from fcwork.names import did_you_mean

VERBS = ("connect", "describe")


class Stopped(KeyboardInterrupt):
    """Ctrl-C, told in one line: what came before it is kept and shown, and further cells do not run on it."""

    def _render_traceback_(self) -> list[str]:
        return [f"KeyboardInterrupt: {self}"]


class Desk:
    """The magics of one IPython shell.

    Args:
        shell: the shell.
        clock: the time.
    """

    def __init__(self, shell: Any, *, clock: Clock = SYSTEM) -> None:
        self._shell = shell
        self._clock = clock
        self._client: FluentClient | None = None
        self._is_own = False
        self._schema: GraphQLSchema | None = None
        self._schema_place = ""

    @property
    def schema(self) -> GraphQLSchema:
        """The schema that queries are completed and checked by: the account's own where it was given."""
        return self._schema or schemas.platform()

    def command(self, line: str) -> Any:
        """Carry out ``%fluent …``.

        Raises:
            FcworkError: it cannot be done.
        """
        verb, _, rest = line.strip().partition(" ")
        if verb == "connect":
            return self._connect(words.connection(rest))
        if verb == "describe":
            return describing.described(self.schema, rest.strip())
        if not verb:
            return self._state()
        raise ConfigError(
            f"%fluent can do nothing with {verb!r}{did_you_mean(verb, VERBS)}",
            hint="%fluent tells the state; %fluent connect, %fluent describe NAME; a query stands below %%fluent; "
            "%%fluent? says more",
        )

    def ask(self, line: str, query: str) -> Any:
        """Carry out a cell: a query below ``%%fluent``.

        Returns:
            The frame, or what would be sent.

        Raises:
            FcworkError: it cannot be done, or the answer is not whole; what there is of it was shown before.
        """
        cell = read(line, query, self.schema)
        if cell.said.explain:
            return self._explained(cell)
        if cell.writes and not cell.said.write:
            mistake = pointing.at(cell.operation, "this is a mutation: it would change the platform")
            raise pointing.told(query, [mistake], f"say so: %%fluent --write; {checking.NOTHING_SENT}")
        client = self._connected()
        self._check_known(cell, client)
        values = self._values(cell)
        return self._handed_out(self._asked(client, cell, values), cell)

    def close(self) -> None:
        """Close the client, if it was made here."""
        if self._client is not None and self._is_own:
            self._client.close()
        self._client = None

    def _connect(self, said: words.Connection) -> Line:
        started = self._clock.monotonic()
        own = schemas.load(said.schema) if said.schema else None
        client = self._named(said.client) if said.client else self._made(said)
        _sign_in(client, is_own=not said.client)
        self.close()
        self._client, self._is_own = client, not said.client
        self._schema, self._schema_place = own, said.schema
        return Line(
            f"connected to {client.target} in {self._clock.monotonic() - started:.1f} s; {self._about_schema()}"
        )

    def _made(self, said: words.Connection) -> FluentClient:
        profile = "simulator" if said.simulator else said.profile or None
        return session.connect(profile, **({"retailer": said.retailer} if said.retailer else {}))

    def _named(self, name: str) -> FluentClient:
        held = self._shell.user_ns.get(name)
        if isinstance(held, FluentClient):
            return held
        what = "there is nothing of that name" if held is None else f"it is {type(held).__name__}"
        raise ConfigError(f"--client {name}: {what}", hint="make one: client = fw.connect()")

    def _connected(self) -> FluentClient:
        if self._client is None:
            self._client, self._is_own = session.connect(), True
        return self._client

    def _about_schema(self) -> str:
        return f"queries are checked by {self._schema_place}" if self._schema else "completion knows the shipped schema"

    def _state(self) -> Line:
        if self._client is None:
            return Line("not connected: %fluent connect, or the first query connects by the settings")
        retailer = f", retailer {self._client.retailer_id}" if self._client.retailer_id else ""
        return Line(f"connected to {self._client.target}{retailer}; {self._about_schema()}")

    def _check_known(self, cell: Cell, client: FluentClient | None) -> None:
        """Refuse what the schema does not know, where it is the whole one; the one that is shipped is a part."""
        knows_all = self._schema is not None or (client is not None and client.target == session.TARGET)
        if cell.unknown and knows_all:
            raise pointing.told(cell.query, cell.unknown, checking.NOTHING_SENT)

    def _values(self, cell: Cell) -> Mapping[str, Any]:
        return variables.bound(cell.query, cell.operation, cell.said.given, self._shell.user_ns, self.schema)

    def _explained(self, cell: Cell) -> explaining.Explanation:
        self._check_known(cell, self._client)
        target = self._client.target if self._client else "not connected yet"
        return explaining.explained(cell, self._values(cell), schema=self.schema, target=target)

    def _asked(self, client: FluentClient, cell: Cell, values: Mapping[str, Any]) -> Answer:
        """Ask, and tell how it went; an error that left nothing is raised with its places."""
        progress = telling.Progress(client.target, in_notebook=telling.in_notebook(self._shell), clock=self._clock)
        try:
            answer = asking.ask(client, cell, values, progress, clock=self._clock)
        except GraphQLError as error:
            progress.stop()
            raise checking.from_platform(cell.query, cell.document, error, cell.unknown) from None
        except KeyboardInterrupt:
            progress.stop()
            raise _stopped(cell) from None
        except FcworkError:
            progress.stop()
            raise
        progress.end(telling.of_answer(answer, client.target, cell.said.name))
        return answer

    def _handed_out(self, answer: Answer, cell: Cell) -> Any:
        """Name the frame and return it; where something went wrong it is shown, and that is raised."""
        frame = frames.leave(answer.rows, cell.said.engine)
        if cell.said.name:
            self._shell.user_ns[cell.said.name] = frame
        wrong = _wrong(answer, cell)
        if wrong is None:
            return frame
        self._shell.displayhook(frame)
        raise wrong from None


def _sign_in(client: FluentClient, *, is_own: bool) -> None:
    """Have a client ask for its token; where that fails, one that was made here is closed."""
    try:
        client.authenticate()
    except BaseException as error:
        if is_own:
            client.close()
        if isinstance(error, KeyboardInterrupt):
            raise Stopped("the connection is as it was") from None
        raise


def _stopped(cell: Cell) -> Stopped:
    """Return what Ctrl-C came to before there was an answer; of a mutation nobody knows whether it was done."""
    what = (
        "the mutation may have been carried out: look before you send it again" if cell.writes else "nothing had come"
    )
    return Stopped(f"{what}; {cell.said.name} is as it was" if cell.said.name else what)


def _wrong(answer: Answer, cell: Cell) -> BaseException | None:
    """Return what has to be raised after what came was shown."""
    stopped = answer.cut_off
    if isinstance(stopped, KeyboardInterrupt):
        kept = f"{cell.said.name} holds" if cell.said.name else "above are"
        return Stopped(f"{kept} the {answer.rows.height:,} rows that came before")
    if stopped is None and answer.errors:
        stopped = GraphQLError(errors=answer.errors, hint="what came beside the errors is shown above")
    if isinstance(stopped, GraphQLError):
        return checking.from_platform(cell.query, cell.document, stopped, cell.unknown)
    if stopped is not None:
        return stopped
    return asking.not_whole(answer) if cell.said.everything and not answer.limited else None
