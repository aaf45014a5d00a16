"""What a caller says of a job, as a record can keep it: known secrets masked, everything else as JSON has it."""

from __future__ import annotations

import json
import re
import secrets
import traceback
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fcwork.errors import JobError
from fcwork.redact import mask, mask_values

ID_LENGTH = 200
DEEPEST = 100  # levels of details: far less than Python's limit, which whoever reads them may be near to already


def text(value: object) -> str:
    """Return a value as a text of the record."""
    return mask(str(value))


def new_id(name: str, now: datetime) -> str:
    """Return an id that no other job has, which tells when and what for people."""
    word = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:40] or "job"
    return f"{now:%Y%m%dT%H%M%SZ}-{word}-{secrets.token_hex(4)}"


def checked_id(job_id: Any) -> str:
    """Return an id as it is.

    Raises:
        JobError: it is no text, empty, too long or not printable.
    """
    if not isinstance(job_id, str):
        raise JobError(f"{job_id!r} is no id for a job", hint="an id is a text")
    if not job_id or len(job_id) > ID_LENGTH or not job_id.isprintable():
        raise JobError(f"{job_id[:40]!r} is no id for a job", hint=f"give 1 to {ID_LENGTH} printable characters")
    return job_id


def details(job_id: str, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return details as JSON has them; what JSON has no form for becomes text.

    Raises:
        JobError: they are no mapping, or JSON cannot hold them.
    """
    try:
        plain: dict[str, Any] = json.loads(json.dumps(mask_values(dict(given or {})), default=str, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise _untold(job_id, str(error)) from error
    except RecursionError:
        too_deep = True
    else:
        too_deep = _depth(plain) > DEEPEST
    if too_deep:
        raise _untold(job_id, f"they are nested more than {DEEPEST} deep, or hold themselves")
    return plain


def counts(job_id: str, given: Mapping[str, Any] | None) -> dict[str, int]:
    """Return counts as they are, whole numbers of any library as Python's own.

    Raises:
        JobError: they are no mapping of names to whole numbers from zero.
    """
    if given is not None and not isinstance(given, Mapping):
        raise _uncountable(job_id, given)
    return {text(name): _whole(job_id, name, number) for name, number in (given or {}).items()}


def error_texts(error: BaseException | str) -> tuple[str, str]:
    """Return an error's line and its traceback."""
    if isinstance(error, str):
        return mask(error), ""
    said = traceback.TracebackException(type(error), error, error.__traceback__)  # it copes with a broken __str__
    return mask(f"{type(error).__name__}: {said}"), mask("".join(said.format()))


def _depth(plain: Any) -> int:
    """Return how many levels JSON-like data has, from what is on each."""
    level, depth = [plain], 0
    while level:
        depth += 1
        inner = (item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list))
        level = [item for items in inner for item in items]
    return depth


def _untold(job_id: str, why: str) -> JobError:
    hint = "details are a mapping of names to what JSON has: texts, numbers, lists and the like"
    return JobError(f"the details of job {job_id!r} cannot be kept: {why}", hint=hint, job_id=job_id)


def _whole(job_id: str, name: object, number: Any) -> int:
    if isinstance(number, bool) or not hasattr(number, "__index__") or (whole := number.__index__()) < 0:
        raise _uncountable(job_id, {name: number})
    return int(whole)


def _uncountable(job_id: str, given: object) -> JobError:
    return JobError(
        f"the counts of job {job_id!r} cannot be kept: {given!r}",
        hint="counts are whole numbers from zero, by name: {'rows': 100}; anything else is a detail",
        job_id=job_id,
    )
