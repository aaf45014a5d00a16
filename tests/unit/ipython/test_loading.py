"""``%load_ext fcwork`` and its undoing."""

import pandas as pd
import polars as pl
import pytest
from IPython.core.interactiveshell import InteractiveShell
from shells import Shell

from fcwork.ipython import accessors, loading


def state(shell: InteractiveShell) -> tuple[object, ...]:
    """Return what the extension changes."""
    magics = shell.magics_manager.magics
    formatter = shell.display_formatter.formatters["text/plain"]
    return (
        {kind: dict(magics[kind]) for kind in ("line", "cell")},
        list(shell.Completer.custom_matchers),
        list(shell.events.callbacks["pre_run_cell"]),
        dict(formatter.deferred_printers),
        dict(formatter.type_printers),
        [hasattr(kind, "fluent") for kind in (pl.DataFrame, pl.LazyFrame, pd.DataFrame)],
    )


def test_it_can_be_loaded_twice_and_leaves_nothing_behind(ipython: InteractiveShell) -> None:
    """Loading is idempotent, and unloading leaves the shell as it was: magics, completion, frames, events."""
    before = state(ipython)
    loading.load(ipython)
    once = state(ipython)
    loading.load(ipython)

    assert state(ipython) == once
    assert once != before
    ipython.display_formatter.format(pl.DataFrame({"a": [1]}))
    loading.unload(ipython)
    assert state(ipython) == before
    loading.unload(ipython)


def test_a_magic_of_the_same_name_comes_back(ipython: InteractiveShell) -> None:
    """A ``%fluent`` of somebody else's is there again when this one goes."""

    def theirs(line: str) -> str:
        return f"theirs: {line}"

    ipython.register_magic_function(theirs, "line", "fluent")
    loading.load(ipython)
    assert "not connected" in repr(ipython.run_line_magic("fluent", ""))
    loading.unload(ipython)
    try:
        assert ipython.run_line_magic("fluent", "x") == "theirs: x"
        assert ipython.find_cell_magic("fluent") is None
    finally:
        del ipython.magics_manager.magics["line"]["fluent"]


def test_it_is_reloaded(shell: Shell) -> None:
    """``%reload_ext fcwork`` begins afresh."""
    shell("%fluent connect --simulator")
    assert shell("%reload_ext fcwork").error is None
    assert "not connected" in repr(shell("%fluent").value)


def test_frames_get_their_verbs_and_others_keep_theirs(
    ipython: InteractiveShell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Frames have ``fluent``; where another library has it already, that stays, and it is said."""
    theirs = property(lambda _: "theirs")
    monkeypatch.setattr(pl.LazyFrame, "fluent", theirs, raising=False)
    loading.load(ipython)
    try:
        assert pl.DataFrame().fluent.__class__ is accessors.FluentAccessor
        assert pd.DataFrame().fluent.__class__ is accessors.FluentAccessor
        assert pl.LazyFrame().fluent == "theirs"
        assert "polars.LazyFrame.fluent is another library's and stays" in capsys.readouterr().out
    finally:
        loading.unload(ipython)
    assert pl.LazyFrame().fluent == "theirs"
    assert not hasattr(pl.DataFrame, "fluent")
