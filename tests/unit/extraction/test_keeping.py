from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from fcwork.errors import CheckpointError
from fcwork.extraction import keeping, marks, spool
from fcwork.extraction.keys import UTC_MS
from fcwork.extraction.marks import Watermark
from fcwork.extraction.spool import Head, Part, Spool

AT = datetime(2026, 1, 10, tzinfo=UTC)
HEAD = Head(asked="a", since="", until="", begun_at=AT, run_id="r")
Make = Callable[..., Part]


def nodes(*rows: tuple[str | None, int]) -> pl.DataFrame:
    """Return nodes by id and the minute of their last change."""
    changed = [AT + timedelta(minutes=minute) for _, minute in rows]
    return pl.DataFrame(
        {"id": [ident for ident, _ in rows], "updatedOn": changed, "n": range(len(rows))},
        schema={"id": pl.String, "updatedOn": UTC_MS, "n": pl.Int64},
    )


@pytest.fixture
def part(tmp_path: Path) -> Make:
    """Return what makes a part of pages."""
    spool.begin(tmp_path / "s", HEAD, claim="c")

    def made(*pages: pl.DataFrame, ended: bool = True) -> Part:
        [part] = Spool(tmp_path / "s", HEAD, 1).parts
        for number, page in enumerate(pages, 1):
            last = ended and number == len(pages)
            part.append(page, f"c{number}", last=last, reasons=(), troubles=[])
        return part

    return made


def rows_of(part: Part, kept: keeping.Kept) -> list[tuple[str, int]]:
    """Return id and minute of the rows that are kept."""
    schema = keeping.common([part])
    frames = list(keeping.batches([part], kept.mask, schema=schema, rows=1_000))
    rows = pl.concat(frames) if frames else schema.to_frame()
    minutes = ((rows["updatedOn"] - AT).dt.total_minutes()).to_list()
    return list(zip(rows["id"].to_list(), minutes, strict=True))


def test_rows_that_differ_are_all_kept(part: Make) -> None:
    """Without a repeated id every row is kept, in the platform's order."""
    own = part(nodes(("a", 1), ("b", 2)), nodes(("c", 3)))
    kept = keeping.kept([own], has_id=True, mark=None)

    assert rows_of(own, kept) == [("a", 1), ("b", 2), ("c", 3)]
    assert (kept.repeated, kept.known, kept.newest) == (0, 0, AT + timedelta(minutes=3))


def test_of_a_node_that_came_twice_the_newest_version_is_kept(part: Make) -> None:
    """A node that moved to a later page as it was changed stands there once, as it was last."""
    own = part(nodes(("a", 1), ("b", 2)), nodes(("a", 5), ("b", 2)))
    kept = keeping.kept([own], has_id=True, mark=None)

    assert sorted(rows_of(own, kept)) == [("a", 5), ("b", 2)]
    assert kept.repeated == 2


def test_an_older_version_that_comes_later_does_not_win(part: Make) -> None:
    """Which version is the newest is told by its time of change, not by its page."""
    own = part(nodes(("a", 5)), nodes(("a", 1)))
    assert rows_of(own, keeping.kept([own], has_id=True, mark=None)) == [("a", 5)]


def test_nodes_without_an_id_are_all_kept(part: Make) -> None:
    """Rows of which no id is told are never taken for one another."""
    own = part(nodes((None, 1), (None, 1)))
    assert len(rows_of(own, keeping.kept([own], has_id=True, mark=None))) == 2
    assert len(rows_of(own, keeping.kept([own], has_id=False, mark=None))) == 2


def test_what_an_earlier_run_has_written_is_left_out(part: Make) -> None:
    """P28: rows of the overlap that are written, by id and time of change, do not come again; changed ones do."""
    own = part(nodes(("a", 1), ("b", 2), ("c", 3), ("d", 1)))
    seen = nodes(("a", 1), ("b", 1), ("c", 3)).select("id", pl.col("updatedOn").alias("changed_at"))
    mark = marks.near(AT, seen)
    kept = keeping.kept([own], has_id=True, mark=mark)

    assert rows_of(own, kept) == [("b", 2), ("d", 1)]
    assert (kept.known, kept.repeated) == (2, 0)


def test_a_watermark_that_knows_no_rows_leaves_out_none(part: Make) -> None:
    """A watermark set by hand leaves nothing out."""
    own = part(nodes(("a", 1)))
    assert len(rows_of(own, keeping.kept([own], has_id=True, mark=Watermark(AT + timedelta(hours=1))))) == 1


