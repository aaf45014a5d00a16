from collections import defaultdict
from io import StringIO
from threading import RLock
from typing import Any

from fcwork.runner.lines import _whole_lines


class Stream:
    """The buffers of a kernel's stream."""

    def __init__(self) -> None:
        self._buffer_lock, self._buffers = RLock(), defaultdict(StringIO)

    def sent(self, text: str, kept: dict[Any, str]) -> str:
        """Print a text, and return what is sent then."""
        self._buffers["cell"].write(text)
        return "".join(buffer.getvalue() for buffer in _whole_lines(self, kept).values())


def test_a_line_that_is_begun_is_sent_when_it_is_whole() -> None:
    """P9: a value stays with the name before it, and nothing is lost or changes its place."""
    stream, kept = Stream(), {}
    assert stream.sent("one\n{'email': ", kept) == "one\n"
    assert stream.sent("'q'}", kept) == ""
    assert stream.sent("\ntwo", kept) == "{'email': 'q'}\n"


def test_a_line_that_stays_as_it_is_is_sent_all_the_same() -> None:
    """What waits for more, such as a question or the dots of progress, is seen a moment later."""
    stream, kept = Stream(), {}
    assert stream.sent("...", kept) == ""
    assert stream.sent("", kept) == "..."
    assert (stream.sent("", kept), kept) == ("", {})
