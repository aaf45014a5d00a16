import base64
import html
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import nbformat
import pytest

from fcwork import runner

pytestmark = pytest.mark.kernel
KNOWN = "s3cr3t of/the+runner\"'&"
LEARNED = "token-of-the-kernel/+9"


WRITTEN = "literal-token <of> the/source 7"


def spellings(secret: str) -> set[str]:
    """Return a secret as it may stand in a file."""
    encoded = {base64.b64encode(secret.encode()).decode(), base64.b64encode(f"id:{secret}".encode()).decode()[4:-4]}
    escaped = json.dumps(secret)[1:-1]
    return {secret, quote(secret, safe=""), quote_plus(secret), escaped, json.dumps(escaped)[1:-1], *encoded}


def test_a_leaked_secret_stands_nowhere(
    home: Path,
    situation: Callable[..., runner.RunResult],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """P8: a secret that a notebook prints, returns, records or raises, plain, URL- or base64-encoded, is in no file."""
    monkeypatch.setenv("FLUENT_CLIENT_SECRET", KNOWN)
    heard: list[str] = []

    result = situation("leaks", on_event=lambda event: heard.append(json.dumps(dict(event))))

    assert (result.state, result.ename) == ("FAILED", "RuntimeError")
    texts = {file.name: file.read_bytes().decode("utf-8", "replace") for file in home.rglob("*") if file.is_file()}
    assert {"notebook.ipynb", "notebook.html", "events.jsonl", "result.json"} <= set(texts)
    said = capfd.readouterr()
    texts |= {"listener": "".join(heard), "result": repr(result), "terminal": said.out + said.err}
    for secret in (KNOWN, LEARNED):
        for spelling in spellings(secret):
            assert not [name for name, text in texts.items() if spelling in text], spelling
    assert "•••" in texts["notebook.ipynb"]


@pytest.mark.parametrize("strict", [True, False])
def test_a_secret_that_only_the_kernel_knows_stands_nowhere(
    home: Path, situation: Callable[..., runner.RunResult], *, strict: bool
) -> None:
    """P8: a secret that stands in the notebook's own source, in frames, HTML, stderr or metadata is in no file.

    The run says where it was masked, and where it is strict it is a failure that is not to be published.
    """
    result = situation("spills", strict=strict)

    texts = {file.name: file.read_bytes().decode("utf-8", "replace") for file in home.rglob("*") if file.is_file()}
    for spelling in {*spellings(WRITTEN), html.escape(WRITTEN), html.escape(WRITTEN, quote=False)}:
        assert not [name for name, text in texts.items() if spelling in text], spelling
    assert set(result.masked) == {*(f"the output of cell [{number}]" for number in (3, 4, 5, 6)), "the notebook itself"}
    assert json.loads(texts["result.json"])["masked"] == list(result.masked)
    assert (result.state, result.failed_cell) == ("FAILED" if strict else "SUCCEEDED", None)
    assert ("is not to be published" in result.reason) is strict


def test_a_strict_run_without_a_leak_is_as_any_other(situation: Callable[..., runner.RunResult]) -> None:
    """P8: where no secret was shown a strict run succeeds."""
    result = situation("plain", strict=True)

    assert (result.state, result.masked) == ("SUCCEEDED", ())


LONG = "a-very-long-token-of-which-displays-show-the-beginning-alone-0123456789" * 4
CUTS = """
import os, reprlib
import numpy as np, pandas as pd, polars as pl, pyarrow as pa
secret = os.environ["FLUENT_CLIENT_SECRET"]
text = "Bearer " + secret
display(pl.DataFrame({"a": [text], secret: [[text]]}), pl.Series("a", [{"b": text}]), pl.col("a") == text)
display(pd.DataFrame({"a": [text]}, index=pd.Index([text], name=text)), pd.Series({text: text}), pd.Categorical([text]))
display(pa.table({"a": [text]}), pa.array([text]), pa.schema([(text, pa.int8())]), np.array([text, 1], dtype=object))
print(pl.DataFrame({"a": [text]}), pd.DataFrame({"a": [text]}), f"{pa.table({'a': [text]})}", reprlib.repr(text))
print(text[:40] + "…")
import logging
logging.warning("%s", pd.DataFrame({"a": [text]}))
int(secret)
"""


def test_what_a_display_cuts_shows_no_part_of_a_secret(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P8: a secret longer than its cell shows neither beginning nor end: in a run, its error, its pages."""
    monkeypatch.setenv("FLUENT_CLIENT_SECRET", LONG)
    file = home / "cuts.ipynb"
    cells = [nbformat.v4.new_code_cell(CUTS)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), file)
    result = runner.run(file)
    assert (result.state, result.ename) == ("FAILED", "ValueError")
    runner.share(result, home / "out", code=False)
    beginning, end = LONG[:7], LONG[-7:]
    found = [one for one in home.rglob("*") if one.is_file()]
    assert {"notebook.html", "notebook.ipynb", "index.html"} <= {one.name for one in found}
    for one in found:
        shown = one.read_bytes().decode("utf-8", "replace")
        assert beginning not in shown, one
        assert end not in shown, one
    assert beginning not in repr(result)
