"""Results as ``ingest`` returns them, small and made by hand."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from fcwork import frames
from fcwork.extraction import ExtractResult
from fcwork.ingestion import IngestResult
from fcwork.ingestion.gate import Gate
from fcwork.recovery.result import dead_letters
from fcwork.sources import Written, WrittenFile
from fcwork.stages import Stage

AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>"
Make = Callable[..., IngestResult]


def rows(*numbers: int, **columns: Any) -> pl.DataFrame:
    """Return rows of a source, by their numbers."""
    named = {"sku": [f"SKU-{number}" for number in numbers], **columns}
    return pl.DataFrame({**named, "_row": list(numbers), "_source": ["in.csv"] * len(numbers)})


def found(rejected: pl.DataFrame, code: str, message: str = "it is wrong") -> pl.DataFrame:
    """Return an issue of ``code`` for each row."""
    return frames.issues(
        rejected,
        stage=code.partition(".")[0],  # type: ignore[arg-type]
        field="sku",
        code=code,
        message=message,
        at=AT,
        value=pl.col("sku"),
    )


@pytest.fixture
def make() -> Make:
    """Return what makes a result: two rows rejected by the mapping, one by the platform, three delivered."""

    def result(**changes: Any) -> IngestResult:
        unmapped = rows(3, 4, _errors=["x", "x"], _stage=["map", "map"])
        refused = rows(7, _errors=["x"], _stage=["send"])
        issues = frames.join_issues([found(unmapped, "map.required"), found(refused, "send.rejected")])
        usual: dict[str, Any] = {
            "delivered": rows(2, 5, 6),
            "rejected": pl.concat([unmapped, refused]),
            "unknown": rows().cast({"sku": pl.String, "_source": pl.String}),
            "ready": rows().cast({"sku": pl.String, "_source": pl.String}),
            "dead_letters": dead_letters(pl.concat([unmapped, refused]), issues),
            "issues": issues,
            "counts": {"read": 6, "mapped": 4, "rejected": 3, "delivered": 3, "unknown": 0, "ready": 0},
            "state": "COMPLETED_WITH_ERRORS",
            "target": "acme.sandbox.api.fluentretail.com (retailer 34)",
            "dry_run": False,
            "gate": Gate("50%"),
            "source": {"uri": "in.csv", "format": "csv", "bytes": 1234, "sha256": "ab" * 32},
            "mapping": "inventory.json",
            "skipped": (),
            "stages": (Stage("read", 6, 0.1), Stage("send", 4, 2.5)),
            "checkpoint": "",
        }
        return IngestResult(**{**usual, **changes})

    return result


@pytest.fixture
def extracted() -> Callable[..., ExtractResult]:
    """Return what makes a result of an extraction: of ten orders seven are written, two rejected, one came again."""

    def result(**changes: Any) -> ExtractResult:
        rejected = rows(3, 4, _errors=["x", "x"])
        file = WrittenFile("out/orders-1.csv", "orders-1.csv", 7, 1234, "ab" * 32)
        usual: dict[str, Any] = {
            "frame": None,
            "rejected": rejected,
            "issues": found(rejected, "map.required"),
            "rows": 7,
            "pages": 2,
            "complete": True,
            "reasons": (),
            "limited": False,
            "counts": {"read": 10, "repeated": 1, "known": 0, "mapped": 7, "rejected": 2, "written": 7, "ready": 0},
            "state": "COMPLETED_WITH_ERRORS",
            "entity": "orders",
            "target": "acme.sandbox.api.fluentretail.com (retailer 34)",
            "since": AT,
            "watermark": AT,
            "watermark_name": "stock",
            "files": Written("out", "csv", 7, (file, file), "out/orders.manifest.json"),
            "stages": (Stage("fetch", 10, 0.5), Stage("deliver", 10, 0.1)),
        }
        return ExtractResult(**{**usual, **changes})

    return result
