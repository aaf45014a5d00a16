"""fcwork: a Jupyter workbench for Fluent Commerce.

The names of a notebook's first cell. Each is imported when it is first used, so ``import fcwork`` stays fast::

    import fcwork as fw

    client = fw.connect()
    positions = client.frame("{ inventoryPositions(first: 100) { edges { node { ref onHand } } } }")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fcwork import (
        errors,
        extraction,
        frames,
        operations,
        plots,
        reactions,
        reconciliation,
        recovery,
        reports,
        schema,
        sources,
        vault,
        webhooks,
        widgets,
    )
    from fcwork.client import FluentClient
    from fcwork.errors import FcworkError
    from fcwork.extraction import extract
    from fcwork.ingestion import ingest
    from fcwork.jobs import JobTracker
    from fcwork.mapper import Mapper, resolver
    from fcwork.reactions import react
    from fcwork.reconciliation import reconcile
    from fcwork.session import connect
    from fcwork.validator import Validator

__version__ = "0.1.0"

__all__ = [
    "FcworkError",
    "FluentClient",
    "JobTracker",
    "Mapper",
    "Validator",
    "__version__",
    "connect",
    "errors",
    "extract",
    "extraction",
    "frames",
    "ingest",
    "operations",
    "plots",
    "react",
    "reactions",
    "reconcile",
    "reconciliation",
    "recovery",
    "reports",
    "resolver",
    "schema",
    "sources",
    "vault",
    "webhooks",
    "widgets",
]

_HOMES = {
    "FcworkError": "errors",
    "FluentClient": "client",
    "JobTracker": "jobs",
    "Mapper": "mapper",
    "Validator": "validator",
    "connect": "session",
    "extract": "extraction",
    "ingest": "ingestion",
    "react": "reactions",
    "reconcile": "reconciliation",
    "resolver": "mapper",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"fcwork.{_HOMES[name]}"), name)
    if name in __all__:
        return import_module(f"fcwork.{name}")
    message = f"module 'fcwork' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return __all__


def load_ipython_extension(shell: Any) -> None:
    """Give an IPython shell the magics; ``%load_ext fcwork`` calls this."""
    import_module("fcwork.ipython.loading").load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take them away again; ``%unload_ext fcwork`` calls this."""
    import_module("fcwork.ipython.loading").unload(shell)
