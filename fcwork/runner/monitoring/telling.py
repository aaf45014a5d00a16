"""Tells those who watch of a run that has ended; what goes wrong with that is logged, and the run ended as it did."""

from __future__ import annotations

from fcwork import log, settings
from fcwork.errors import FcworkError
from fcwork.runner.monitoring.prometheus import write_metrics
from fcwork.runner.monitoring.tracing import is_wanted, send_trace
from fcwork.runner.past import PastRun
from fcwork.runner.result import RunResult

_HINT = "FCWORK_METRICS names a file, in a folder that is there and can be written"
_logger = log.get("runner")


def tell(result: RunResult) -> None:
    """Write the file for Prometheus anew, and send the run to a collector, where the environment names them."""
    if path := settings.metrics_file():
        try:
            write_metrics(path)
        except (FcworkError, OSError) as error:
            trouble = error.message if isinstance(error, FcworkError) else str(error)
            _logger.warning("metrics.not_written", file=str(path), trouble=trouble, hint=_HINT)
    if is_wanted() and (trouble := send_trace(PastRun.of(result.folder))):
        _logger.warning("trace.not_sent", run=result.run_id, trouble=trouble)
