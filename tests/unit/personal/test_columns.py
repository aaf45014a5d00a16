from collections import Counter
from datetime import date

import polars as pl
import pytest

from fcwork import personal
from fcwork.personal import columns, records
from fcwork.personal.columns import masked
from fcwork.redact import MASK


def test_columns_of_any_type_are_hidden() -> None:
    """A hidden column shows that there is a value and not which, whatever its type; null stays null."""
    personal.hide(["a", "b", "c", "d", "e"])
    frame = pl.DataFrame(
        {
            "a": ["x", None],
            "b": [1, None],
            "c": [date(2026, 1, 2), None],
            "d": [[1], None],
            "e": [{"f": 1}, None],
            "ok": [1, 2],
        }
    )
    told = masked(frame)
    assert told.to_dicts() == [{**dict.fromkeys("abcde", MASK), "ok": 1}, {**dict.fromkeys("abcde"), "ok": 2}]
    assert frame["a"].to_list() == ["x", None]


def test_fields_inside_columns_are_hidden() -> None:
    """A field is hidden in objects, in lists of them, in JSON texts and in bytes; what surrounds it keeps its form."""
    personal.hide(["email", "customer.phone"])
    frame = pl.DataFrame(
        {
            "customer": [{"phone": 5, "name": "x"}, None],
            "deep": [[{"to": {"email": "q"}, "n": 1}], None],
            "fixed": pl.Series(
                [[{"email": "q"}], [{"email": None}]], dtype=pl.Array(pl.Struct({"email": pl.String}), 1)
            ),
            "text": ['{"customer": {"phone": 1}, "phone": 2}', "plain"],
            "texts": [['{"email": "q"}', "x"], []],
            "raw": [b'{"email": "q"}', b"1"],
            "attributes": [[{"name": "email", "value": "q"}, {"name": "n", "value": "1"}], []],
            "numbers": [[{"name": "email", "value": 7}], []],
            "phone": ["2", "3"],
        }
    )
    first, second = masked(frame).to_dicts()
    assert first == {
        "customer": {"phone": MASK, "name": "x"},
        "deep": [{"to": {"email": MASK}, "n": 1}],
        "fixed": [{"email": MASK}],
        "text": f'{{"customer": {{"phone": "{MASK}"}}, "phone": 2}}',
        "texts": [f'{{"email": "{MASK}"}}', "x"],
        "raw": MASK.encode(),
        "attributes": [{"name": "email", "value": MASK}, {"name": "n", "value": "1"}],
        "numbers": [{"name": "email", "value": MASK}],
        "phone": "2",
    }
    assert (second["customer"], second["deep"], second["fixed"]) == (None, None, [{"email": None}])


def test_a_frame_on_its_side_is_hidden_by_the_names_in_it() -> None:
    """Where a column holds names, the values beside the hidden ones are hidden: after an unpivot, after a transpose."""
    personal.hide("email")
    frame = pl.DataFrame({"email": ["q", "r"], "size": ["L", "M"]})
    assert masked(frame.unpivot())["value"].to_list() == [MASK, MASK, "L", "M"]
    turned = frame.transpose(include_header=True)
    assert masked(turned).rows() == [("email", MASK, MASK), ("size", "L", "M")]


def test_a_frame_with_nothing_to_hide_is_the_same_frame() -> None:
    """Where no name is hidden, or none is there, the frame itself comes back."""
    frame = pl.DataFrame({"a": ["x"], "c": [{"d": "e"}]})
    assert masked(frame) is frame
    personal.hide("email")
    assert masked(frame).equals(frame)
    assert masked(pl.DataFrame()).is_empty()


def test_categories_and_objects_are_gone_through() -> None:
    """Texts of a closed set and Python's own objects are looked into like any other."""
    personal.hide("email")
    frame = pl.DataFrame(
        [
            pl.Series("c", ['{"email": "q"}', "x"], dtype=pl.Categorical),
            pl.Series("email", ["q", None], dtype=pl.Categorical),
            pl.Series("o", [{"email": "q"}, 1], dtype=pl.Object),
        ]
    )
    told = masked(frame)
    assert told["c"].to_list() == [f'{{"email": "{MASK}"}}', "x"]
    assert told["email"].to_list() == [MASK, None]
    assert told["o"].to_list() == [{"email": MASK}, 1]


def test_a_name_is_judged_once_however_long_a_column_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long frame on its side each name is judged once, beside it and in its rows, and each text read once."""
    judged: list[str] = []
    read: list[str] = []
    monkeypatch.setattr(columns, "cell", lambda text, path: read.append(text) or records.cell(text, path))
    monkeypatch.setattr(columns, "covers", lambda path: judged.append(path) or personal.covers(path))
    personal.hide("email")
    names = ["email", "size", None] * 100
    assert masked(pl.DataFrame({"name": names, "value": ["v"] * 300}))["value"].to_list() == [MASK, "v", "v"] * 100
    held = pl.DataFrame({"pair": [{"name": name, "value": "v"} for name in names]})
    assert [pair["value"] for pair in masked(held)["pair"]] == [MASK, "v", "v"] * 100
    assert max(Counter(judged).values()) <= 3
    assert sorted(read) == ["email", "email"]
