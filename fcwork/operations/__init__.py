"""What those do who look after loads day by day: see what is open and what failed, try it again, clear what is stuck.

``plan`` looks, and says what is found and what would be changed; ``Operation.apply`` changes it. Nothing here does what
a function of the package does not do too: it is brought together, under one name each, for a notebook::

    operation = fw.operations.plan("checkpoints")
    fw.operations.plan("resume", client=client, name="stock-1f2e").apply(dry_run=False)
"""

from fcwork.operations.asked import ACTIONS, ONLINE, Action
from fcwork.operations.operation import Operation
from fcwork.operations.planning import plan

__all__ = ["ACTIONS", "ONLINE", "Action", "Operation", "plan"]
