"""Is there somebody who can press a button?"""

from __future__ import annotations

import os

from fcwork import presence
from fcwork.runner.display import in_kernel


def is_live() -> bool:
    """Say whether this is a kernel with a person before it: in a notebook, or in Voila's page made of one.

    A run of a notebook has nobody, and neither has papermill's or nbconvert's.
    """
    if os.environ.get("FCWORK_RUN_ID") or not in_kernel():
        return False
    return presence.interactive() or os.environ.get("SERVER_SOFTWARE", "").startswith("voila/")
