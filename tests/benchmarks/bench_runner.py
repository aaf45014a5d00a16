"""Print what a run costs: ``python tests/benchmarks/bench_runner.py [RUNS] [PARALLEL]``.

First the seconds of a notebook of two small cells, by papermill alone and by us, in turns and in a warm process, and
what we take over papermill, turn by turn. Then of RUNS runs of one notebook, PARALLEL at once, how many ended well with
their own parameter and nobody else's.
"""

import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import papermill

from fcwork import runner

NOTEBOOKS = Path(__file__).parents[1] / "data" / "notebooks"
TURNS = 15


def main() -> None:
    """Print both."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    parallel = int(sys.argv[2]) if len(sys.argv) > 2 else 16
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        print("| by | seconds a run | least | most |\n| --- | --- | --- | --- |")
        taken = turns()
        taken["fcwork over papermill"] = [ours - plain for plain, ours in zip(*taken.values(), strict=True)]
        for name, seconds in taken.items():
            print(f"| {name} | {statistics.median(seconds):.2f} | {min(seconds):.2f} | {max(seconds):.2f} |")
        print(side_by_side(runs, parallel))
        os.chdir("/")


def turns() -> dict[str, list[float]]:
    """Return the seconds of each way, which take turns; the first is not counted."""
    plain = NOTEBOOKS / "plain.ipynb"
    ways: dict[str, Callable[[], object]] = {
        "papermill": lambda: papermill.execute_notebook(plain, "out.ipynb", progress_bar=False, kernel_name="python3"),
        "fcwork": lambda: runner.run(plain),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(1 + TURNS):
        for name, way in ways.items():
            taken[name].append(timed(way))
    return {name: seconds[1:] for name, seconds in taken.items()}


def timed(way: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    began = time.perf_counter()
    way()
    return time.perf_counter() - began


def side_by_side(runs: int, parallel: int) -> str:
    """Run so many at once, and say what came of them."""
    began = time.perf_counter()
    with ThreadPoolExecutor(parallel) as pool:
        results = list(pool.map(lambda number: runner.run(NOTEBOOKS / "echoes.ipynb", {"NUMBER": number}), range(runs)))
    seconds = time.perf_counter() - began
    own = sum(f"{number} {one.run_id} []" in _notebook(one) for number, one in enumerate(results))
    good, folders = sum(one.ok for one in results), len({one.folder for one in results})
    events = "".join((one.folder / "events.jsonl").read_text("utf-8") for one in results)
    again = events.count("kernel.start_failed")
    return (
        f"\n{runs} runs, {parallel} at once, in {seconds:.0f} s: {good} succeeded, {own} with their own parameter, "
        f"{folders} folders, {again} starts were tried again"
    )


def _notebook(result: runner.RunResult) -> str:
    return (result.folder / "notebook.ipynb").read_text("utf-8")


if __name__ == "__main__":
    main()
