"""Panels: controls for what is done in a notebook, each with a value that code goes on with.

A panel holds plain Python: what was chosen, what was found, and what it does. Its view of ipywidgets is made when it is
shown to somebody. It keeps what was chosen when its cell is run again, does nothing by itself, and leaves a picture as
text and as HTML wherever nobody can press a button::

    connection = fw.widgets.ConnectionPanel(profile=PROFILE)
    connection            # shows it
    connection.value      # the client
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fcwork.widgets.connection import ConnectionPanel
    from fcwork.widgets.editor import MappingEditor
    from fcwork.widgets.explorer import QueryExplorer
    from fcwork.widgets.findings import CheckReport
    from fcwork.widgets.jobs import JobBoard
    from fcwork.widgets.monitor import BatchMonitor
    from fcwork.widgets.operations import OperationsDesk
    from fcwork.widgets.panel import Panel, forget
    from fcwork.widgets.runs import RunBrowser
    from fcwork.widgets.webhooks import WebhookInspector

__all__ = [
    "BatchMonitor",
    "CheckReport",
    "ConnectionPanel",
    "JobBoard",
    "MappingEditor",
    "OperationsDesk",
    "Panel",
    "QueryExplorer",
    "RunBrowser",
    "WebhookInspector",
    "forget",
]

_HOMES = {
    "BatchMonitor": "monitor",
    "CheckReport": "findings",
    "ConnectionPanel": "connection",
    "JobBoard": "jobs",
    "MappingEditor": "editor",
    "OperationsDesk": "operations",
    "Panel": "panel",
    "QueryExplorer": "explorer",
    "RunBrowser": "runs",
    "WebhookInspector": "webhooks",
    "forget": "panel",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"fcwork.widgets.{_HOMES[name]}"), name)
    message = f"module 'fcwork.widgets' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return __all__
