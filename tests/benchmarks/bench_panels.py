"""How soon panels are there: ``python tests/benchmarks/bench_panels.py [ROWS] [ROUNDS]``.

``MappingEditor`` over a frame of a million rows and ten columns: from the press on Run of its cell in JupyterLab until
the panel is seen, and until its preview is; and the same in plain Python, until both are made. ``QueryExplorer`` over a
tenth as many positions of a simulator on a socket: from the press on Run until its first rows are seen, how fast all
pages come and how long meanwhile the page and the kernel let one wait, and from the press on Stop until it has stopped.
Each round has a kernel of its own, whose first panel it is.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from lab import Book, Lab, serving

KINDS = ("polars", "pandas")
ROWS = """
import polars as pl
import fcwork as fw
number = pl.int_range({rows}, dtype=pl.Int64)
stock = pl.select(
    sku=pl.format("SKU-{{}}", number), qty=(number % 997).cast(pl.String),
    location_ref=pl.format("L{{}}", number % 200),
    **{{f"more_{{at}}": pl.format("{{}}-{{}}", pl.lit(at), number % 50_000) for at in range(7)}},
)
"""
OF_KIND = {"polars": "", "pandas": "stock = stock.to_pandas()\n"}
EDITOR = """
editor = fw.widgets.MappingEditor(stock, target="inventory")
for target, source in {"skuRef": "sku", "qty": "qty", "locationRef": "location_ref"}.items():
    editor.source(target, source)
editor
"""
IN_PYTHON = """
import time
began = time.perf_counter()
exec(EDITOR)
editor.view.bundle(), editor.picture().html()
made = time.perf_counter() - began
editor.work.wait()
print(made, time.perf_counter() - began)
"""
EXPLORER = """
explorer = fw.widgets.QueryExplorer(
    fw.connect(), root="inventoryPositions", fields=["ref", "type", "status", "onHand", "locationRef"])
explorer
"""
WATCH = """async ({press, words}) => {
  const panel = () => document.querySelector('.fcw-panel')?.textContent ?? '';
  const app = window.jupyterapp, kernel = app.shell.currentWidget.context.sessionContext.session.kernel;
  const began = performance.now(), at = {}, waits = {page: 0, kernel: 0};
  let last = began, asked = null;
  const ask = async () => {
    const from = performance.now();
    await kernel.requestExecute({code: '', silent: true, store_history: false, user_expressions: {it: '1'}}).done;
    waits.kernel = Math.max(waits.kernel, performance.now() - from); asked = null;
  };
  if (press === 'cell') app.commands.execute('notebook:run-cell');
  else [...document.querySelectorAll('.fcw-panel button')].find(one => one.textContent.trim() === press).click();
  while (Object.keys(at).length < Object.keys(words).length) {
    await new Promise(requestAnimationFrame);
    const now = performance.now(), seen = panel();
    waits.page = Math.max(waits.page, now - last); last = now;
    for (const name in words) if (!(name in at) && seen.match(words[name])) at[name] = (now - began) / 1000;
    if (press !== 'cell') asked ??= ask();
    if (now - began > 200000) throw new Error(`not seen: ${seen.slice(-400)}`);
  }
  return {...at, page_wait: waits.page / 1000, kernel_wait: waits.kernel / 1000};
}"""


def main() -> None:
    """Print one table a panel."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    print(
        f"| MappingEditor, {rows:,} rows, seconds (min, median, max) | seen | with its preview |\n| --- | --- | --- |"
    )
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as lab:
        for kind in KINDS:
            told(f"{kind}, plain Python", [in_python(rows, kind) for _ in range(rounds)])
            told(f"{kind}, JupyterLab", [in_lab(lab, rows, kind) for _ in range(rounds)])
        positions = rows // 10
        print(f"\n| QueryExplorer, {positions:,} rows | seconds (min, median, max) |\n| --- | --- |")
        with simulator(positions) as platform:
            found = [explored(lab, platform, positions) for _ in range(rounds)]
        for name in found[0]:
            print(f"| {name} | {spread([each[name] for each in found])} |")


