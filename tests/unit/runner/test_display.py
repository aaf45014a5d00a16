"""What a notebook shows of its own."""

from fcwork.runner import display


def test_short_cells_are_not_broken_over_lines() -> None:
    """On a narrow page a time stays on its line, and a long text is broken; nothing in a cell is live."""
    shown = display.table([["6.0 s", "a long text that is broken", 12_345, "<b>"]])
    assert shown.count("white-space:nowrap") == 3
    assert 'left">a long text' in shown
    assert "12,345" in shown
    assert "&lt;b&gt;" in shown
