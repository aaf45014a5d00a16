"""All files that are known of a target, whichever workflow loads them."""

from __future__ import annotations

import polars as pl

from fcwork.ingestion.files import FILES, called, line_of, prefix_of, record_of
from fcwork.store import Store

# One row a file.
KNOWN = pl.Schema({"workflow": pl.String(), **FILES})


def known_files(store: Store, *, target: str) -> pl.DataFrame:
    """Return the files that are loaded to a target in the columns of ``KNOWN``, those changed last first."""
    begin, rows = prefix_of(target), []
    for key, value in store.items(begin):
        record = record_of(value)
        workflow = key.removeprefix(begin).removesuffix(f":{called(record.version.name)}")
        rows.append({"workflow": workflow, **line_of(record)})
    return pl.DataFrame(rows, schema=KNOWN).sort("updated_at", "name", descending=[True, False])
