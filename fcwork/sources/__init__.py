"""Files as frames and frames as files: csv, json, jsonl, parquet and (read only) xml of this machine."""

from fcwork.sources.place import digest, whole
from fcwork.sources.place import list_files as list  # noqa: A004 - the public name is `sources.list`
from fcwork.sources.reading import File, ReadResult, read, read_with_issues, scan
from fcwork.sources.writing import as_written, write

__all__ = ["File", "ReadResult", "as_written", "digest", "list", "read", "read_with_issues", "scan", "whole", "write"]
