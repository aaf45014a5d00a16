"""Files as frames and frames as files, here, on S3 and on SFTP: csv, json, jsonl, parquet, xml; xlsx to read only."""

from fcwork.sources.apart import Apart, Unread, read_apart
from fcwork.sources.elsewhere import connect, connections
from fcwork.sources.filesystems.private import private
from fcwork.sources.moving import archive, move
from fcwork.sources.naming import literal
from fcwork.sources.place import digest, whole
from fcwork.sources.place import list_files as list  # noqa: A004 - the public name is `sources.list`
from fcwork.sources.probing import probe
from fcwork.sources.reading import File, ReadResult, read, read_with_issues, scan
from fcwork.sources.writing import as_written, check, write
from fcwork.sources.written import Written, WrittenFile

__all__ = [
    "Apart",
    "File",
    "ReadResult",
    "Unread",
    "Written",
    "WrittenFile",
    "archive",
    "as_written",
    "check",
    "connect",
    "connections",
    "digest",
    "list",
    "literal",
    "move",
    "private",
    "probe",
    "read",
    "read_apart",
    "read_with_issues",
    "scan",
    "whole",
    "write",
]
