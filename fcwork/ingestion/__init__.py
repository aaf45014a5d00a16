"""Load a source into the platform: plan (read, map, check, gate), look, then apply; notebook and CLI use the same."""

from fcwork.ingestion.feed_terms import Expect
from fcwork.ingestion.files import FileLedger, FileRecord, FileVersion
from fcwork.ingestion.gate import Gate
from fcwork.ingestion.plan import IngestPlan
from fcwork.ingestion.planning import ingest
from fcwork.ingestion.result import COUNTS, IngestResult, Moved, Skipped
from fcwork.stages import Stage

__all__ = [
    "COUNTS",
    "Expect",
    "FileLedger",
    "FileRecord",
    "FileVersion",
    "Gate",
    "IngestPlan",
    "IngestResult",
    "Moved",
    "Skipped",
    "Stage",
    "ingest",
]
