"""The process that runs rows of a sweep, one after the other: asked on its standard input, it answers on its output.

It stands in a session of its own, so that Ctrl-C in a terminal is its parent's, who tells it. It ends when nobody asks
any more. A row that it was asked for is run to its end also where its parent is killed meanwhile; none is begun then.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from fcwork.errors import ConfigError, FcworkError

_BEFORE_SIGNALS = "run.started"  # the one event that is told before the run answers signals


class _Stop:
    """SIGTERM, remembered while no run answers it, and given to the run that begins.

    Attributes:
        asked: whether it came.
        began: whether the run began that it listens to.
    """

    def __init__(self) -> None:
        self.asked = self.began = False
        signal.signal(signal.SIGTERM, self._note)

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Take notice of a run's event, by which it is known to have begun, and to answer signals."""
        self.began = True
        if self.asked and event["event"] != _BEFORE_SIGNALS:
            self.asked = False
            os.kill(os.getpid(), signal.SIGTERM)

    def _note(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.asked = True


def main() -> int:
    """Answer requests until there are no more; one that went wrong in an unforeseen way is the last."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever is printed here is no answer
    stop = _Stop()
    for line in sys.stdin:
        request = json.loads(line)
        if stop.asked or os.getppid() != request["parent"]:
            break
        answer = _answer(request, stop)
        if not _told(answers, answer) or answer:
            break
    return 0


def _answer(request: Mapping[str, Any], stop: _Stop) -> dict[str, Any]:
    """Run a row; what it came to stands in its folder, and only what kept it from having one is answered."""
    from fcwork import runner

    stop.began = False
    notebook = runner.Notebook(request["name"], Path(request["path"]), request["text"])
    try:
        runner.run(notebook, request["values"], run_id=request["run_id"], on_event=stop, **request["options"])
    except ConfigError as error:  # its folder cannot be written
        return {"error": error.message, "for_all": True, "began": stop.began}
    except FcworkError as error:
        return {"error": error.message}
    except Exception as error:  # noqa: BLE001 - the runner's edge: whatever breaks, the row has an end
        return {"error": f"{type(error).__name__}: {error}", "began": stop.began}
    return {}


def _told(answers: TextIO, answer: dict[str, Any]) -> bool:
    """Answer, and say whether somebody is there to hear it."""
    try:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
