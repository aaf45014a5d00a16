"""Is somebody there who can be asked?"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any


def may_ask() -> bool:
    """Say whether this thread can ask a person: in a terminal, or in a notebook whose front end takes input."""
    if os.environ.get("FCWORK_HEADLESS") or threading.current_thread() is not threading.main_thread():
        return False
    if (asked := kernel()) is not None:
        return takes_input(asked)
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def interactive() -> bool:
    """Say whether a person sits in front: a Python prompt, or a notebook whose front end could ask one for input."""
    if os.environ.get("FCWORK_HEADLESS"):
        return False
    asked = kernel()
    return hasattr(sys, "ps1") if asked is None else takes_input(asked)


def kernel() -> Any:
    """Return the Jupyter kernel that this code runs in, or None."""
    ipython = sys.modules.get("IPython")
    return getattr(ipython.get_ipython(), "kernel", None) if ipython else None


def takes_input(asked: Any) -> bool:
    """Say whether a kernel may ask for input; a headless one may ask nobody."""
    return bool(getattr(asked, "_allow_stdin", False))
