"""Read, map and check one file, and print the seconds of each as JSON: ``python map_and_check.py CSV MAPPING.json``."""

import json
import resource
import sys
import time

from stock_lines import RULES

import fcwork as fw


def main(csv: str, mapping: str) -> None:
    """Do the work, stage by stage."""
    start = time.perf_counter()
    rows = fw.sources.read(csv)
    read = time.perf_counter()
    mapped = fw.Mapper.load(mapping).apply(rows)
    done = time.perf_counter()
    checked = fw.Validator(RULES).check(mapped.frame)
    end = time.perf_counter()
    laps = {"read": read - start, "map": done - read, "check": end - done, "rows": checked.valid_count}
    print(json.dumps({**laps, "megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
