"""Text for a terminal: made visible, cut to size, in tables that fit."""

import pytest

from fcwork.cli import terminal
from fcwork.redact import Secret
from fcwork.unseen import columns


def test_nothing_acts_and_nothing_hides() -> None:
    """P25: controls, marks of direction and signs of no width are spelt out; known secrets are masked."""
    Secret("s3cr3t-of-a-terminal")

    assert terminal.visible("a\x1b[31m\tb\n\x9b\u202e\u200b\xad") == r"a\x1b[31m\tb\n\x9b\u202e\u200b\xad"
    assert terminal.visible("two\nlines\r", keep="\n") == "two\nlines\\r"
    assert terminal.visible("Größe 日本 👍 a s3cr3t-of-a-terminal") == "Größe 日本 👍 a •••"


@pytest.mark.parametrize(
    ("text", "shown", "width"),
    [
        ("short", "short", 5),
        ("x" * 11, "x" * 9 + "…", 10),
        ("日本語日本語", "日本語日…", 9),
        ("e\u0301" * 10, "e\u0301" * 10, 10),
    ],
)
def test_a_text_is_cut_by_what_it_takes_up(text: str, shown: str, width: int) -> None:
    """A cell is cut by the columns that it takes up: a wide sign takes two, an accent none."""
    assert terminal.cut(text, 10) == shown
    assert columns(shown) == width


def test_a_long_line_is_broken_between_words_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that is too long for the terminal goes on below, indented; in a file or a pipe it stays one."""
    monkeypatch.setenv("COLUMNS", "20")
    line = "  row 4  cannot be read as a number"

    assert terminal.wrapped(line, hang=9) == line
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert terminal.wrapped(line, hang=9).split("\n") == [
        "  row 4  cannot be",
        f"{' ' * 9}read as a",
        f"{' ' * 9}number",
    ]


def test_a_table_fits_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns that find no room are named under the table; a free last column is never cut."""
    monkeypatch.setenv("COLUMNS", "30")
    head, rows = ["first", "second", "third"], [["a" * 12, "b" * 12, "c" * 40], ["", "d", ""]]

    assert terminal.table(head, rows)[1:] == [
        f"  {'a' * 12}  {'b' * 12}",
        f"  {' ' * 12}  d",
        "  and 1 more column: third",
    ]
    assert terminal.table(head, rows, last_is_free=True)[1].endswith("c" * 40)
