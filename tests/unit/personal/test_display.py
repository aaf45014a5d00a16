from collections import Counter

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fcwork import personal
from fcwork.personal import display, pandas_frames
from fcwork.redact import MASK, Secret

LONG = "abcdefghij-a-secret-that-a-display-cuts-short-0123456789"


@pytest.mark.parametrize("height", [3, 100_000])
def test_the_ends_of_a_long_frame_are_shown_without_what_is_hidden(height: int) -> None:
    """A frame is shown at its full height, however long, and both its ends show nothing that is hidden."""
    personal.hide("email")
    frame = pl.DataFrame(
        {"email": [f"q{at}" for at in range(height)], "n": range(height), "s": [{"email": "q"}] * height}
    )
    told, secret = display.frame(frame)
    assert (told.shape, secret) == (frame.shape, False)
    assert "q" not in str(told).replace("shape", "")
    assert f"{height - 1}" in str(told)
    assert told["n"].equals(frame["n"])


def test_a_secret_is_hidden_before_a_display_cuts_it() -> None:
    """P8: of a known secret in a cell, in an object or in bytes, a display shows not even the beginning."""
    Secret(LONG)
    frame = pl.DataFrame({"a": [LONG, None], "s": [{"k": LONG}, None], "b": [LONG.encode(), None], "n": [1, 2]})
    told, secret = display.frame(frame)
    assert secret
    assert LONG[:6] not in str(told)
    assert LONG[:6] not in told._repr_html_()
    assert told["n"].equals(frame["n"])
    series, secret = display.series(frame["a"])
    assert (series.to_list(), secret) == ([MASK, None], True)
    shown, secret = pandas_frames.frame(frame.to_pandas())
    assert secret
    assert LONG[:6] not in str(shown)


def test_a_series_is_known_by_its_name() -> None:
    """A column that was taken out of its frame is hidden as long as it keeps its name."""
    personal.hide("email")
    assert display.series(pl.Series("email", ["q"]))[0].to_list() == [MASK]
    plain = pl.Series("ref", ["q"])
    assert display.series(plain)[0] is plain


def test_a_table_of_pyarrow_is_shown_likewise() -> None:
    """A pyarrow table shows none of its hidden values, nested ones neither, and its other columns as they are."""
    personal.hide("email")
    table = pa.table({"email": ["q@x"], "c": [{"email": "q@x", "n": 1}], "n": pa.array([1], pa.int8())})
    told, _ = display.table(table)
    assert "q@x" not in str(told)
    assert told.schema.field("n").type == pa.int8()
    assert display.table(table.select(["n"]))[0].equals(table.select(["n"]))


def test_frames_of_pandas_are_shown_likewise() -> None:
    """A pandas frame hides columns, an index, objects in cells, and the entries of a row that was taken out of it."""
    personal.hide(["email", "customer.phone"])
    frame = pd.DataFrame(
        {"email": ["q@x", None], "n": [1, 2], "o": [{"email": "q@x"}, ["q"]], "j": ['{"email": "q@x"}', "t"]}
    )
    before = frame.copy(deep=True)
    told, secret = pandas_frames.frame(frame)
    assert "q@x" not in str(told)
    assert not secret
    assert told["n"].tolist() == [1, 2]
    assert pd.isna(told["email"][1])
    assert frame.equals(before)
    for shown in (frame.set_index("email"), frame.set_index(["n", "email"]), frame.T, frame.describe(include="all")):
        assert "q@x" not in str(pandas_frames.frame(shown)[0])
    for series in (frame["email"], frame.iloc[0], frame.set_index("email")["n"]):
        assert "q@x" not in str(pandas_frames.series(series)[0])


def test_a_frame_of_two_headings_is_hidden_by_both() -> None:
    """Headings one above the other are the steps of a name."""
    personal.hide("customer.phone")
    frame = pd.DataFrame([["q", "r"]], columns=pd.MultiIndex.from_tuples([("customer", "phone"), ("shop", "phone")]))
    told, _ = pandas_frames.frame(frame)
    assert told.iloc[0].tolist() == [MASK, "r"]


