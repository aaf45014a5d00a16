"""The durable record: what it keeps, what it drops, what it refuses."""

import resource
import stat
from pathlib import Path

import pytest

from fcwork import locks
from fcwork.errors import CheckpointError
from fcwork.recovery.entries import Accepted, Closed, Failed, Posting, Resumed, Settled, Verdict
from fcwork.recovery.ledger import Ledger, in_use, peek

ENTRIES = [
    Posting(batch=1, rows=[[0, 5]], attempt=1, bytes=90, crc32=7, at="2026-01-15T12:00:00.000+00:00"),
    Accepted(batch=1, receipt={"id": "b1", "rows": 5, "details": {"job": "9"}}, final=False, failures=0),
    Failed(batch=2, error="ServerError", message="503", doubtful=False),
    Settled(
        batch=1,
        delivered=[[0, 3], [4, 5]],
        verdicts=(Verdict(pile="rejected", code="send.rejected", message="naïve\r\n“no”", rows=[[3, 4]]),),
    ),
    Resumed(at="2026-01-15T12:00:00.000+00:00", repeat_safe=True),
    Closed(at="2026-01-15T12:00:00.000+00:00"),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a ledger of six lines."""
    with Ledger(tmp_path / "ledger.jsonl", checkpoint="mine") as ledger:
        for entry in ENTRIES:
            ledger.append(entry)
    return tmp_path / "ledger.jsonl"


def test_what_was_appended_is_read_back(path: Path) -> None:
    """Every kind of entry comes back equal, and the file is its owner's alone."""
    assert peek(path, checkpoint="mine") == ENTRIES
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_ledger_goes_on_where_it_ended(path: Path) -> None:
    """A ledger opened again gives its entries and takes more."""
    with Ledger(path, checkpoint="mine") as ledger:
        assert ledger.entries == ENTRIES
        ledger.append(ENTRIES[-1])
    assert peek(path, checkpoint="mine") == [*ENTRIES, ENTRIES[-1]]


def test_a_torn_last_line_is_dropped_at_every_length(path: Path) -> None:
    """P17: a ledger cut at any byte holds exactly the lines that are whole, and goes on from there."""
    content = path.read_bytes()
    ends = [at + 1 for at, byte in enumerate(content) if byte == ord("\n")]
    for length in range(len(content)):
        path.write_bytes(content[:length])
        whole = sum(end <= length for end in ends)
        with Ledger(path, checkpoint="mine") as ledger:
            assert ledger.entries == ENTRIES[:whole]
            ledger.append(ENTRIES[0])
        assert peek(path, checkpoint="mine") == [*ENTRIES[:whole], ENTRIES[0]]


@pytest.mark.parametrize("tail", [b"\0" * 300, b"\r\r\r", b'{"sum":"zzzzzzzz","event":"closed"}\n', b"garbage\n"])
def test_rubbish_after_the_last_whole_line_is_dropped(path: Path, tail: bytes) -> None:
    """P17: whatever a crash left behind the last whole line is no entry."""
    path.write_bytes(path.read_bytes() + tail)
    assert peek(path, checkpoint="mine") == ENTRIES


@pytest.mark.parametrize("line", range(5))
def test_a_changed_line_before_the_last_is_refused(path: Path, line: int) -> None:
    """P17: one flipped bit in the middle is found, and the message names checkpoint, line and what to do."""
    lines = path.read_bytes().splitlines(keepends=True)
    lines[line] = lines[line].replace(b'":', b'";', 2).replace(b'";', b'":', 1)
    path.write_bytes(b"".join(lines))
    with pytest.raises(CheckpointError, match=rf"'mine' is damaged: line {line + 1} .*\n→ .*drop") as caught:
        Ledger(path, checkpoint="mine")
    assert caught.value.checkpoint == "mine"


def test_a_lost_or_moved_line_is_refused(path: Path) -> None:
    """P17: lines check only one after the other, so that a missing or moved one is found."""
    lines = path.read_bytes().splitlines(keepends=True)
    for wrong in ([*lines[:1], *lines[2:]], [lines[1], lines[0], *lines[2:]], lines[1:]):
        path.write_bytes(b"".join(wrong))
        with pytest.raises(CheckpointError, match="damaged"):
            peek(path, checkpoint="mine")


def test_a_line_of_a_later_version_is_refused_by_name(tmp_path: Path) -> None:
    """P32: a ledger that a later version wrote says so instead of failing somewhere."""
    from fcwork.recovery import entries

    class Surprise(Closed):
        pass

    entries._NAMES[Surprise] = "surprise"
    with Ledger(tmp_path / "later.jsonl", checkpoint="mine") as ledger:
        ledger.append(Surprise(at=""))
    del entries._NAMES[Surprise]
    with pytest.raises(CheckpointError, match="does not know\n→ resume it with the version"):
        peek(tmp_path / "later.jsonl", checkpoint="mine")


def test_a_ledger_in_use_is_refused(path: Path) -> None:
    """A ledger that is held open is nobody else's until it is closed."""
    with Ledger(path, checkpoint="mine"):
        assert in_use(path)
        with pytest.raises(CheckpointError, match="'mine' is in use"):
            Ledger(path, checkpoint="mine")
    assert not in_use(path)
    Ledger(path, checkpoint="mine").close()


def test_a_ledger_that_was_removed_while_it_was_opened_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A send that settles removes its ledger: who opened it a moment before does not write into a nameless file."""
    really = locks.take

    def settle_first(file: int) -> bool:
        path.unlink()
        return really(file)

    monkeypatch.setattr(locks, "take", settle_first)
    with pytest.raises(CheckpointError, match="in use"):
        Ledger(path, checkpoint="mine")


def test_a_full_disk_leaves_whole_lines_and_says_so(path: Path) -> None:
    """P32: what the disk does not take whole is not left behind, and the error says what to do."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = path.stat().st_size
    with Ledger(path, checkpoint="mine") as ledger:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, hard))
        try:
            with pytest.raises(CheckpointError, match="cannot be written: File too large\n→ make room"):
                ledger.append(ENTRIES[0])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert path.stat().st_size == size
        ledger.append(ENTRIES[0])
    assert peek(path, checkpoint="mine") == [*ENTRIES, ENTRIES[0]]


def test_a_ledger_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    """P32: a path that is no file, or in no folder, is a CheckpointError that names it."""
    (tmp_path / "folder").mkdir()
    for wrong in (tmp_path / "folder", tmp_path / "nowhere" / "ledger.jsonl"):
        with pytest.raises(CheckpointError, match=f"{wrong} cannot be used"):
            Ledger(wrong, checkpoint="mine")
    assert not (tmp_path / "nowhere").exists()
