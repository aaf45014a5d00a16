"""JupyterLab's own scheduler on our runner: a real server, asked as its interface asks it, and once by a browser."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from browser import Browse

pytest.importorskip("jupyter_scheduler", reason="pip install -e '.[lab-schedule]'")
pytestmark = [
    pytest.mark.kernel,
    pytest.mark.socket,
    pytest.mark.skipif(os.name == "nt", reason="a job there is not stopped by a signal"),
]
WAIT_SECONDS = 90.0
ENVIRONMENT = Path(sys.executable).name
PASSWORD = "the-lamp-is-blue-7"
SOURCES = {
    "shop/greet": ("WHO: str = 'you'  # whom\nN: int | None = None", "import os\nprint('hello', WHO, N, os.getcwd())"),
    "fail": ("", "import os\nprint('before')\nraise ValueError('no luck with ' + os.environ['FLUENT_PASSWORD'])"),
    "slow": ("", "import pathlib, time\ntry:\n    time.sleep(300)\nfinally:\n    pathlib.Path('finally').touch()"),
    "packed/reads": ("", "import pathlib\npathlib.Path('made.txt').write_text(pathlib.Path('beside.txt').read_text())"),
}


class Lab:
    """A server of ``fcwork lab`` on a folder, and what its interface would ask it."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder, self.token = folder, "of-this-test"
        options = ["--no-browser", f"--port={self.port}", f"--IdentityProvider.token={self.token}", "--allow-root"]
        settings = {name: text for name, text in os.environ.items() if not name.startswith(("FCWORK_", "FLUENT_"))}
        account = {
            "FLUENT_BASE_URL": "https://acme.api.example.com",
            "FLUENT_CLIENT_ID": "c",
            "FLUENT_CLIENT_SECRET": PASSWORD,
            "FLUENT_USERNAME": "u",
            "FLUENT_PASSWORD": PASSWORD,
            "FLUENT_RETAILER_ID": "1",
        }
        self.log = folder.parent / "server.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "fcwork", "lab", str(folder), "--", *options, "--TaskRunner.poll_interval=1"],
                env={**settings, **account, "HOME": str(folder), "JUPYTER_DATA_DIR": str(folder / ".jupyter")},
                cwd=folder.parent,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}/scheduler/", headers={"Authorization": f"token {self.token}"}
        )
        wait_for(self.answers)

    def answers(self) -> bool:
        """Say whether it is up."""
        try:
            return self.http.get("config").is_success
        except httpx.TransportError:
            assert self.process.poll() is None
            return False

    def asked(self, source: str, *, to: str = "jobs", **given: Any) -> httpx.Response:
        """Ask for a job."""
        usual = {"name": source, "runtime_environment_name": ENVIRONMENT, "output_formats": ["ipynb", "html"]}
        return self.http.post(to, json={"input_uri": f"{source}.ipynb", **usual, **given})

    def job(self, source: str, **given: Any) -> str:
        """Make a job, and return its id."""
        answer = self.asked(source, **given)
        assert answer.is_success, answer.text
        return str(answer.json()["job_id"])

    def at(self, job_id: str) -> dict[str, Any]:
        """Return a job as the server shows it."""
        told: dict[str, Any] = self.http.get(f"jobs/{job_id}").json()
        return told

    def ended(self, job_id: str) -> dict[str, Any]:
        """Return a job that is over."""

        def over() -> dict[str, Any] | None:
            told = self.at(job_id)
            return told if told["status"] in {"COMPLETED", "FAILED", "STOPPED"} else None

        found: dict[str, Any] = wait_for(over)
        return found

    def jobs(self, **which: str) -> list[dict[str, Any]]:
        """Return the jobs that the server lists."""
        told: list[dict[str, Any]] = self.http.get("jobs", params=which).json()["jobs"]
        return told

    def run_of(self, job_id: str) -> Path:
        """Return the folder of a job's run."""
        (found,) = (self.folder / ".fcwork" / "runs").glob(f"*-lab-{job_id}")
        return found

    def is_in_its_cell(self, job_id: str) -> bool:
        """Say whether a job's last cell is being run."""
        events = list((self.folder / ".fcwork" / "runs").glob(f"*-lab-{job_id}/events.jsonl"))
        return bool(events) and '"line": "import pathlib, time"' in events[0].read_text("utf-8")

    def staged(self, job_id: str) -> Path:
        """Return where a job's files wait."""
        return self.folder / ".fcwork" / "lab-schedule" / job_id


def wait_for(what: Callable[[], Any]) -> Any:
    """Return what comes to be true."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited for {what} in vain")


@contextmanager
def server(folder: Path) -> Iterator[Lab]:
    """Serve a folder of notebooks; what is left of the server is ended."""
    for name, sources in SOURCES.items():
        cells = [
            {
                "id": f"c{n}",
                "cell_type": "code",
                "metadata": tags,
                "source": text,
                "outputs": [],
                "execution_count": None,
            }
            for n, (tags, text) in enumerate(zip(({"tags": ["parameters"]}, {}), sources, strict=True))
        ]
        kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
        path = folder / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}), "utf-8")
    (folder / ".fcwork").mkdir()
    (folder / ".fcwork" / "workspace.json").write_text("{}", "utf-8")
    (folder / "packed" / "beside.txt").write_text("it was beside it", "utf-8")
    lab = Lab(folder)
    try:
        yield lab
    finally:
        lab.http.close()
        left = psutil.Process(lab.process.pid).children(recursive=True) if lab.process.poll() is None else []
        for process in [*left, lab.process]:
            process.kill()
        lab.process.wait()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One server for all of these tests."""
    with server(tmp_path_factory.mktemp("lab") / "workspace") as one:
        yield one


