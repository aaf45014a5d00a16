"""A load held against the loads before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from fcwork.ingestion.feed_profile import Profile
from fcwork.ingestion.feed_terms import Expect

_NAMED = 5  # locations in a message


@dataclass(frozen=True)
class Doubt:
    """What is not as it was: ``feed.rows``, ``feed.zeros``, ``feed.empty`` or ``feed.locations``."""

    code: str
    field: str
    message: str


def doubts(expect: Expect, profile: Profile, before: Sequence[Profile]) -> list[Doubt]:
    """Return what is not as it was in the loads before, of which there are enough."""
    return [
        *_of_rows(expect, profile, before),
        *_of_shares(expect, "zeros", profile, before),
        *_of_shares(expect, "empty", profile, before),
        *_of_locations(expect, profile, before),
    ]


def _of_rows(expect: Expect, profile: Profile, before: Sequence[Profile]) -> Iterator[Doubt]:
    allowed, usual = expect.share("rows"), median(each.rows for each in before)
    if allowed is not None and abs(profile.rows - usual) > allowed * usual:
        told = f"{profile.rows:,} rows are more than {expect.rows} away from the {usual:,.0f} of {_loads(before)}"
        yield Doubt("feed.rows", "", told)


def _of_shares(
    expect: Expect, what: Literal["zeros", "empty"], profile: Profile, before: Sequence[Profile]
) -> Iterator[Doubt]:
    allowed = expect.share(what)
    if allowed is None:
        return
    for name, share in _shares(profile, what).items():
        known = [_shares(each, what)[name] for each in before if name in _shares(each, what)]
        if len(known) >= expect.min_loads and abs(share - median(known)) > allowed:
            is_so, limit = ("zero" if what == "zeros" else "empty"), getattr(expect, what)
            told = f"{name} is {is_so} in {share:.1%} of the rows, and was in {median(known):.1%} in {_loads(before)}"
            told += f": more than {limit} apart"
            yield Doubt(f"feed.{what}", name, told)


def _of_locations(expect: Expect, profile: Profile, before: Sequence[Profile]) -> Iterator[Doubt]:
    told = [each.locations for each in before if each.locations is not None]
    if expect.missing_locations is None or profile.locations is None or len(told) < expect.min_loads:
        return
    loads: dict[str, int] = {}
    for name in (name for locations in told for name in locations):
        loads[name] = loads.get(name, 0) + 1
    usual = {name for name, times in loads.items() if 2 * times >= len(told)}
    missing = sorted(usual.difference(profile.locations))
    if len(missing) > expect.missing_locations:
        named = ", ".join(missing[:_NAMED]) + (f" and {len(missing) - _NAMED:,} more" if len(missing) > _NAMED else "")
        whose = _loads(before) if len(before) == 1 else f"half of {_loads(before)}"
        are = "location is" if len(missing) == 1 else "locations are"
        yield Doubt("feed.locations", "", f"{len(missing):,} {are} missing that {whose} had: {named}")


def _shares(profile: Profile, what: Literal["zeros", "empty"]) -> Mapping[str, float]:
    return profile.zeros if what == "zeros" else profile.empty


def _loads(before: Sequence[Profile]) -> str:
    return "the load before" if len(before) == 1 else f"the last {len(before)} loads"