def test_a_long_frame_of_pandas_is_hidden_at_both_ends() -> None:
    """Of a long pandas frame cells with objects are looked into where a display shows them."""
    personal.hide("email")
    frame = pd.DataFrame({"o": ['{"email": "q@x"}'] * 5_000})
    told, _ = pandas_frames.frame(frame)
    assert "q@x" not in str(told)
    assert len(told) == 5_000


def test_objects_of_python_are_shown_likewise() -> None:
    """A column of Python's own objects, long or short, shows nothing hidden in them; bytes in a pandas cell neither."""
    personal.hide("email")
    for height in (3, 1_000):
        frame = pl.DataFrame({"n": range(height)}).with_columns(
            pl.Series("o", [{"email": "q@x"}] * height, dtype=pl.Object),
            pl.Series("p", [...] * height, dtype=pl.Object),
        )
        told, _ = display.frame(frame)
        assert "q@x" not in str(told)
        assert "Ellipsis" in str(told)
    shown, _ = pandas_frames.frame(pd.DataFrame({"b": [b'{"email": "q@x"}', None]}))
    assert "q@x" not in str(shown)


def test_a_melted_frame_of_pandas_is_hidden_by_its_names() -> None:
    """A value that the column beside it names as hidden is hidden, in pandas as in polars, and no other."""
    personal.hide("email")
    melted = pd.DataFrame({"ref": [1], "email": ["q@x"], "note": ["w"]}).melt(id_vars=["ref"])
    assert pandas_frames.frame(melted)[0]["value"].to_list() == [MASK, "w"]


def test_an_index_and_a_heading_of_pandas_are_known_by_their_names() -> None:
    """An index that is called as what is hidden shows no value, whether it is shown alone, beside or above a frame."""
    personal.hide("email")
    frame = pd.DataFrame({"email": ["q@x"], "n": [1]}).set_index("email")
    assert "q@x" not in repr(pandas_frames.index(frame.index)[0])
    assert "q@x" not in repr(pandas_frames.frame(frame.T)[0])
    assert frame.index.to_list() == ["q@x"]
    assert pandas_frames.index(frame.columns)[0] is frame.columns


def test_a_styled_frame_of_pandas_shows_no_hidden_column() -> None:
    """A style is made for values, so a hidden column is left out where it is shown; the styled frame stays whole."""
    personal.hide(["email", "key"])
    frame = pd.DataFrame({"email": ["q@x"], "n": [1], "m": [2]}, index=pd.Index(["q@y"], name="key"))
    styled = frame.style.hide(["m"], axis="columns").format({"email": str.upper})
    shown = pandas_frames.styler(styled)[0].to_html()
    assert not {word for word in ("q@x", "Q@X", "q@y", ">2<") if word in shown}
    assert ">1<" in shown
    assert "Q@X" in styled.to_html()


def test_a_long_melted_frame_of_pandas_is_hidden_without_a_look_at_each_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each name of a melted frame is judged once; all its hidden values are hidden, and what is null stays null."""
    judged: list[str] = []
    monkeypatch.setattr(pandas_frames, "covers", lambda path: judged.append(path) or personal.covers(path))
    personal.hide("email")
    melted = pd.DataFrame({"variable": ["email", "note", None] * 300, "value": ["q@x", "w", None] * 300})
    melted.loc[0, "value"] = None
    shown = pandas_frames.frame(melted)[0]["value"].fillna("-").tolist()
    assert shown[:6] == ["-", "w", "-", MASK, "w", "-"]
    assert shown.count(MASK) == 299
    assert Counter(judged)["email"] == 1
    told = pandas_frames.frame(melted.astype({"variable": "category"}))[0]["value"].fillna("-").tolist()
    assert told == shown
