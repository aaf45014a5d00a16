"""Take the README's pictures anew: the newcomer's walk, in a real JupyterLab in Chromium.

    $(python3 .ci/start.py dev) .ci/pictures.py

It passes the test that walks the README, and puts what it saw into .github/pictures. Look at them before you commit.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WALK = ROOT / "tests" / "browser" / "test_newcomer.py"
PICTURES = ROOT / ".github" / "pictures"


def main() -> int:
    """Walk, and return the exit code."""
    with tempfile.TemporaryDirectory(prefix="fcwork-") as taken:
        environment = {**os.environ, "SCREENSHOTS_OF_TESTS": taken, "FCWORK_CI": "1"}
        command = [sys.executable, "-m", "pytest", "-q", f"--basetemp={taken}/of", str(WALK)]
        done = subprocess.call(command, cwd=ROOT, env=environment)
        if done == 0:
            for picture in sorted(Path(taken).glob("*.png")):
                content = picture.read_bytes()
                (PICTURES / picture.name).write_bytes(content)
                print(f"{len(content):>9,}  {picture.name}")
    return done


if __name__ == "__main__":
    sys.exit(main())
