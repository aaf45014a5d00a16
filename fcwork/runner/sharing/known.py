"""What an index keeps of the pages that it was made of, so that the next one reads only those that are new.

It is believed of a page only while that is listed with the same size, time and tag; so an index may be lost, be damaged
or be an older one without harm.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from fcwork.runner.sharing.facts import Facts

ENDING = ".html"
Known = Mapping[str, tuple[str, Facts]]  # by the name of the page: its stamp, and what it tells
_META, _VERSION = "fcwork-pages", 1
_FOUND = re.compile(rf"<meta name=\"{_META}\" content='([^']*)'>")
_SETTLED = timedelta(minutes=1)  # by then a page that is written again has another time, whoever's clock it is by


def tag(known: Known) -> str:
    """Return what is kept as a tag for the head of an index."""
    pages = {name: {"stamp": stamp, **_needed(facts)} for name, (stamp, facts) in known.items()}
    told = json.dumps({"version": _VERSION, "pages": pages}, ensure_ascii=False, separators=(",", ":"))
    text = html.escape(told, quote=False).replace("'", "&#39;")  # of JSON's many quotes each would be six letters
    return f"<meta name=\"{_META}\" content='{text}'>"


def found_in(index: str) -> Known:
    """Return what an index keeps; nothing of what cannot be read."""
    found = _FOUND.search(index)
    try:
        told = json.loads(html.unescape(found[1])) if found else None
    except (ValueError, RecursionError):
        return {}
    pages = told.get("pages") if isinstance(told, dict) and told.get("version") == _VERSION else None
    known = {}
    for name, page in pages.items() if isinstance(pages, dict) else ():
        with suppress(AttributeError, KeyError, TypeError, ValueError, OverflowError):
            known[name] = (str(page["stamp"]), Facts.of(page, run_id=name.removesuffix(ENDING)))
    return known


def stamp(file: Mapping[str, Any], now: datetime) -> str:
    """Return what changes with a listed page; nothing where that cannot be told yet, as it has only been written."""
    if not file["etag"] and now - file["modified_at"] < _SETTLED:
        return ""
    return f"{file['size']} {file['modified_at'].isoformat()} {file['etag'] or ''}".rstrip()


def _needed(facts: Facts) -> dict[str, Any]:
    """Return the facts that an index shows."""
    return replace(facts, name="", reason="").told()
