"""Characters that act or hide are spelt out."""

import pytest

from fcwork.unseen import spelt_out


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\u202eb", r"a\u202eb"),
        ("SKU\u200b1", r"SKU\u200b1"),
        ("SKU\u200d1", r"SKU\u200d1"),
        ("\u200cA", r"\u200cA"),
        ("a\u2028b", r"a\u2028b"),
    ],
)
def test_what_acts_or_hides_is_spelt_out(text: str, shown: str) -> None:
    """P25: an escape, a mark of direction and what has no width are seen as what they are."""
    assert spelt_out(text) == shown


@pytest.mark.parametrize("text", ["👩‍👩‍👧", "🏳️‍🌈", "می‌خواهم", "क्‍ष", "שלום עולם", "Grüße"])
def test_what_people_write_stays(text: str) -> None:
    """The joiners of emoji, of Persian and of the scripts of India are seen by what they join, and stay."""
    assert spelt_out(text) == text
