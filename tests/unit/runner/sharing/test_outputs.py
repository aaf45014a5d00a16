from typing import Any

import pytest
from executed import code, html, printed

from fcwork.runner.display import RESULT_TYPE
from fcwork.runner.sharing.outputs import LEFT_OUT, Room, plain, render


def shown(*given: dict[str, Any], room: int = 1_000_000) -> str:
    """Return what a page shows of these outputs."""
    return render(code("x", *given), Room(room))


def displayed(**data: str) -> dict[str, Any]:
    """Return an output in several forms, a form named as its kind with an underscore for the slash."""
    return {
        "output_type": "display_data",
        "metadata": {},
        "data": {name.replace("_", "/", 1): value for name, value in data.items()},
    }


def test_html_goes_before_pictures_and_pictures_before_text() -> None:
    """Of the forms of an output the page shows the first that has something to see."""
    assert "<b>x</b>" in shown(html("<b>x</b>"))
    assert "plain" in shown(html("<script>draw()</script>"))
    picture = shown(displayed(image_png="iVBORw0KGgo=\n", text_plain="<Figure>"))
    assert 'src="data:image/png;base64,iVBORw0KGgo="' in picture
    assert "&lt;Figure&gt;" in shown(displayed(image_png='"><script>', text_plain="<Figure>"))
    assert shown(displayed(application_json="{}")) == ""


def test_printed_text_is_text() -> None:
    """What was printed stands in one block a stream, escaped, without colours, and progress as it ended."""
    written = shown(printed("\x1b[31m<b>a</b>\x1b[0m\n"), printed("1%\r50%\r100%\r\n"), printed("oh", "stderr"))
    assert written.count("<pre") == 2
    assert "&lt;b&gt;a&lt;/b&gt;\n100%" in written
    assert "50%" not in written
    assert "\x1b" not in written


def test_what_draws_nothing_is_spelled_out() -> None:
    """P25: control characters and marks of writing direction are shown as what they are."""
    assert plain("a\x00b\u202ec") == "a\\x00b\\u202ec"


def test_a_long_text_loses_its_middle() -> None:
    """Of many lines the first and the last are shown with how many are cut; a long line is cut at its end."""
    written = plain("\n".join(map(str, range(10_000))))
    assert written.startswith("0\n1\n")
    assert written.endswith("\n9999")
    assert "9,600 lines are cut here" in written
    assert len(plain("x" * 100_000)) < 3_000


def test_an_error_says_what_and_folds_its_traceback() -> None:
    """A failure shows type and text; the traceback is there, folded."""
    error = {"output_type": "error", "ename": "ValueError", "evalue": "<i>", "traceback": ["\x1b[0;31mline 1"]}
    written = shown(error)
    assert "<b>ValueError</b> &lt;i&gt;" in written
    assert "<details><summary>Traceback</summary><pre>line 1</pre></details>" in written


@pytest.mark.parametrize(("early_exit", "is_shown"), [(True, False), (False, True)])
def test_a_declared_end_is_no_failure(early_exit: bool, is_shown: bool) -> None:  # noqa: FBT001
    """A cell that ended the notebook on purpose shows its result and no traceback; any other SystemExit is shown."""
    left = {"output_type": "error", "ename": "SystemExit", "evalue": "0", "traceback": ["SystemExit: 0"]}
    result = {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "nothing to do"}}
    result["data"][RESULT_TYPE] = {"early_exit": early_exit}
    written = shown(result, left)
    assert "nothing to do" in written
    assert ("SystemExit" in written) is is_shown


def test_a_page_that_is_full_says_what_it_leaves_out() -> None:
    """Where there is no room any more a note stands in the place of an output; small ones after it are shown."""
    written = shown(printed("a" * 900), displayed(text_plain="b"), room=500)
    assert "aaa" not in written
    assert LEFT_OUT in written
    assert "<pre>b</pre>" in written
