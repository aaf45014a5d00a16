"""The papers around the code: what they say is what is there."""

import importlib.util
import re
import subprocess
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
TOP = {"pyproject.toml", "fcwork", "notebooks", "tests", "README.md", "environment.yml"}


def tracked() -> list[str]:
    """Return the paths that git keeps, or those of the working tree where there is no git."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return listed.stdout.splitlines() or [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file()]


def test_the_top_level_is_closed() -> None:
    """Beside six names there are only hidden files at the top."""
    strangers = {path.split("/")[0] for path in tracked()} - TOP
    assert {name for name in strangers if not name.startswith(".")} == set()


def test_the_conda_environment_equals_the_project() -> None:
    """environment.yml names the Python and the requirements of pyproject.toml, no more and no less."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    *_, pip = environment["dependencies"]
    assert f"python{PROJECT['requires-python']}" in environment["dependencies"]
    assert sorted(pip["pip"]) == sorted([*PROJECT["dependencies"], "-e ."])


def test_every_requirement_is_imported_somewhere() -> None:
    """A core requirement that nothing uses is dropped, but for the programs that are started by name."""
    names = {"graphql-core": "graphql", "pyyaml": "yaml", "jupyter-client": "jupyter_client"}
    names["prometheus-client"] = "prometheus_client"
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "fcwork").rglob("*.py"))
    chosen = {"cryptography", "ipywidgets"}  # the workbench's own: webhooks and forms in a notebook
    required = {re.split(r"[<>=\[;]", spec)[0] for spec in PROJECT["dependencies"]} - chosen
    assert {name for name in required if names.get(name, name) not in sources} == set()


def test_no_address_of_a_package_host_is_kept() -> None:
    """Constraints hold names and versions alone."""
    lines = (ROOT / ".github" / "constraints.txt").read_text("utf-8").splitlines()
    assert [line for line in lines if "://" in line or "@" in line] == []


def test_the_changelog_begins_with_this_version() -> None:
    """The newest entry of the changelog is the package's version."""
    import fcwork

    newest = re.search(r"^## (\S+)", (ROOT / ".github" / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert newest is not None
    assert newest.group(1) == fcwork.__version__


def test_the_shipped_sample_is_what_its_script_writes(tmp_path: Path) -> None:
    """The sample file can be made again, byte for byte."""
    script = ROOT / "tests" / "data" / "make_samples.py"
    spec = importlib.util.spec_from_file_location("make_samples", script)
    assert spec is not None
    assert spec.loader is not None
    samples = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(samples)
    (tmp_path / "inventory.csv").write_text(samples.inventory(), "utf-8", newline="")
    assert (tmp_path / "inventory.csv").read_bytes() == (ROOT / "notebooks" / "samples" / "inventory.csv").read_bytes()


def test_the_guide_lists_what_the_simulator_assumes() -> None:
    """What no public page says of the platform stands in a guide, word for word as the routes say it."""
    from fcwork.simulator import Simulator

    page = (ROOT / ".github" / "guide" / "simulator.md").read_text("utf-8")
    block = page.split("<!-- assumed -->\n")[1].split("<!-- /assumed -->")[0]
    assert [line.removeprefix("- ") for line in block.splitlines()] == Simulator(positions=0).assumed()


def test_the_two_commands_stand_in_the_readme_on_a_line_each() -> None:
    """A newcomer finds one line that runs the main job and one that passes the tests."""
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert "python3 .ci/start.py demo" in lines
    assert "python3 .ci/start.py test" in lines


def test_the_plan_draws_every_module_of_the_package() -> None:
    """The tree in CONTRIBUTING.md names what stands at the top of fcwork, no more and no less."""
    plan = (ROOT / ".github" / "CONTRIBUTING.md").read_text("utf-8")
    tree = plan.split("\nfcwork/\n")[1].split("\nnotebooks/")[0]
    drawn = set(re.findall(r"^  ([a-z_]+(?:\.py|/))", tree, re.MULTILINE))
    there = {path.name for path in (ROOT / "fcwork").glob("*.py")}
    there |= {f"{path.parent.name}/" for path in (ROOT / "fcwork").glob("*/__init__.py")}
    assert drawn == there - {"__main__.py"}


def test_the_plan_s_storeys_are_those_that_are_held() -> None:
    """CONTRIBUTING.md draws the layers of pyproject.toml, line by line."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    plan = (ROOT / ".github" / "CONTRIBUTING.md").read_text("utf-8")
    assert "\n".join(contracts[0]["layers"]) in plan
