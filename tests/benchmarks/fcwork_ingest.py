"""fcwork on the ingest work: read, map, check, encode, post in batches of 5,000 with the ledger on.

python tests/benchmarks/fcwork_ingest.py URL CSV
"""

import resource
import sys
import time

from stock_lines import MAPPING, RULES

import fcwork as fw

url, csv = sys.argv[1:3]
assert all((fw.ingest, fw.FluentClient))  # imported, as the libraries of the floor are
start = time.perf_counter()
client = fw.FluentClient(base_url=url, client_id="bench", client_secret="bench-secret", retailer_id="1")
result = fw.ingest(client, csv, mapping=MAPPING, rules=RULES, verify=False).apply(dry_run=False)
seconds = time.perf_counter() - start
assert result.counts["delivered"] == result.counts["read"], result.summary
stages = " ".join(f"{stage.name}={stage.seconds:.2f}" for stage in result.stages)
print(f"{seconds:.3f} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} {stages}")
