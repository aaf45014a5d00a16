"""One notebook run for many rows of parameters: judged first, bounded, resumable, told in one frame."""

from fcwork.runner.sweeping.calling import MOST_PARALLEL, USUAL_PARALLEL, carried_out, sweep
from fcwork.runner.sweeping.outcome import Swept, look, swept

__all__ = ["MOST_PARALLEL", "USUAL_PARALLEL", "Swept", "carried_out", "look", "sweep", "swept"]