def test_a_parameter_is_a_value_of_its_type_and_never_code(lab: Lab) -> None:
    """P8: what is typed as a parameter is read as its type, never run; outputs are fetched as JupyterLab does it."""
    touched = lab.folder / "touched"
    code = f"__import__('pathlib').Path({str(touched)!r}).touch()"

    told = lab.ended(job_id := lab.job("shop/greet", parameters={"WHO": code, "N": "7"}))

    assert (told["status"], told["status_message"]) == ("COMPLETED", None)
    result = json.loads((lab.run_of(job_id) / "result.json").read_text("utf-8"))
    assert result["parameters"] == {"WHO": code, "N": 7}
    (page,) = lab.staged(job_id).glob("greet-*.html")
    (executed,) = lab.staged(job_id).glob("greet-*.ipynb")
    assert f"hello {code} 7 {lab.folder / 'shop'}" in "".join(
        json.loads(executed.read_text("utf-8"))["cells"][-1]["outputs"][0]["text"]
    )
    assert "hello" in page.read_text("utf-8")
    assert not touched.exists()
    assert lab.http.get(f"jobs/{job_id}/download_files").is_success
    files = wait_for(lambda: lab.at(job_id)["downloaded"] and lab.at(job_id)["job_files"])
    assert [(lab.folder / each["file_path"]).is_file() for each in files] == [True, True, True]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"parameters": {"WHOM": "x"}}, "did you mean WHO?"),
        ({"parameters": {"N": "seven", "WHO": "x"}}, "N: 'seven' is not of type"),
        ({"parameters": {"WHO": PASSWORD}}, "a secret is never given as a parameter"),
        ({"output_formats": ["pdf"]}, "no output format 'pdf'"),
        ({"runtime_environment_name": "elsewhere"}, "no environment 'elsewhere'"),
    ],
)
@pytest.mark.parametrize("to", ["jobs", "job_definitions"])
def test_what_cannot_be_run_is_refused_before_it_is_kept(lab: Lab, to: str, given: dict[str, Any], words: str) -> None:
    """P8: a job or a definition with wrong parameters is refused in words, and nothing of it is kept."""
    before = lab.http.get(to).json()["total_count"]

    answer = lab.asked("shop/greet", to=to, **given)

    assert answer.status_code == 500
    assert words in answer.json()["message"]
    assert lab.http.get(to).json()["total_count"] == before
    assert PASSWORD.encode() not in (lab.folder / ".fcwork" / "lab-schedule.sqlite").read_bytes()


@pytest.mark.parametrize(
    "given", [{"schedule": "61 * * * *"}, {"schedule": "never"}, {"schedule": "0 2 * * *", "timezone": "Mars/Base"}]
)
def test_a_definition_that_would_never_be_due_is_refused(lab: Lab, given: dict[str, str]) -> None:
    """A cron text or a time zone that is none is refused; kept, it would stop all definitions at the next start."""
    answer = lab.asked("shop/greet", to="job_definitions", **given)

    assert (answer.status_code, "is no schedule" in answer.json()["message"]) == (500, True)


def test_a_failed_job_says_why_and_shows_no_secret(lab: Lab) -> None:
    """P10: a cell that raises is a failed job, whose message names run, cell and error; a known secret is masked."""
    told = lab.ended(job_id := lab.job("fail"))

    assert told["status"] == "FAILED"
    assert told["end_time"]
    assert told["status_message"].startswith(f"fail-lab-{job_id} FAILED: ValueError in cell [1]: no luck with ")
    files = [*lab.staged(job_id).iterdir(), *(file for file in lab.run_of(job_id).rglob("*") if file.is_file())]
    assert len([file for file in files if "before" in file.read_text("utf-8")]) >= 4
    assert [file for file in files if PASSWORD in file.read_text("utf-8")] == []
    assert PASSWORD not in told["status_message"] + lab.log.read_text("utf-8")


def test_a_stopped_job_ran_its_finally(lab: Lab) -> None:
    """P12: stopped in JupyterLab, a run is CANCELLED: its ``finally`` ran, and what there is is among the outputs."""
    job_id = lab.job("slow")
    wait_for(lambda: lab.is_in_its_cell(job_id))

    assert lab.http.patch(f"jobs/{job_id}", json={"status": "STOPPED"}).is_success
    told = lab.ended(job_id)

    assert (told["status"], "CANCELLED: stopped by a signal" in told["status_message"]) == ("STOPPED", True)
    assert json.loads((lab.run_of(job_id) / "result.json").read_text("utf-8"))["state"] == "CANCELLED"
    assert (lab.folder / "finally").exists()
    assert len(list(lab.staged(job_id).iterdir())) == 3


