"""``fcwork init`` and ``fcwork lab``: a workspace of one's own."""

from __future__ import annotations

import difflib
import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click

import fcwork
from fcwork.cli.examples import examples
from fcwork.errors import ConfigError

TOUR = "notebooks/00_start_here.ipynb"
LEFT_OUT = {"__pycache__", ".ipynb_checkpoints"}


@click.command(
    short_help="Make a workspace of your own.",
    epilog=examples("fcwork init my-workspace", "fcwork init my-workspace --diff"),
)
@click.argument("folder", default=".", type=click.Path(file_okay=False, path_type=Path), metavar="[DIR]")
@click.option("--diff", is_flag=True, help="Show what differs from the shipped files; write nothing.")
def init(folder: Path, *, diff: bool) -> int:
    """Make a workspace in DIR (here unless given): notebooks, presets, mappings and samples to change as you like.

    What exists is never overwritten. A notebook of the workspace goes before the shipped one of the same name.
    """
    if diff:
        for line in differences(folder):
            click.echo(line)
        return 0
    made, kept = make(folder)
    click.echo(f"{folder}: {made} files written" + (f", {len(kept)} exist and were left as they are:" if kept else ""))
    for name in kept:
        click.echo(f"  {name}")
    click.echo(f"Next: fcwork lab {folder}")
    return 0


@click.command(
    short_help="Open JupyterLab on a workspace.",
    epilog=examples("fcwork lab my-workspace", "fcwork lab my-workspace -- --no-browser --port 8899"),
)
@click.argument("folder", default=".", type=click.Path(path_type=Path), metavar="[DIR]")
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[-- OPTIONS]")
def lab(folder: Path, options: tuple[str, ...]) -> int:
    """Open JupyterLab on the workspace in DIR (here unless given); an empty DIR is made one first.

    What follows `--` goes to JupyterLab, which works in DIR. With jupyter-scheduler (the extra lab-schedule) a
    job that is made there is run as `fcwork run` does it.
    """
    prepare(folder)
    place = [f"--ServerApp.root_dir={folder.absolute()}"]
    if (folder / TOUR).is_file():
        place.append(f"--LabApp.default_url=/lab/tree/{TOUR}")
    command = [sys.executable, "-m", "jupyterlab", *place, *_scheduling(folder.absolute()), *options]
    os.environ["PATH"] = _path()
    os.chdir(folder)  # jupyter-scheduler takes its folder of outputs from there
    if os.name != "nt":  # JupyterLab takes this process's place, so that every signal reaches it
        sys.stdout.flush()
        os.execv(sys.executable, command)  # noqa: S606 - a list, no shell
    return subprocess.run(command, check=False).returncode


def prepare(folder: Path) -> None:
    """Make an empty folder a workspace; say so where a folder is none."""
    from fcwork import settings

    if not folder.exists() or not any(folder.iterdir()):
        make(folder)
        click.echo(f"{folder} was empty: it is a workspace now")
    elif not (folder / settings.WORKSPACE_MARKER / "workspace.json").is_file():
        click.echo(f"{folder} is no workspace: `fcwork init {folder}` puts the notebooks there")


def make(folder: Path) -> tuple[int, list[str]]:
    """Copy what is shipped into ``folder`` and mark it as a workspace.

    Returns:
        How many files were written, and the names of those that existed and were left alone.

    Raises:
        ConfigError: the folder cannot be written.
    """
    from fcwork import settings

    made, kept = 0, []
    try:
        for source, name in _shipped():
            target = folder / "notebooks" / name
            if target.exists():
                kept.append(str(Path("notebooks", name)))
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            made += 1
        marker = folder / settings.WORKSPACE_MARKER / "workspace.json"
        marker.parent.mkdir(parents=True, exist_ok=True)
        if not marker.exists():
            marker.write_text(json.dumps({"fcwork": fcwork.__version__}) + "\n", "utf-8")
    except OSError as error:
        raise ConfigError(
            f"cannot write {error.filename or folder}: {error.strerror}", hint="name a folder that you may write to"
        ) from None
    return made, kept


def differences(folder: Path) -> list[str]:
    """Return how the workspace's files differ from the shipped ones, as a unified diff without outputs."""
    found = []
    for source, name in _shipped():
        own = folder / "notebooks" / name
        if not own.is_file():
            found.append(f"only shipped: notebooks/{name}")
        elif own.read_bytes() != source.read_bytes():
            found += difflib.unified_diff(
                _lines(source), _lines(own), f"shipped/{name}", f"notebooks/{name}", lineterm="", n=1
            )
    return found or ["no differences"]


def _path() -> str:
    """Return the PATH by which cells (`!fcwork …`) and terminals find this fcwork, also where nobody activated it."""
    own, given = str(Path(sys.executable).parent), os.environ.get("PATH", "")
    return given if own in given.split(os.pathsep) else os.pathsep.join(filter(None, (own, given)))


def _scheduling(folder: Path) -> list[str]:
    """Return what has JupyterLab's own scheduler, where it is installed, run by ours and keep its jobs here."""
    from fcwork import settings

    if find_spec("jupyter_scheduler") is None:
        return []
    home, ours = settings.home(folder), "--SchedulerApp.scheduler_class=fcwork.schedule.lab.Scheduler"
    if settings.workspace(folder) is None:  # nothing is written there; jobs are where jupyter-scheduler has them
        return [ours]
    home.mkdir(parents=True, exist_ok=True)
    return [
        ours,
        f"--SchedulerApp.db_url=sqlite:///{home / 'lab-schedule.sqlite'}",
        f"--Scheduler.staging_path={home / 'lab-schedule'}",
    ]


def _shipped() -> list[tuple[Path, Path]]:
    """Return the shipped files, each with its name below the notebooks folder."""
    from fcwork import runner

    root = runner.shipped()
    files = sorted(path for path in root.rglob("*") if path.is_file() and not LEFT_OUT & set(path.parts))
    return [(path, path.relative_to(root)) for path in files]


def _lines(file: Path) -> list[str]:
    """Return a file's lines, of a notebook the sources of its cells."""
    text = file.read_text("utf-8", "replace")
    if file.suffix == ".ipynb":
        try:
            cells = json.loads(text)["cells"]
            text = "\n\n".join("".join(cell["source"]) for cell in cells)
        except (ValueError, KeyError, TypeError):
            pass
    return text.splitlines()
