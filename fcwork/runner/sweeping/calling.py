"""``sweep``: one notebook, many rows of parameters, a run for each; judged first, bounded, and told in one frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fcwork import settings
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import NotebookError
from fcwork.redact import MASK
from fcwork.runner.execution import check_retries, target_of
from fcwork.runner.folder import new_id
from fcwork.runner.journal import Listener
from fcwork.runner.limits import Limits
from fcwork.runner.notebook import Notebook, find
from fcwork.runner.sweeping.cluster import Cluster, check_engine, client_for
from fcwork.runner.sweeping.given import Given, given
from fcwork.runner.sweeping.local import Engine, Local
from fcwork.runner.sweeping.outcome import Swept
from fcwork.runner.sweeping.plan import Plan, differences, planned
from fcwork.runner.sweeping.record import Record, exists
from fcwork.runner.sweeping.running import Sweeping
from fcwork.runner.sweeping.standing import Standing, standings

if TYPE_CHECKING:
    import polars as pl

USUAL_PARALLEL, MOST_PARALLEL = 4, 64
LIMITS = ("timeout_seconds", "cell_timeout_seconds", "memory_mb")
_SHOWN = 20  # differences
_PLATFORM = ("PROFILE", "RETAILER")


def sweep(
    name: str | Path | Notebook | None = None,
    rows: Any = None,
    *,
    parameters: Mapping[str, Any] | None = None,
    texts: Iterable[tuple[str, str]] = (),
    engine: Any = "local",
    max_parallel: int = USUAL_PARALLEL,
    sweep_id: str | None = None,
    resume: str | None = None,
    timeout_seconds: float | None = None,
    cell_timeout_seconds: float | None = None,
    memory_mb: float | None = None,
    retries: int = 0,
    safe_to_repeat: bool = False,
    strict: bool = False,
    on_event: Listener | None = None,
    clock: Clock = SYSTEM,
) -> pl.DataFrame:
    """Run a notebook once for each row of parameters, and return one row a run.

    All rows are judged before the first is run. Each run has an id and a folder of its own, the sweep's id with the
    row's number, and a kernel of its own. The sweep's folder, under ``sweeps`` beside ``runs``, has the plan, and in
    the end the same frame as ``runs.parquet``, as ``runs.csv`` and as a page, ``sweep.html``.

    Args:
        name: of the notebook, its path, or a notebook that was read.
        rows: a list of dicts, a frame, or the path of a file (.csv, .json, .jsonl, .yml). A column ``run`` names rows;
            two rows of the same parameters are refused unless both have names. An empty cell of a csv and a null of a
            frame give nothing.
        parameters: values of all rows that do not say otherwise.
        texts: the same as typed in a shell, of parameters that no row gives.
        engine: ``local`` for processes of this machine, ``dask`` or a client of dask.distributed for its workers,
            which need the run-time folder and the working folder under the same paths.
        max_parallel: how many are run at once. They share the account: each has its part of the rate and of the
            retries that one alone may have.
        sweep_id: names a new sweep, or goes on with the one that has it already.
        resume: goes on with the sweep of this id, or as much of its beginning as no other has, or ``latest``; name
            and rows are not needed, and are held against it where they are given.
        timeout_seconds, cell_timeout_seconds, memory_mb, retries, safe_to_repeat, strict: of each run, as of ``run``.
        on_event: told of each row that begins and ends.
        clock: the time.

    Returns:
        A frame of ``sweep, row, run, state, run_id, attempt``, the parameters that differ from row to row, ``read,
        mapped, rejected, delivered, unknown, ready, written, duration_seconds, reason, started_at, ended_at, target,
        folder``. A row that was not begun is ``NOT_RUN``. A sweep that goes on runs no row again that SUCCEEDED or was
        SKIPPED; the others get new runs.

    Raises:
        NotebookError: something is wrong with the call or with any row, all of it told; the sweep is under way in
            another process, or began with other parameters or another notebook. Nothing was run.
        ConfigError: ``engine`` is none, or Dask and not installed; or the sweep's folder cannot be written.
    """
    told = carried_out(
        name,
        rows,
        parameters=parameters,
        texts=texts,
        engine=engine,
        max_parallel=max_parallel,
        sweep_id=sweep_id,
        resume=resume,
        on_event=on_event,
        clock=clock,
        timeout_seconds=timeout_seconds,
        cell_timeout_seconds=cell_timeout_seconds,
        memory_mb=memory_mb,
        retries=retries,
        safe_to_repeat=safe_to_repeat,
        strict=strict,
    )
    return told.frame


def carried_out(
    name: str | Path | Notebook | None = None,
    rows: Any = None,
    *,
    parameters: Mapping[str, Any] | None = None,
    texts: Iterable[tuple[str, str]] = (),
    engine: Any = "local",
    max_parallel: int = USUAL_PARALLEL,
    sweep_id: str | None = None,
    resume: str | None = None,
    on_event: Listener | None = None,
    clock: Clock = SYSTEM,
    **options: Any,
) -> Swept:
    """Return what came of a sweep; arguments and errors are those of ``sweep``."""
    _check(engine, max_parallel, options)
    call = _Call(name, rows, dict(parameters or {}), list(texts), clock)
    notebook, record = call.again(resume, options) if resume is not None else call.begun(sweep_id, options)
    with record.alone(clock, parallel=max_parallel, engine=engine if isinstance(engine, str) else "dask") as held:
        before = standings(record)
        _refuse_masked(before)
        parallel = max(1, min(max_parallel, sum(not one.is_done for one in before)))
        with _engine(engine, record, parallel) as runs_rows:
            sweeping = Sweeping(record, notebook, options, runs_rows, parallel, clock, held, on_event)
            told = sweeping.all(before)
        told.keep(clock)
    return told


class _Call:
    """What was asked for, before it is known to be right."""

    def __init__(
        self, name: Any, rows: Any, values: dict[str, Any], texts: list[tuple[str, str]], clock: Clock
    ) -> None:
        self._name, self._rows, self._values, self._texts, self._clock = name, rows, values, texts, clock

    def begun(self, sweep_id: str | None, options: Mapping[str, Any]) -> tuple[Notebook, Record]:
        """Return the notebook and the record of a new sweep, or of the one that has the id already."""
        if self._name is None or self._rows is None:
            raise NotebookError("a sweep needs a notebook and rows", hint="or the id of one to go on with: resume=")
        notebook = _notebook(self._name, options)
        known = Record.load(sweep_id) if sweep_id is not None and exists(sweep_id) else None
        plan = self._plan(sweep_id or new_id(notebook.name[:40], self._clock.now()), notebook)
        if known:
            _refuse_other(known.plan, plan)
        return notebook, known or Record.create(plan)

    def again(self, which: str, options: Mapping[str, Any]) -> tuple[Notebook, Record]:
        """Return the notebook and the record of a sweep that there is."""
        known = Record.load(which)
        notebook = _notebook(self._name if self._name is not None else known.plan.path, options)
        if self._rows is not None:
            _refuse_other(known.plan, self._plan(known.plan.sweep_id, notebook))
        elif self._values or self._texts:
            raise NotebookError(
                f"the sweep {known.plan.sweep_id} has its parameters: nothing was run",
                hint="leave -p and -f away, or give the file of rows too, and they are held against it",
            )
        else:
            path, sha256 = str(notebook.path), notebook.sha256
            _refuse_other(known.plan, replace(known.plan, name=notebook.name, path=path, sha256=sha256))
        return notebook, known

    def _plan(self, sweep_id: str, notebook: Notebook) -> Plan:
        rows = given(self._rows)
        self._learn_secrets(rows)
        return planned(sweep_id, notebook, rows, values=self._values, texts=self._texts, at=self._clock.now())

    def _learn_secrets(self, rows: Sequence[Given]) -> None:
        """Have the settings of all platforms read that rows name: a secret must be known before it can be refused."""
        common = {**self._values, **dict(self._texts)}
        named = [{**common, **row.values, **row.texts} for row in rows]
        for pair in dict.fromkeys(tuple(str(row.get(name) or "") for name in _PLATFORM) for row in named):
            target_of(dict(zip(_PLATFORM, pair, strict=True)))


@contextmanager
def _engine(engine: Any, record: Record, parallel: int) -> Iterator[Engine]:
    """Give what runs rows, for as long as they are run."""
    from fcwork.retry import SHARED_BY, sharers

    shared = {SHARED_BY: str(sharers() * parallel), "FCWORK_HOME": str(settings.home())}
    folder = record.plan.folder
    if engine == "local":
        local = Local(folder, shared)
        try:
            yield local
        finally:
            local.close()
        return
    with client_for(engine, parallel) as client:
        cluster = Cluster(client, record.path, folder, shared)
        try:
            yield cluster
        finally:
            cluster.close()


def _check(engine: Any, parallel: Any, options: Mapping[str, Any]) -> None:
    if isinstance(parallel, bool) or not isinstance(parallel, int) or not 1 <= parallel <= MOST_PARALLEL:
        raise NotebookError(f"max_parallel is {parallel!r}", hint=f"give a whole number from 1 to {MOST_PARALLEL}")
    if engine != "local":
        check_engine(engine)
    Limits(*(options.get(name) for name in LIMITS))


def _notebook(name: str | Path | Notebook, options: Mapping[str, Any]) -> Notebook:
    notebook = name if isinstance(name, Notebook) else find(name)
    check_retries(notebook, options.get("retries", 0), safe_to_repeat=bool(options.get("safe_to_repeat")))
    return notebook


def _refuse_other(before: Plan, now: Plan) -> None:
    """Refuse to go on with other parameters or another notebook than the sweep began with."""
    found = list(differences(before, now))
    if found:
        rest = [f"and {len(found) - _SHOWN:,} more"] if len(found) > _SHOWN else []
        listed = "\n".join(f"  {one}" for one in (*found[:_SHOWN], *rest))
        raise NotebookError(
            f"the sweep {before.sweep_id} began otherwise, and nothing was run:\n{listed}",
            notebook=now.path,
            problems=found,
            hint="give what it began with, or leave the id away: that is a new sweep, of all rows",
        )


def _refuse_masked(rows: Sequence[Standing]) -> None:
    masked = [one.row.number for one in rows if not one.is_done and MASK in str(one.row.values)]
    if masked:
        raise NotebookError(
            f"row {masked[0]} held a secret, which was not kept: nothing was run",
            hint="name a PROFILE, or set FLUENT_* in the environment, and begin a new sweep",
        )
