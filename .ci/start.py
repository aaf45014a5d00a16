"""One line from a fresh clone: make the virtual environment if need be, then do the job.

    python3 .ci/start.py demo     load the sample file into the embedded simulator and show the report
    python3 .ci/start.py test     pass the tests
    python3 .ci/start.py dev      set up what the checks of .ci/run need, and print the Python to use

Nothing but Python 3.11 or newer is needed. The environment lies in .venv and follows the requirements.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / ".github" / "constraints.txt"
EXTRAS = {"demo": "[plots]", "test": "[all,test]", "dev": "[all,dev]"}


def main() -> int:
    """Set up, run, and return the exit code."""
    job, *rest = sys.argv[1:] or [""]
    if sys.version_info < (3, 11):  # noqa: UP036 - an older Python may well start this file
        return tell(
            f"fcwork needs Python 3.11 or newer; this is {sys.version.split()[0]}. Try: python3.11 .ci/start.py …"
        )
    if job not in EXTRAS:
        return tell((__doc__ or "").split("\n\n")[1])
    python = environment(job)
    if job == "dev":
        print(python)
        return 0
    if job == "test":
        workers = cores() + 1  # a test waits for its kernel, its server or its page: one more fills that time
        command = ["pytest", "-n", str(workers), "--dist", "worksteal", *rest]
    else:
        command = ["fcwork", job, *rest]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each kernel compiles the package anew: half a second
    code = subprocess.call([python, "-m", *command], cwd=ROOT)
    if job == "demo" and code == 0 and shutil.which("fcwork") is None:
        activate = os.path.relpath(Path(python).with_name("activate"))
        print(f"Before it, in this terminal: {'' if os.name == 'nt' else 'source '}{activate}")
    return code


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def environment(job: str) -> str:
    """Return the Python of the environment that the job needs, made or brought up to date first."""
    folder = Path(os.environ.get("FCWORK_VENV") or ROOT / ".venv")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = hashlib.sha256(b"".join(file.read_bytes() for file in (ROOT / "pyproject.toml", CONSTRAINTS))).hexdigest()
    mark = folder / f"fcwork-{EXTRAS[job].strip('[]').replace(',', '-')}.txt"
    if python.exists() and mark.exists() and mark.read_text("utf-8") == wanted:
        return str(python)
    tell(f"setting up {folder} (a minute or two, the first time only)")
    if not python.exists():
        venv.create(folder, with_pip=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.check_call([*pip, "-c", str(CONSTRAINTS), "-e", f"{ROOT}{EXTRAS[job]}"])
    mark.write_text(wanted, "utf-8")
    return str(python)


def tell(text: str) -> int:
    """Print a line to the terminal's error stream; 2, for a call that cannot be carried out."""
    print(text, file=sys.stderr)
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(tell(f"the set-up failed: {' '.join(error.cmd[:5])} … ended with {error.returncode}"))
    except KeyboardInterrupt:
        sys.exit(130)