def test_rows_near_an_instant_are_found_without_those_rejected(part: Make) -> None:
    """What the watermark comes to know are the rows changed since, without those that were not written."""
    own = part(nodes(("a", 1), ("b", 2)), nodes(("c", 3), ("d", 4)))
    rejected = [nodes(("c", 3)).select("id", pl.col("updatedOn").alias("changed_at"))]
    near = keeping.near([own], AT + timedelta(minutes=2), rejected)

    assert near["id"].to_list() == ["b", "d"]


def test_pages_of_other_types_come_together(part: Make) -> None:
    """A column that is whole numbers on one page and fractions on another is one of fractions."""
    one, other = nodes(("a", 1)), nodes(("b", 2)).with_columns(pl.lit(1.5).alias("n"))
    own = part(one, other)
    [rows] = keeping.batches(
        [own], keeping.kept([own], has_id=True, mark=None).mask, schema=keeping.common([own]), rows=9
    )

    assert rows["n"].to_list() == [0.0, 1.5]
    assert keeping.common([own])["n"] == pl.Float64


def test_a_spool_is_taken_up_where_it_stopped(part: Make, tmp_path: Path) -> None:
    """A later process finds the pages, the cursor to go on from, and that the end is not there."""
    part(nodes(("a", 1)), nodes(("b", 2)), ended=False).close()
    [again] = Spool(tmp_path / "s", HEAD, 1).parts

    assert (again.pages, again.rows, again.cursor, again.ended) == (2, 2, "c2", False)
    assert rows_of(again, keeping.kept([again], has_id=True, mark=None)) == [("a", 1), ("b", 2)]


@pytest.mark.parametrize("cut", range(1, 400, 37))
def test_a_torn_last_page_is_passed_over(part: Make, tmp_path: Path, cut: int) -> None:
    """A process killed as it writes a page leaves the pages before it, and the next goes on after them."""
    own = part(nodes(("a", 1)), ended=False)
    whole = next((tmp_path / "s").rglob("*.arrow")).stat().st_size
    own.append(nodes(("b", 2)), "c2", last=True, reasons=(), troubles=[])
    own.close()
    file = next((tmp_path / "s").rglob("*.arrow"))
    file.write_bytes(file.read_bytes()[: whole + cut])
    [again] = Spool(tmp_path / "s", HEAD, 1).parts

    assert (again.pages, again.cursor, again.ended) == (1, "c1", False)
    again.append(nodes(("b", 2)), "c2", last=True, reasons=(), troubles=[])
    assert rows_of(again, keeping.kept([again], has_id=True, mark=None)) == [("a", 1), ("b", 2)]


def test_a_spool_of_another_question_or_an_old_one_is_not_gone_on_with(tmp_path: Path) -> None:
    """Only pages of the same question, not older than a day, are used."""
    spool.begin(tmp_path / "s", HEAD, claim="c")

    assert spool.left_over(tmp_path / "s", "a", AT + timedelta(hours=1)) == HEAD
    assert spool.left_over(tmp_path / "s", "b", AT) is None
    assert spool.left_over(tmp_path / "s", "a", AT + timedelta(hours=25)) is None
    (tmp_path / "s" / spool.HEAD).write_text("{")
    assert spool.left_over(tmp_path / "s", "a", AT) is None


def test_the_pages_of_customers_are_nobody_elses_to_read(part: Make, tmp_path: Path) -> None:
    """The folders of a spool are their owner's alone."""
    part(nodes(("a", 1))).close()
    modes = {path.stat().st_mode & 0o077 for path in (tmp_path / "s").rglob("*") if path.is_dir()}
    assert modes == {0}


def test_a_spool_that_is_deleted_by_half_is_not_gone_on_with(
    part: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P21: a worker that dies while it deletes its pages leaves none that another takes for all."""
    part(nodes(("a", 1))).close()
    monkeypatch.setattr("shutil.rmtree", lambda *_, **__: None)
    assert spool.left_over(tmp_path / "s", HEAD.asked, AT) == HEAD
    Spool(tmp_path / "s", HEAD, 1).remove()

    assert list((tmp_path / "s").rglob("*.arrow"))
    assert spool.left_over(tmp_path / "s", HEAD.asked, AT) is None


def test_a_page_that_is_missing_in_the_middle_is_told(part: Make, tmp_path: Path) -> None:
    """P21: pages of which one before the last cannot be read any more are not taken for all."""
    first = part(nodes(("a", 1)), ended=False)
    first.close()
    [again] = Spool(tmp_path / "s", HEAD, 1).parts
    again.append(nodes(("b", 2)), "c2", last=True, reasons=(), troubles=[])
    again.close()
    torn = min((tmp_path / "s").rglob("*.arrow"))
    torn.write_bytes(torn.read_bytes()[:-40])

    with pytest.raises(CheckpointError, match="page 1 that was kept"):
        Spool(tmp_path / "s", HEAD, 1)
