"""The floor of the ingest work: bare polars and httpx do only read, select, JSON and POST; no errors, ledger or resume.

python tests/benchmarks/floor_ingest.py URL CSV
"""

import resource
import sys
import time

import httpx
import polars as pl

url, csv = sys.argv[1:3]
start = time.perf_counter()
rows = pl.read_csv(csv, infer_schema=False)
condition = pl.col("condition")
mapped = rows.select(
    ref=pl.col("sku"),
    type=pl.lit("INVENTORY_POSITION"),
    qty=pl.col("quantity").cast(pl.Int64, strict=False),
    productRef=pl.col("product_id"),
    locationRef=pl.col("location_id"),
    condition=pl.when(condition.is_null() | (condition == "")).then(pl.lit("NEW")).otherwise(condition),
)
head = b'{"action":"UPSERT","entityType":"INVENTORY","entities":'
with httpx.Client(base_url=url, headers={"content-type": "application/json"}) as client:
    for at in range(0, mapped.height, 5000):
        body = head + mapped.slice(at, 5000).write_json().encode() + b"}"
        client.post("/api/v4.1/job/1/batch", content=body).raise_for_status()
seconds = time.perf_counter() - start
print(f"{seconds:.3f} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}")