def test_a_job_whose_process_was_killed_is_not_in_progress(lab: Lab) -> None:
    """P11: a job whose process is gone is a failed one that says LOST, as soon as anybody looks."""
    job_id = lab.job("slow")
    wait_for(lambda: lab.is_in_its_cell(job_id))
    begun = json.loads((lab.run_of(job_id) / "run.json").read_text("utf-8"))["runner"]

    psutil.Process(int(begun.split(":")[1].partition("-")[0])).kill()
    told = wait_for(lambda: [each for each in lab.jobs() if each["job_id"] == job_id and each["status"] == "FAILED"])

    assert told[0]["status_message"].endswith("LOST: its process went away in the middle of the run")


def test_a_definition_is_run_by_the_clock(lab: Lab) -> None:
    """A definition's jobs come by its cron text, each a run of its own with the definition's parameters."""
    answer = lab.asked("shop/greet", to="job_definitions", schedule="* * * * * */4", parameters={"WHO": "moon"})
    name = answer.json()["job_definition_id"]

    def made() -> list[dict[str, Any]]:
        found = lab.jobs(job_definition_id=name)
        return found if len(found) > 1 else []

    wait_for(made)
    assert lab.http.patch(f"job_definitions/{name}", json={"active": False}).is_success
    told = [lab.ended(each["job_id"]) for each in lab.jobs(job_definition_id=name)]
    assert {each["status"] for each in told} == {"COMPLETED"}
    results = [json.loads((lab.run_of(each["job_id"]) / "result.json").read_text("utf-8")) for each in told]
    assert {each["parameters"]["WHO"] for each in results} == {"moon"}
    assert len({each["run_id"] for each in results}) == len(told) > 1
    refused = lab.http.post(f"job_definitions/{name}/jobs", json={"parameters": {"WHOM": "x"}})
    assert "did you mean WHO?" in refused.json()["message"]


def test_a_packed_folder_is_where_the_notebook_works(lab: Lab) -> None:
    """With its input folder a job works in a copy of that: it finds what lay beside, and what it leaves is fetched."""
    told = lab.ended(job_id := lab.job("packed/reads", package_input_folder=True))

    assert told["status"] == "COMPLETED"
    assert told["packaged_files"] == ["beside.txt", "made.txt"]
    assert (lab.staged(job_id) / "made.txt").read_text("utf-8") == "it was beside it"
    assert not (lab.folder / "packed" / "made.txt").exists()


def test_a_server_that_goes_stops_its_jobs(tmp_path: Path) -> None:
    """P12: at the end of its server a job is told to stop, and waited for until its ``finally`` is through."""
    with server(tmp_path / "workspace") as lab:
        job_id = lab.job("slow")
        wait_for(lambda: lab.is_in_its_cell(job_id))

        lab.process.terminate()
        lab.process.wait(WAIT_SECONDS)

        assert json.loads((lab.run_of(job_id) / "result.json").read_text("utf-8"))["state"] == "CANCELLED"
        assert (lab.folder / "finally").exists()


def test_a_job_is_made_with_the_mouse(lab: Lab, browse: Browse) -> None:
    """In JupyterLab a notebook's menu makes a job: a wrong parameter is refused in the form, the right one is run."""
    with browse(f"http://127.0.0.1:{lab.port}/lab/tree/shop/greet.ipynb?token={lab.token}") as one:
        page = one.page
        page.set_default_timeout(WAIT_SECONDS * 1000)
        page.locator('.jp-DirListing-item[title*="greet.ipynb"]').click(button="right")
        page.get_by_text("Create Job", exact=True).click()
        page.get_by_label("HTML", exact=True).wait_for()  # typed before its environments came is forgotten
        page.locator('[name="jobName"]').fill("by the mouse")
        page.locator('button[aria-label*="arameter"], button[title*="arameter"]').first.click()
        page.locator('[name="parameter-0-name"]').fill("WHOM")
        page.locator('[name="parameter-0-value"]').fill("everybody")
        page.locator('[name="parameter-0-value"]').press("Tab")
        page.get_by_role("button", name="Create", exact=True).click()
        page.get_by_text("WHOM: no such parameter; did you mean WHO?").wait_for()
        page.locator('[name="parameter-0-name"]').fill("WHO")
        page.locator('[name="parameter-0-name"]').press("Tab")
        page.get_by_role("button", name="Create", exact=True).press("Enter")  # the form may move under the mouse
        page.get_by_text('Your job "by the mouse" has been created').wait_for()
        (told,) = [each for each in lab.jobs() if each["name"] == "by the mouse"]

        assert lab.ended(told["job_id"])["status"] == "COMPLETED"
        page.get_by_role("button", name="Reload").click()
        page.get_by_role("row", name="by the mouse").get_by_text("Completed").wait_for()
    assert {each for each in one.asked if not each.startswith(f"http://127.0.0.1:{lab.port}/")} <= {
        each for each in one.asked if each.startswith(("data:", "blob:"))
    }
