import json

import pytest

from fcwork import personal, redact
from fcwork.redact import MASK
from fcwork.runner.display import RESULT_TYPE
from fcwork.runner.kernel import MASKED, pack


def packed(**message: object) -> dict[str, object]:
    """Return a part of a message as it leaves the kernel."""
    told: dict[str, object] = json.loads(pack(message))
    return told


@pytest.fixture(autouse=True)
def hidden() -> None:
    """Hide a name that is one of a message, and one of a result, too."""
    personal.hide(["email", "state", "data", "text"])


def test_what_is_printed_displayed_and_raised_is_without_personal_data() -> None:
    """P9: texts, HTML and JSON that leave a kernel show nothing that is hidden, and are not told of as secrets."""
    assert packed(name="stdout", text='{"email": "q"}') == {"name": "stdout", "text": f'{{"email": "{MASK}"}}'}
    error = packed(ename="E", evalue="email='q'", traceback=["  email='q'"])
    assert error == {"ename": "E", "evalue": f"email='{MASK}'", "traceback": [f"  email='{MASK}'"]}
    data = {
        "text/plain": "email='q'",
        "text/html": "<p>&quot;email&quot;: &quot;q&quot;</p>",
        "application/json": {"email": "q"},
    }
    shown = packed(data=data, metadata={})["data"]
    assert shown == {
        "text/plain": f"email='{MASK}'",
        "text/html": f"<p>&quot;email&quot;: &quot;{MASK}&quot;</p>",
        "application/json": {"email": MASK},
    }


def test_what_the_runner_reads_keeps_its_names() -> None:
    """A result's own fields are no columns: its state is told, though a column of that name is hidden."""
    result = {"state": "SUCCEEDED", "summary": 'got {"email": "q"}', "steps": [{"state": "x"}]}
    told = packed(data={RESULT_TYPE: result}, metadata={})["data"]
    assert told == {RESULT_TYPE: {**result, "summary": f'got {{"email": "{MASK}"}}'}}


def test_sources_and_headers_stay_as_they_are() -> None:
    """What is run, and what Jupyter says to itself, is not gone through for personal data."""
    for message in ({"code": "email = 'q'", "execution_count": 1}, {"msg_id": "email='q'"}, {"state": "busy"}):
        assert packed(**message) == message


def test_a_secret_is_told_of_beside_personal_data() -> None:
    """P8: a message in which both stand says that a secret was masked."""
    redact.register("s3cr3t-value")
    told = packed(name="stdout", text='{"email": "q"} s3cr3t-value')
    assert told == {"name": "stdout", "text": f'{{"email": "{MASK}"}} {MASK}', MASKED: True}


def test_the_state_of_a_widget_is_without_personal_data() -> None:
    """P9: what a widget is told to show, and so what a notebook keeps of it, shows nothing hidden."""
    told = packed(data={"method": "update", "state": {"value": "{'email': 'q'}", "outputs": [{"text": "email='q'"}]}})
    state = {"value": f"{{'email': '{MASK}'}}", "outputs": [{"text": f"email='{MASK}'"}]}
    assert told == {"data": {"method": "update", "state": state}}
