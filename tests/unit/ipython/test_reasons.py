"""Why an answer is not all."""

import re

import pytest

from fcwork.client.paging import Pages
from fcwork.ipython import reasons

BULLETS = [line for line in str(Pages.__doc__).splitlines() if line.strip().startswith("- ``")]
CODES = sorted(set(re.findall(r"``(\w+)", "".join(BULLETS))) - {"unfinished"})


@pytest.mark.parametrize("code", CODES)
def test_each_reason_is_told_in_words(code: str) -> None:
    """P28: whatever keeps an answer from being all is said in words, the platform's doing with its name as well."""
    told = reasons.told(f"{code}: order.items" if code.startswith("nested") else code)
    assert " " in told.replace(f"{code}: order.items", "")
    assert (f"({code}" in told) == (code not in reasons.LIMITS | {reasons.ERRORS})
