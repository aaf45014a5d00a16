"""``share``: the page of a run, and the index of all that lie beside it, in a folder that others can read."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fcwork import cards, log, sources
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import NotebookError
from fcwork.personal import together
from fcwork.redact import holds_secret
from fcwork.runner.result import RunResult
from fcwork.runner.sharing import ended, leaks
from fcwork.runner.sharing import index as indexes
from fcwork.runner.sharing import page as pages

_logger = log.get("runner")


@dataclass(frozen=True, repr=False)
class Shared:
    """What was shared.

    Attributes:
        run_id: the run.
        page: where its page is.
        index: where the list of all pages beside it is.
        bytes: how large the page is.
    """

    run_id: str
    page: str
    index: str
    bytes: int

    def __str__(self) -> str:
        return cards.line(f"{self.run_id} → {self.page} ({self.bytes:,} bytes; all runs: {self.index})")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        told = {"Page": self.page, "All runs": self.index}
        return cards.Card(line=f"{self.run_id}, {self.bytes:,} bytes", state="shared", tone="good", facts=told).html()


def share(
    run: RunResult | str | Path,
    to: str | os.PathLike[str],
    *,
    title: str | None = None,
    code: bool = True,
    mask: Iterable[str] = (),
    clock: Clock = SYSTEM,
) -> Shared:
    """Write the page of a run into a folder, and the index of the runs that were shared there anew.

    A page is one file that opens in any browser, asks no network for anything and is under 2 MB.

    Args:
        run: a result, or what ``past`` takes: a run's id or a part of it, ``latest``, or the path of its folder.
        to: a folder: a path, ``s3://…``, or below a named place such as ``lake://reports``.
        title: what heads the page; the notebook's first heading unless given.
        code: whether the notebook's code is in it, folded away.
        mask: columns whose values are hidden in the tables of the page, beside those that the run's mapping masks.
        clock: the time that the page is dated by.

    Raises:
        NotebookError: there is no such run, or it has not ended.
        SecretFoundError: a known secret stands in it; nothing is written.
        SourceError: the folder cannot be written.
    """
    leaks.learn()
    one = ended.read(run, title)
    leaks.refuse(one)
    run_id = one.facts.run_id
    if f"{run_id}.html".lower() == indexes.NAME:
        raise NotebookError(f"a run named {run_id} cannot be shared", hint="its page would be the index; name it other")
    written = pages.render(one, clock.now(), code=code, masked=one.masked.union(map(str.lower, together(mask))))
    content = written.encode("utf-8", "backslashreplace")
    if holds_secret(written):
        raise leaks.found(run_id, ["the page"])
    place = indexes.inside(to, f"{run_id}.html")
    with sources.whole(place) as stream:
        stream.write(content)
    shared = Shared(run_id, place, indexes.rebuild(to, clock), len(content))
    _logger.info("run.shared", run=run_id, page=shared.page, bytes=shared.bytes)
    return shared
