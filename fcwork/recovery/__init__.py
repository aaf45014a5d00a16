"""Delivery that can be trusted: after any fault, kill or second start, each row is delivered, rejected or unknown.

``send`` drives a ``Route`` (or a function) with a frame, keeps a ledger of every request, singles out what is refused,
tries again what may go through and says of each row what became of it. ``resume`` goes on after a crash;
``checkpoints``, ``show``, ``drop`` and ``clean`` are for those who look after what is left.
"""

from fcwork.recovery.books import Progress
from fcwork.recovery.keeping import CheckpointView, clean, drop, show
from fcwork.recovery.listing import checkpoints
from fcwork.recovery.result import SendResult
from fcwork.recovery.sending import resume, send
from fcwork.recovery.terms import Allowance

__all__ = [
    "Allowance",
    "CheckpointView",
    "Progress",
    "SendResult",
    "checkpoints",
    "clean",
    "drop",
    "resume",
    "send",
    "show",
]
