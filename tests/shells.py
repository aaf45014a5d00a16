"""An IPython shell in this process, as tests of the magic use it."""

from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell


class Said:
    """What a cell came to.

    Attributes:
        value: its result.
        error: what it raised.
        text: what it wrote.
    """

    def __init__(self, value: Any, error: BaseException | None, text: str) -> None:
        self.value = value
        self.error = error
        self.text = text


class Shell:
    """Runs cells as a person would.

    Attributes:
        shell: IPython's.
    """

    def __init__(self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
        self.shell = shell
        self._capsys = capsys

    def __call__(self, cell: str) -> Said:
        """Run a cell."""
        result = self.shell.run_cell(cell)
        return Said(result.result, result.error_in_exec or result.error_before_exec, "".join(self._capsys.readouterr()))

    def __getitem__(self, name: str) -> Any:
        """Return what a name of the notebook stands for."""
        return self.shell.user_ns[name]
