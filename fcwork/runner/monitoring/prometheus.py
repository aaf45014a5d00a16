"""The runs as Prometheus reads them: one text, made of the run folders each time, with no state of its own.

Series are named by notebook, target and schedule, never by run, so that there are as many as somebody has set up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fcwork.runner.folder import write_whole
from fcwork.runner.history import LOST, history
from fcwork.runner.journal import STATES
from fcwork.runner.monitoring.figures import brought
from fcwork.runner.result import FIGURES

if TYPE_CHECKING:
    import polars as pl
    from prometheus_client.core import GaugeMetricFamily

LABELS = ("notebook", "target", "schedule")
ENDED = (*STATES, LOST)
READABLE = 0o644  # whoever collects it is another user
_LOOKS = 3  # at what was written meanwhile
_NAMES = {"notebook": "name", "target": "target", "schedule": "schedule"}  # of the columns of ``history``
Row = Mapping[str, Any]


def exposition() -> str:
    """Return the metrics of the runs that there are, in the text format of Prometheus."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Runs(history()))
    return generate_latest(registry).decode()


def write_metrics(path: Path) -> Path:
    """Write the metrics to a file that is whole at any moment and readable for all, and return its path.

    Of several that write at a time each looks again afterwards, so that the last word has all runs in it.

    Raises:
        ConfigError: it cannot be written.
    """
    text, written = exposition(), ""
    for _ in range(_LOOKS):
        if text == written:
            break
        write_whole(path, text.encode(), mode=READABLE)
        text, written = exposition(), text
    return path


class _Runs:
    """The runs, for prometheus_client to collect."""

    def __init__(self, runs: pl.DataFrame) -> None:
        self._series: dict[tuple[str, ...], list[Row]] = {}
        for row in runs.iter_rows(named=True):  # the latest first
            self._series.setdefault(tuple(row[_NAMES[label]] or "" for label in LABELS), []).append(row)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the metrics."""
        yield self._by("fcwork_runs", "Runs that are kept, by their state.", "state", _by_state)
        yield self._by(
            "fcwork_last_run_state", "1 for the state in which the last run ended, 0 for others.", "state", _last_state
        )
        yield self._of("fcwork_last_run_started_timestamp_seconds", "When the last run began that has ended.", _started)
        yield self._of("fcwork_last_run_duration_seconds", "How long the last run took.", _duration)
        yield self._by("fcwork_last_run_rows", "Rows of the last run, by what became of them.", "outcome", _rows)
        yield self._of("fcwork_last_success_timestamp_seconds", "When the last run ended that was a success.", _success)
        yield self._of(
            "fcwork_last_arrival_timestamp_seconds", "When the last run ended that delivered or wrote rows.", _arrival
        )

    def _of(self, name: str, told: str, value: Callable[[list[Row]], float | None]) -> GaugeMetricFamily:
        """Return a metric with one value a series, where there is one."""
        from prometheus_client.core import GaugeMetricFamily

        metric = GaugeMetricFamily(name, told, labels=LABELS)
        for labels, rows in self._series.items():
            if (found := value(rows)) is not None:
                metric.add_metric(labels, found)
        return metric

    def _by(
        self, name: str, told: str, label: str, values: Callable[[list[Row]], Mapping[str, float]]
    ) -> GaugeMetricFamily:
        """Return a metric with a value for each of something within a series."""
        from prometheus_client.core import GaugeMetricFamily

        metric = GaugeMetricFamily(name, told, labels=(*LABELS, label))
        for labels, rows in self._series.items():
            for own, found in values(rows).items():
                metric.add_metric((*labels, own), found)
        return metric


def _last(rows: list[Row]) -> Row:
    return next((row for row in rows if row["state"] in ENDED), {})


def _by_state(rows: list[Row]) -> dict[str, float]:
    states = [row["state"] for row in rows]
    return {state: states.count(state) for state in dict.fromkeys(states)}


def _last_state(rows: list[Row]) -> dict[str, float]:
    last = _last(rows).get("state")
    return {state: float(state == last) for state in ENDED} if last else {}


def _started(rows: list[Row]) -> float | None:
    return _instant(_last(rows).get("started_at"))


def _duration(rows: list[Row]) -> float | None:
    return _last(rows).get("duration_seconds")


def _rows(rows: list[Row]) -> dict[str, float]:
    last = _last(rows)
    return {name: count for name in FIGURES if (count := last.get(name)) is not None}


def _success(rows: list[Row]) -> float | None:
    return _latest(row["ended_at"] for row in rows if row["state"] in {"SUCCEEDED", "SKIPPED"})


def _arrival(rows: list[Row]) -> float | None:
    return _latest(row["ended_at"] for row in rows if brought(row["state"], row))


def _latest(instants: Iterator[Any]) -> float | None:
    return max((at.timestamp() for at in instants if at is not None), default=None)


def _instant(at: Any) -> float | None:
    return None if at is None else at.timestamp()
