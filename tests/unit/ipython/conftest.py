"""A shell of IPython's own, in this process, for tests of the magic."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from IPython.core.interactiveshell import InteractiveShell
from shells import Shell
from traitlets.config import Config

from fcwork import session
from fcwork.ipython import accessors, loading


@pytest.fixture(scope="session")
def ipython(tmp_path_factory: pytest.TempPathFactory) -> InteractiveShell:
    """Return one shell for all tests: it takes a while to make."""
    config = Config(HistoryManager={"enabled": False}, InteractiveShell={"colors": "nocolor"})
    place = str(tmp_path_factory.mktemp("ipython"))
    own = ModuleType("cells")  # else it takes the place of __main__
    made = InteractiveShell(config=config, ipython_dir=place, user_module=own)
    for mark in ("ps1", "ps2", "ps3"):  # else other tests take it that somebody sits in front
        vars(sys).pop(mark, None)
    return made


@pytest.fixture
def shell(ipython: InteractiveShell, capsys: pytest.CaptureFixture[str], home: Path) -> Iterator[Shell]:
    """Give a shell with the magics, connected to nothing; afterwards they are gone."""
    del home
    session.forget_simulator()
    ipython.extension_manager.load_extension("fcwork")
    before = dict(ipython.user_ns)
    yield Shell(ipython, capsys)
    ipython.extension_manager.unload_extension("fcwork")
    ipython.user_ns.clear()
    ipython.user_ns.update(before)
    loading.unload(ipython)
    accessors.unregister()
    session.forget_simulator()
