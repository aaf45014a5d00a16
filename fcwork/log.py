"""Structured logging: an event name, facts as keywords, and the context of the run; masked at one place.

People get a console line, machines JSON lines (``FCWORK_LOG=json``), and nobody gets anything with
``FCWORK_LOG=quiet``. Nothing is set up, and nothing written, on import: the first event sets it up.
"""

from __future__ import annotations

import logging
import os
import sys
import uuid
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal, cast

from fcwork.redact import MASK, SENSITIVE_HEADERS, mask, mask_values

if TYPE_CHECKING:
    import structlog

Mode = Literal["console", "json", "quiet"]
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

_correlation: ContextVar[str] = ContextVar("fcwork_correlation", default="")
_process_correlation = uuid.uuid4().hex


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return the logger of one part of fcwork; it reads the mode and level when it first writes."""
    import structlog

    logger = structlog.wrap_logger(
        _Stream(),
        processors=[
            _only_when_wanted,
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            _masked,
            _render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
    )
    return cast("structlog.typing.FilteringBoundLogger", logger.bind(part=name))


@contextmanager
def context(**facts: Any) -> Iterator[None]:
    """Add ``facts`` (run, job, stage, batch …) to every event inside the block, in this thread or task."""
    import structlog

    with structlog.contextvars.bound_contextvars(**facts):
        yield


def correlation_id() -> str:
    """Return the id that ties together all calls of one run: the run's own, else one of this process."""
    return _correlation.get() or os.environ.get("FCWORK_RUN_ID") or _process_correlation


@contextmanager
def correlated(value: str) -> Iterator[None]:
    """Use ``value`` as the correlation id inside the block."""
    token = _correlation.set(value)
    try:
        yield
    finally:
        _correlation.reset(token)


def mode() -> Mode:
    """Return how to write: ``FCWORK_LOG`` is console (also when unset), json or quiet."""
    wanted = os.environ.get("FCWORK_LOG", "console").lower()
    return cast("Mode", wanted) if wanted in {"console", "json", "quiet"} else "console"


def level() -> int:
    """Return the lowest level written: ``FCWORK_LOG_LEVEL``, else info for machines and warning for people."""
    usual = "info" if mode() == "json" else "warning"
    return LEVELS.get(os.environ.get("FCWORK_LOG_LEVEL", usual).lower(), logging.WARNING)


class HeaderFilter(logging.Filter):
    """Masks what httpx and httpcore log of requests: known secrets and the values of credential headers."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record's text; never drop it."""
        text = mask(record.getMessage())
        for name in SENSITIVE_HEADERS:
            text = _mask_pair(text, name)
        record.msg, record.args = text, ()
        return True


def guard_http_loggers() -> None:
    """Put the filter on httpx's and httpcore's loggers; doing it twice changes nothing."""
    for name in (
        "httpx",
        "httpcore.connection",
        "httpcore.http11",
        "httpcore.http2",
        "httpcore.proxy",
        "httpcore.socks",
    ):
        logger = logging.getLogger(name)
        if not any(isinstance(known, HeaderFilter) for known in logger.filters):
            logger.addFilter(HeaderFilter())


def _mask_pair(text: str, header: str) -> str:
    """Mask the value of ``(b'header', b'value')``, which is how httpcore prints one."""
    lowered, start = text.lower(), 0
    while (at := lowered.find(f"b'{header}', b'", start)) >= 0:
        begin = at + len(f"b'{header}', b'")
        end = text.find("'", begin)
        if end < 0:
            return text[:begin] + MASK
        text = text[:begin] + MASK + text[end:]
        lowered, start = text.lower(), begin
    return text


class _Stream:
    """Writes lines to whatever ``sys.stderr`` is at that moment, as a notebook or a test replaces it."""

    def msg(self, line: str) -> None:
        with suppress(OSError):  # a full disk or a closed pipe ends no work that is told of
            sys.stderr.write(line + "\n")
            sys.stderr.flush()

    debug = info = warning = error = critical = exception = log = msg


def _only_when_wanted(_: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    import structlog

    if mode() == "quiet" or LEVELS.get(method, logging.ERROR) < level():
        raise structlog.DropEvent
    return event


def _masked(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: mask_values(value) if _plain(value) else mask(str(value)) for name, value in event.items()}


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool | list | tuple | dict)


def _render(logger: Any, method: str, event: MutableMapping[str, Any]) -> Any:
    import structlog

    first = {name: event.pop(name) for name in ("at", "level", "event")}
    if mode() == "json":
        return structlog.processors.JSONRenderer(default=str)(logger, method, {**first, **event})
    shown = {"timestamp": first.pop("at"), **first, **event}
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())(logger, method, shown)
