"""What a load looked like."""

from decimal import Decimal

import polars as pl
import pytest

from fcwork.errors import ConfigError
from fcwork.ingestion.feed_profile import MOST_LOCATIONS, Profile, profile_of


def test_rows_zeros_empty_and_locations() -> None:
    """Shares of zero are of columns of numbers, shares of empty of all; our own columns count nowhere."""
    rows = pl.DataFrame(
        {
            "_row": [1, 2, 3, 4],
            "_source": [""] * 4,
            "locationRef": ["B", "A", None, "A"],
            "qty": [0, 1, None, 0],
            "price": [Decimal("0.00"), Decimal("1.50"), None, Decimal(2)],
            "name": ["", "x", None, "0"],
            "tags": [[], ["a"], None, ["b"]],
        }
    )
    profile = profile_of(rows)
    assert profile.rows == 4
    assert profile.zeros == {"qty": 0.5, "price": 0.25}
    assert profile.empty == {"locationRef": 0.25, "qty": 0.25, "price": 0.25, "name": 0.5, "tags": 0.5}
    assert profile.locations == ("A", "B")
    assert Profile.from_json(profile.to_json()) == profile


def test_inside_of_structs_and_texts() -> None:
    """Fields of nested values count by their dotted names, and quantities also where they are texts."""
    inner = [{"location_ref": "L1", "quantity": "0"}, {"location_ref": "L2", "quantity": "x"}]
    profile = profile_of(pl.DataFrame({"item": inner, "on_hand": ["0.0", "5"], "zip": ["0", "1"]}))
    assert profile.zeros == {"item.quantity": 0.5, "on_hand": 0.5}
    assert profile.locations == ("L1", "L2")


def test_masked_locations_are_not_kept() -> None:
    """P8: where the mapping masks the location, or what it is within, no value of it is kept."""
    rows = pl.DataFrame({"store": ["s1"], "a": [{"locationRef": "s2"}]})
    assert profile_of(rows, masked=("store",)).locations is None
    assert profile_of(rows, location="a.locationRef", masked=("a",)).locations is None
    assert profile_of(rows, location="a.locationRef").locations == ("s2",)


def test_locations_that_are_hidden_everywhere_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """P8: what FCWORK_MASK hides is not kept either, at any depth, with no mapping that says so."""
    monkeypatch.setenv("FCWORK_MASK", "STORE, buyer.locationRef")
    assert profile_of(pl.DataFrame({"store": ["s1"]})).locations is None
    assert profile_of(pl.DataFrame({"a": [{"b": {"store": "s1"}}]})).locations is None
    assert profile_of(pl.DataFrame({"buyer": [{"locationRef": "s1"}]})).locations is None
    assert profile_of(pl.DataFrame({"locationRef": ["s1"]})).locations == ("s1",)


def test_a_location_that_is_no_text() -> None:
    """P32: a column that holds lists or bytes is no location, and refused where it is named as one."""
    lists = pl.DataFrame({"location": [["a", "b"]], "storeRef": [b"\xff"], "store": ["s1"]})
    assert profile_of(lists).locations == ("s1",)
    for name in ("location", "storeRef"):
        with pytest.raises(ConfigError, match="and that holds"):
            profile_of(lists, location=name)


def test_a_location_far_to_the_right() -> None:
    """The location is found also where a frame has more columns than a profile."""
    wide = pl.DataFrame({**{f"c{n}": [0] for n in range(300)}, "locationRef": ["s1"]})
    assert profile_of(wide).locations == profile_of(wide, location="locationRef").locations == ("s1",)


def test_a_location_that_is_not_there() -> None:
    """P32: a column that is not sent is refused with the nearest that is."""
    with pytest.raises(ConfigError, match="did you mean 'storeRef'"):
        profile_of(pl.DataFrame({"storeRef": ["x"]}), location="stroeRef")


def test_nothing_and_too_much() -> None:
    """No rows have no shares and no locations; of very many locations it is not known which; columns are bounded."""
    empty = profile_of(pl.DataFrame({"locationRef": [], "qty": []}, schema={"locationRef": pl.String, "qty": pl.Int64}))
    assert empty == Profile(0, locations=())
    assert profile_of(pl.DataFrame()).locations is None
    many = profile_of(pl.DataFrame({"locationRef": [str(n) for n in range(MOST_LOCATIONS + 1)]}))
    assert (many.rows, many.locations) == (MOST_LOCATIONS + 1, None)
    wide = profile_of(pl.DataFrame({f"c{n}": [0] for n in range(1_000)}))
    assert len(wide.zeros) == 200


def test_a_million_rows() -> None:
    """Columns are looked at as they are: a million rows are no more work for Python than one."""
    rows = pl.select(n=pl.int_range(1_000_000)).select(
        qty=pl.col("n") % 4, locationRef=pl.format("L{}", pl.col("n") % 100)
    )
    profile = profile_of(rows)
    assert (profile.rows, profile.zeros["qty"], len(profile.locations or ())) == (1_000_000, 0.25, 100)
