"""Load a source into the platform: plan (read, map, check, gate), look, then apply; notebook and CLI use the same."""

from fcwork.ingestion.gate import Gate
from fcwork.ingestion.plan import IngestPlan, ingest
from fcwork.ingestion.result import COUNTS, IngestResult
from fcwork.ingestion.stages import Stage

__all__ = ["COUNTS", "Gate", "IngestPlan", "IngestResult", "Stage", "ingest"]
