"""Read, map and check the same file with the SDK and with fcwork, in turn: ``python beside_sdk.py [ROWS] [ROUNDS]``.

``PEER_DIR`` names a folder where ``npm install @fluentcommerce/fc-connect-sdk@0.1.56`` was run; without it, or without
node, fcwork runs alone. Two mappings: the six fields of an inventory, and twenty fields with dates, decimals and nested
attributes. Figures are medians.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench_mapper import SEED, WIDE, stock

HERE = Path(__file__).parent
STAGES = ("read", "map", "check")


def main(rows: int = 1_000_000, rounds: int = 3) -> None:
    """Print one row a mapping and side, and the ratios."""
    sides = {"fcwork": [sys.executable, str(HERE / "map_and_check.py")]}
    if os.environ.get("PEER_DIR") and shutil.which("node"):
        sides["SDK 0.1.56"] = ["node", "--max-old-space-size=12000", str(HERE / "sdk_map_and_check.mjs")]
    print(f"| {rows:,} rows | side | read s | map s | check s | rows/s mapped | peak MB |\n|{' --- |' * 7}")
    with tempfile.TemporaryDirectory() as folder:
        csv = Path(folder) / "stock.csv"
        stock(rows).write_csv(csv)
        for name, config in {"6 fields": SEED, "20 fields": WIDE}.items():
            mapping = Path(folder) / "mapping.json"
            mapping.write_text(json.dumps(config), "utf-8")
            runs: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
            for _ in range(rounds):
                for side, command in sides.items():
                    runs[side].append(run([*command, str(csv), str(mapping)]))
            told(name, runs)


def run(command: list[str]) -> dict[str, Any]:
    """Run one side once, and return what it printed."""
    environment = {**os.environ, "FCWORK_LOG": "quiet"}
    answer = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    figures: dict[str, Any] = json.loads(answer.splitlines()[-1])
    return figures


def told(name: str, runs: dict[str, list[dict[str, Any]]]) -> None:
    """Print the medians of each side, and how many times as fast ours is."""
    medians = {
        side: {key: statistics.median(figures[key] for figures in all_figures) for key in all_figures[0]}
        for side, all_figures in runs.items()
    }
    for side, figures in medians.items():
        laps = " | ".join(f"{figures[stage]:.2f}" for stage in STAGES)
        rate = figures["rows"] / figures["map"]
        print(f"| {name} | {side} | {laps} | {rate:,.0f} | {figures['megabytes']:,.0f} |")
    if len(medians) > 1:
        ours, theirs = medians.values()
        print(f"| {name} | times as fast | {' | '.join(f'{theirs[s] / ours[s]:.0f}' for s in STAGES)} | | |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
