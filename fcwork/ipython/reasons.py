"""Why an answer is not all, in words for people."""

from __future__ import annotations

from fcwork.client.paging import MAX_PAGES, MAX_RECORDS

LIMITS = {MAX_PAGES, MAX_RECORDS}
INTERRUPTED, AN_ERROR, ERRORS, NOT_PAGED = "interrupted", "an error ended it", "errors", "not_paged"
NULL_ITEMS = "null_items"
_PLAIN = {
    MAX_PAGES: "there is more, which --all fetches",
    MAX_RECORDS: "there is more than --max-records",
    ERRORS: "the platform answered with errors",
    NOT_PAGED: "a connection in it is not paged, and may have more",
    NULL_ITEMS: "entries that are null are left out",
}
_OF_PAGES = {
    "no_page_info": "the platform does not say whether there is more",
    "no_cursor": "there is more, and the platform gives no way to it",
    "repeated_cursor": "the platform gives the same cursor again",
    "empty_page": "the platform gives an empty page, and says that there is more",
    "empty_pages": "the platform gives one empty page after another",
    "no_connection": "a page came without the connection",
    "null_nodes": "entries without a node are left out",
    "truncated": "a list inside the rows is cut",
    "gone": "an object with a list was not found again",
}


def told(reason: str) -> str:
    """Return a reason of ``Pages`` or of the magic in words; one of the platform's making keeps its name."""
    words = _OF_PAGES.get(reason.partition(": ")[0].removeprefix("nested_"))
    if words is None:
        return _PLAIN.get(reason, reason)
    return f"{words} ({reason})"
