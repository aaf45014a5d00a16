from typing import Any

import pytest

from fcwork.runner.annotations import NotOfTypeError, from_text, from_value


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        ("Optional[int]", "5", 5),
        ("typing.Optional[int]", "null", None),
        ("Union[int, str]", "x", "x"),
        ("None | int", "5", 5),
        ("Literal[1, 2]", "2", 2),
        ("list[int] | None", "[1]", [1]),
        ("list", '["a", 1]', ["a", 1]),
        ("Any", "5", 5),
        ("Any", "five", "five"),
        ("SomethingElse", "[1]", [1]),
        ("str | SomethingElse", "x", "x"),
        ("not python", "x", "x"),
    ],
)
def test_annotations_are_read_in_all_their_spellings(annotation: str, text: str, value: Any) -> None:
    """P10: an annotation is read without running it; one that is not known takes anything."""
    assert from_text(annotation, text) == value


@pytest.mark.parametrize(
    ("annotation", "value", "why"),
    [
        ("int", "x", "valid integer"),
        ("Literal['a', 'b']", "c", "'a' or 'b'"),
        ("Any", {1, 2}, "a set cannot be written"),
        ("list[date]", ["2026-13-01"], "valid date"),
    ],
)
def test_a_refusal_says_why(annotation: str, value: Any, why: str) -> None:
    """P32: what is not of the type is refused with the reason."""
    with pytest.raises(NotOfTypeError, match=why):
        from_value(annotation, value)