def told(what: str, found: list[dict[str, float]]) -> None:
    """Print one row."""
    print(f"| {what} | {spread([each['seen'] for each in found])} | {spread([each['preview'] for each in found])} |")


def in_python(rows: int, kind: str) -> dict[str, float]:
    """Make an editor in a process of its own."""
    script = f"EDITOR = {EDITOR!r}\n{ROWS.format(rows=rows)}{OF_KIND[kind]}{IN_PYTHON}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    seen, preview = map(float, done.stdout.split())
    return {"seen": seen, "preview": preview}


def in_lab(lab: Lab, rows: int, kind: str) -> dict[str, float]:
    """Run the cell of an editor in a kernel of its own."""
    with lab.open(ROWS.format(rows=rows) + OF_KIND[kind], EDITOR, run=False) as book:
        book.is_spoilt = True  # the next round has a page of its own, too
        book.run_cell(0)
        return watched(book, "cell", {"seen": "Mapping editor", "preview": "of the first 200 rows mapped"}, cell=1)


def explored(lab: Lab, platform: dict[str, str], positions: int) -> dict[str, float]:
    """Ask for the first rows, for all, and again for all but stop."""
    setup = f"import os\nos.environ.update({platform!r})\nimport fcwork as fw\nimport polars as pl"
    with lab.open(setup, EXPLORER, run=False) as book:
        book.is_spoilt = True  # the next round has a page of its own, too
        book.run_cell(0)
        shown = watched(book, "cell", {"seen": "Not asked yet"}, cell=1)
        first = watched(book, "Run", {"rows": "1 to 25 of 100 rows"})
        every = watched(book, "All pages", {"progress": "[2-9] pages", "all": "· complete"})
        for root in ("orders", "inventoryPositions"):  # what is asked for anew
            book.choose("Ask for", root)
            book.sees(f"  {root} {{")
        watched(book, "All pages", {"going": "[0-9]{2,} pages · there is more"})
        stop = watched(book, "Stop", {"stopped": "Stopped"})
        kept = int(re.sub(r"\D", "", str(book.tells("explorer.found.count"))))
        assert 0 < kept < positions, kept
    return {
        "panel seen": shown["seen"],
        "first rows after Run": first["rows"],
        "first progress of All pages": every["progress"],
        "all pages": every["all"],
        "longest wait for the page meanwhile": every["page_wait"],
        "longest wait for the kernel meanwhile": every["kernel_wait"],
        "Stop": stop["stopped"],
    }


def watched(book: Book, press: str, words: dict[str, str], *, cell: int | None = None) -> dict[str, Any]:
    """Press a button, or run a cell, and return after how many seconds each text was seen."""
    if cell is not None:
        book.cell(cell).locator(".jp-InputPrompt").click()
        time.sleep(0.5)
    return dict(book.page.evaluate(WATCH, {"press": press, "words": words}))


def spread(figures: list[float]) -> str:
    """Return minimum, median and maximum."""
    return f"{min(figures):.2f}, {statistics.median(figures):.2f}, {max(figures):.2f}"


@contextmanager
def simulator(positions: int) -> Iterator[dict[str, str]]:
    """Start a simulator, and give the variables that lead to it."""
    command = [sys.executable, "-m", "fcwork", "simulate", "--port", "0", "--positions", str(positions)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            yield dict(variables(process.stdout))
        finally:
            process.terminate()


def variables(lines: Any) -> Iterator[tuple[str, str]]:
    """Yield what it says to export."""
    for line in lines:
        if said := re.fullmatch(r"  export (\w+)='?([^']*?)'?\n", line):
            yield said[1], said[2]
        elif line.startswith("Ctrl-C"):
            return


if __name__ == "__main__":
    main()
