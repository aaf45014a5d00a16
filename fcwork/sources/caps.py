"""How much may come out of a packed file: counted as it comes, whatever its headers say."""

from __future__ import annotations

from dataclasses import dataclass

from fcwork.errors import SourceError

MAX_MEMBERS = 1_000  # files in one zip
MAX_WHOLE_BYTES = 2_000_000_000  # what is unpacked into one frame
MAX_UNPACKED_BYTES = 50_000_000_000  # what is unpacked part by part
MAX_RATIO = 250  # bytes out for one in: texts that repeat a lot come to a hundred, deflate can do a thousand
FREE_BYTES = 8_000_000  # what may come out before the ratio tells anything
MAX_DIRECTORY_BYTES = 1_000_000  # what is taken from a zip at once, its list of members above all


@dataclass
class Meter:
    """Counts the bytes that go into the unpacking of one file, and those that come out of it."""

    uri: str
    limit: int = MAX_UNPACKED_BYTES
    taken: int = 0
    given: int = 0

    def take(self, count: int) -> None:
        """Count packed bytes."""
        self.taken += count

    def give(self, count: int) -> None:
        """Count unpacked bytes.

        Raises:
            SourceError: they are more than a file that is no trap comes to.
        """
        self.given += count
        if self.given > FREE_BYTES and self.given > MAX_RATIO * self.taken:
            raise SourceError(
                f"{self.uri} unpacks to more than {MAX_RATIO} times its size, which is refused",
                hint="if it is no trap, unpack it yourself and read what comes out",
                uri=self.uri,
            )
        if self.given > self.limit:
            raise SourceError(
                f"{self.uri} unpacks to more than {self.limit:,} bytes",
                hint="read it part by part with sources.scan" if self.limit < MAX_UNPACKED_BYTES else "split it",
                uri=self.uri,
            )
