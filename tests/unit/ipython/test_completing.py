"""Completion of the magic's lines and cells, as IPython asks for it."""

from pathlib import Path

import pytest
from IPython.core.completer import CompletionContext
from shells import Shell

from fcwork import schema
from fcwork.client import FluentClient
from fcwork.ipython import completing

PLATFORM = schema.platform()
CLIENT = object.__new__(FluentClient)  # its kind is all that is looked at
NAMES = {"wanted": ["A"], "wants": 1, "client": CLIENT, "clients": 3}


def offered(cell: str) -> list[str] | None:
    """Return what is offered at the bar in a cell; None where it is left to Python."""
    before, _, after = cell.partition("|")
    found = completing.completions(PLATFORM, before, after, NAMES)
    return None if found is None else [option.text for option in found[1]]


@pytest.mark.parametrize(
    ("cell", "listed"),
    [
        ("%fluent |", ["connect", "describe"]),
        ("%fluent con|", ["connect"]),
        ("%fluent connect --sim|", ["--simulator"]),
        ("%fluent connect --profile sim|", ["simulator"]),
        ("%fluent describe inventoryPositio|", ["inventoryPositions", "inventoryPosition"]),
        ("%fluent describe Order.ite|", ["Order.items"]),
        ("%fluent describe Nothing.ite|", []),
        ("%load_ext fcwork\n%fluent con|", ["connect"]),
        ("stock = %fluent des|", ["describe"]),
        ("%%fluent --en|\n{ me { id } }", ["--engine"]),
        ("%%fluent --engine pa|", ["pandas"]),
        ("%%fluent -v |\nquery ($refs: [String!], $n: Int) { me { id } }", ["refs=", "n="]),
        ("%%fluent\n{ orders { edges { node { statu|", ["status"]),
        ("%%fluent -v refs=wan|\n{ me { id } }", ["wanted", "wants"]),
        ("%%fluent --all -v n=len(wante|\n{ me { id } }", ["wanted"]),
        ("%%fluent -v n=le|\n{ me { id } }", ["len"]),
        ("%fluent connect --client |", ["client"]),
        ("\n%%fluent -o x\n\n{ inventoryPositio|", ["inventoryPositions", "inventoryPosition"]),
    ],
)
def test_lines_and_cells_are_completed(cell: str, listed: list[str]) -> None:
    """Verbs, options, their values and the query are offered, also below other lines of the cell."""
    found = offered(cell)
    assert found is not None
    assert (found[: len(listed)] or found) == listed


@pytest.mark.parametrize(
    "cell",
    [
        "|",
        "inventoryP|",
        "%fluent connect\nx = -|",
        "%fluent connect --client other|",
        "%fluent connect --schema own|",
        "%%fluent -v refs=other|\n{ me { id } }",
        "%%fluent -v refs=wanted.co|\n{ me { id } }",
        "%%fluent -v refs='wan|\n{ me { id } }",
        "%%timeit\n{ orders { |",
        "%%fluently\n{ |",
        "text = '%fluent con'\nval|",
    ],
)
def test_the_rest_is_left_to_python(cell: str) -> None:
    """What is none of the magic's, and values that are Python's, are IPython's own to complete."""
    assert offered(cell) is None


def test_an_account_s_own_schema_completes(shell: Shell) -> None:
    """After ``%fluent connect --schema`` the fields of the account's own schema are offered, and no others."""
    Path("own.graphql").write_text("type Query { mine(first: Int): Mine }\ntype Mine { one: Int }")
    shell("%fluent connect --simulator --schema own.graphql")
    (matcher,) = [
        one for one in shell.shell.Completer.custom_matchers if one.matcher_identifier == completing.IDENTIFIER
    ]
    for line, listed in (("{ ", ["mine", "__typename"]), ("{ mine(", ["first: "]), ("{ mine { o", ["one"])):
        context = CompletionContext(
            token="",
            full_text=f"%%fluent\n{line}",
            cursor_position=len(line),
            cursor_line=1,
            limit=None,
        )
        assert [one.text for one in matcher(context)["completions"]] == listed
