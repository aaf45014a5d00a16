from typing import Any

import pytest

from fcwork import runner
from fcwork.errors import NotebookError
from fcwork.runner import recording
from fcwork.runner.display import RESULT_TYPE


class Result:
    def to_record(self) -> dict[str, Any]:
        """Say what an ingestion would."""
        return {"state": "COMPLETED_WITH_ERRORS", "read": 12345, "summary": "<b>12,345 rows</b>", "issues": {"a.b": 1}}


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Collect what a kernel would be sent."""
    found: list[Any] = []
    monkeypatch.setattr(recording, "show", found.append)
    return found


def test_a_result_is_recorded_for_people_and_for_the_runner(shown: list[Any]) -> None:
    """P25: one display holds the JSON that the runner reads, and the result's own line, escaped, for people."""
    runner.record(Result())

    assert shown[0][RESULT_TYPE] == {**Result().to_record(), "early_exit": False}
    assert shown[0]["text/plain"] == "<b>12,345 rows</b>"
    assert "&lt;b&gt;12,345 rows" in shown[0]["text/html"]
    assert "<b>12,345" not in shown[0]["text/html"]
    assert "COMPLETED WITH ERRORS" in shown[0]["text/html"]


def test_a_dict_is_recorded_too(shown: list[Any]) -> None:
    """A notebook of one's own records a dict, and sees what is in it."""
    runner.record({"rows": 12345})

    assert shown[0][RESULT_TYPE] == {"rows": 12345, "early_exit": False}
    assert "12,345</td>" in shown[0]["text/html"]


def test_an_early_exit_ends_the_notebook(shown: list[Any]) -> None:
    """P13: a declared early exit is recorded first and then leaves."""
    with pytest.raises(SystemExit):
        runner.record({"state": "SKIPPED"}, early_exit=True)

    assert shown[0][RESULT_TYPE]["early_exit"] is True


@pytest.mark.parametrize(
    "content",
    [{"state": "GREAT"}, {"state": "KERNEL_DIED"}, {"state": "TIMEOUT"}, {"x": object()}, {"x": float("nan")}],
)
def test_what_cannot_be_a_result_is_refused(shown: list[Any], content: dict[str, Any]) -> None:
    """P32: a state that a notebook cannot end in, and values that are no JSON, are refused."""
    with pytest.raises(NotebookError, match="record"):
        runner.record(content)
    assert not shown


def test_outside_a_kernel_recording_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    """In a plain program record shows nothing."""
    runner.record({"rows": 3})

    assert capsys.readouterr().out == ""
