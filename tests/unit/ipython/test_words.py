"""The line of the magic."""

import pytest

from fcwork.errors import ConfigError
from fcwork.ipython import words


@pytest.mark.parametrize(
    ("line", "listed"),
    [
        ("", []),
        ("-o x  --all", ["-o", "x", "--all"]),
        ('-v ref="A B" -v n=(1 + 2)', ["-v", 'ref="A B"', "-v", "n=(1 + 2)"]),
        ("-v x=[a for a in {'(': 1}] --all", ["-v", "x=[a for a in {'(': 1}]", "--all"]),
        (r"-v x='it\'s so' -o y", ["-v", r"x='it\'s so'", "-o", "y"]),
        ("-v x=(1 --all", ["-v", "x=(1 --all"]),
    ],
)
def test_quotes_and_brackets_keep_a_word_together(line: str, listed: list[str]) -> None:
    """An expression is one word, with the blanks in its quotes and brackets."""
    assert words.split(line) == listed


def test_a_line_is_read() -> None:
    """Each option of a query has its place."""
    said = words.query('-o stock -v ref="A" -v n --max-records 1_000 --page-size=50 --path a.b --engine pandas --write')
    assert said == words.Query(
        name="stock",
        given=(("ref", '"A"'), ("n", "n")),
        max_records=1000,
        page_size=50,
        path="a.b",
        engine="pandas",
        write=True,
    )
    assert words.query("--all --explain") == words.Query(everything=True, explain=True)


def test_the_name_of_the_frame_is_as_python_reads_it() -> None:
    """A name in letters that Python takes for others is the one under which Python finds it."""
    assert words.query("-o \ufb01rst").name == "first"


def test_a_kind_of_frame_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """P32: where pandas is not installed that is said before anything is asked for."""
    monkeypatch.setattr(words, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match="pandas is not installed here") as caught:
        words.query("--engine pandas")
    assert caught.value.hint == "%pip install pandas"


def test_a_connection_is_read() -> None:
    """Each option of a connection has its place; quotes around a value go."""
    assert words.connection('--profile acme --retailer "R 1"') == words.Connection(profile="acme", retailer="R 1")
    assert words.connection("--simulator --schema s.graphql") == words.Connection(simulator=True, schema="s.graphql")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--al", "did you mean '--all'"),
        ("orders", "can do nothing with 'orders'"),
        ("-o", "-o is followed by NAME"),
        ("-o 1st", "no name of Python's"),
        ("-o class", "no name of Python's"),
        ("-o list", "that name is Python's own"),
        ("-o __builtins__", "that name is Python's own"),
        ("-o Out", "that name is Python's own"),
        ("-o a -o b", "said twice"),
        ("--all=yes", "takes no value"),
        ("--engine panda", "did you mean 'pandas'"),
        ("--max-records 0", "no whole number above zero"),
        ("--max-records ten", "no whole number above zero"),
        ("--max-records 1__0", "no whole number above zero"),
        ("--max-records 10_", "no whole number above zero"),
        ("-v a=1 + 2", "can do nothing with '\\+'"),
        ("-v a=(1", "no Python expression"),
        ("-v a=" + "(" * 5_000, "no Python expression"),
        ("-v a=" + "-" * 100_000 + "1", "no Python expression"),
        ("-v a=", "no Python expression"),
        ("-v 1a=1", "is no name of a variable"),
    ],
)
def test_a_mistake_in_the_line_is_told(line: str, message: str) -> None:
    """P32: what the magic does not know is named, with what it does and what to write."""
    with pytest.raises(ConfigError, match=message) as caught:
        words.query(line)
    assert caught.value.hint
    assert len(str(caught.value)) < 500


def test_one_platform_is_named() -> None:
    """P33: a profile and the simulator are not named together."""
    with pytest.raises(ConfigError, match="--profile and --simulator are said together"):
        words.connection("--profile acme --simulator")
