"""``%load_ext fcwork`` and its undoing: a shell is given the magics, and is as it was before when they go."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

from IPython.core.magic import no_var_expand

from fcwork.ipython import accessors, completing, showing
from fcwork.ipython.desk import Desk

NAME = "fluent"
_KINDS = ("line", "cell")

_loaded: WeakKeyDictionary[Any, Extension] = WeakKeyDictionary()


def load(shell: Any) -> None:
    """Give a shell the magics, their completion and the frames' ``fluent``; a second time changes nothing."""
    if shell not in _loaded:
        _loaded[shell] = Extension(shell)


def unload(shell: Any) -> None:
    """Take it all away again."""
    extension = _loaded.pop(shell, None)
    if extension is not None:
        extension.undo()


class Extension:
    """What one shell was given, and what stood there before.

    Args:
        shell: the shell.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self.desk = Desk(shell)
        magics = shell.magics_manager.magics
        self._before = {kind: magics[kind].get(NAME) for kind in _KINDS}
        shell.register_magic_function(_magic(self.desk), "line_cell", NAME)
        self._matcher = completing.matcher(lambda: self.desk.schema, lambda: shell.user_ns)
        shell.Completer.custom_matchers.append(self._matcher)
        self._put_back = showing.install(shell.display_formatter)
        self._give_accessors()
        self.desk.schema  # noqa: B018 - read now: the first completion is to be quick

    def undo(self) -> None:
        """Leave the shell as it was."""
        magics = self._shell.magics_manager.magics
        for kind, before in self._before.items():
            magics[kind].pop(NAME, None)
            if before is not None:
                magics[kind][NAME] = before
        vars(self._shell.magics_manager.user_magics).pop(NAME, None)
        with suppress(ValueError):  # another extension may have put a list of its own there
            self._shell.Completer.custom_matchers.remove(self._matcher)
        for put_back in self._put_back:
            put_back()
        with suppress(ValueError):
            self._shell.events.unregister("pre_run_cell", self._notice_pandas)
        if len(_loaded) == 0:
            accessors.unregister()
        self.desk.close()

    def _give_accessors(self) -> None:
        """Polars is here already. Pandas takes half a second to import: its turn is when somebody is about to."""
        _tell(accessors.register_polars())
        self._pandas_has = False
        self._shell.events.register("pre_run_cell", self._notice_pandas)
        self._notice_pandas(None)

    def _notice_pandas(self, info: Any) -> None:
        """Give pandas its accessor before the first cell that can have use for it."""
        named = "pandas" in str(getattr(info, "raw_cell", ""))
        if not self._pandas_has and (named or "pandas" in sys.modules):
            self._pandas_has = True
            with suppress(ImportError):  # where there is none, or a broken one, the cell says so itself
                _tell(accessors.register_pandas())


def _tell(strangers: list[str]) -> None:
    for kind in strangers:
        print(f"{kind}.fluent is another library's and stays: use fw.Mapper, fw.Validator and fw.recovery.send")  # noqa: T201


def _magic(desk: Desk) -> Callable[..., Any]:
    @no_var_expand
    def fluent(line: str, cell: str | None = None) -> Any:
        """Ask Fluent: a GraphQL query in a cell becomes a frame.

        ::

            %%fluent -o positions -v locations=["LOC001"] --all
            query ($locations: [String]) {
              inventoryPositions(locationRef: $locations, first: 500) {
                edges { node { ref productRef locationRef onHand } } } }

        Variables are bound, never pasted: their values are Python, worked out in the notebook's namespace, and compared
        with the types that the query declares before anything is sent. What comes is a frame, under a line that says
        how much it is, whether it is all, and why not. Ctrl-C keeps what came so far. Tab completes from the schema.

        ==================  ==========================================================================
        -o NAME             the name that the frame gets
        -v VAR=EXPR         a variable of the query; -v ref alone takes the Python variable ref.
                            An expression with blanks stands in brackets or quotes
        --all               every page, and not the first alone; what is not whole then is an error
        --max-records N     stop after so many rows
        --page-size N       rows a page
        --path PATH         which connection to page, such as order.items, where there are several
        --engine KIND       polars (as it is), pandas or pyarrow
        --explain           say what would be sent, and send nothing
        --write             carry out a mutation; without it none is sent
        ==================  ==========================================================================

        In a line::

            %fluent                                   the state
            %fluent connect --profile acme --retailer R1
            %fluent connect --simulator
            %fluent connect --client client           a client that is there
            %fluent connect --schema schema.graphql   the account's own schema, for completion and checks
            %fluent describe Order                    what the schema says of a type, a field or a query
        """
        return desk.command(line) if cell is None else desk.ask(line, cell)

    return fluent
