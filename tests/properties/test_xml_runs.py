"""The fast pass of XML against the slow one."""

from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcwork import sources
from fcwork.sources import markup, regular

TEXTS = st.sampled_from(["", "a", "  x ", "1\n2", "é😀", "&", "<", "]]", "\u00a0", "0"])
NAMES = ("qty", "attribute", "attributes", "a", "b")
EXTRAS = ("<!-- <i><a>1</a></i> -->", "<![CDATA[<i a='1'/>]]>", "<?x?>", "\n  ")


def element(name: str, attributes: dict[str, str], inside: str, *, empty: bool) -> str:
    """Return an element as an exporter writes it."""
    told = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name}{told}/>" if empty and not inside else f"<{name}{told}>{inside}</{name}>"


ATTRIBUTES = st.dictionaries(st.sampled_from(["x", "y"]), TEXTS, max_size=2)
LEAVES = st.builds(element, st.sampled_from(NAMES), ATTRIBUTES | st.just({}), TEXTS.map(escape), empty=st.booleans())
NESTED = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        element, st.sampled_from(NAMES), ATTRIBUTES, st.lists(inner, max_size=4).map("\n".join), empty=st.booleans()
    ),
    max_leaves=6,
)
RECORDS = st.builds(element, st.just("i"), ATTRIBUTES, st.lists(NESTED, max_size=4).map("".join), empty=st.booleans())
FEWS = st.lists(RECORDS | st.sampled_from(EXTRAS), min_size=1, max_size=5)


@settings(max_examples=60, deadline=None)
@given(few=FEWS, times=st.integers(1, 4), size=st.sampled_from([50, 300, 4_000_000]), path=st.sampled_from(["", "i"]))
def test_what_is_taken_in_runs_is_what_goes_element_by_element(
    tmp_path_factory: pytest.TempPathFactory, few: list[str], times: int, size: int, path: str
) -> None:
    """P27: a file read by patterns has the rows, columns and types that the same file has element by element."""
    file = Path(tmp_path_factory.getbasetemp()) / "a.xml"
    file.write_text(f"<is>{''.join(few * times)}</is>", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(markup, "CHUNK_BYTES", size)
        patch.setattr(regular, "FIRST_BYTES", 20)
        patch.setattr(regular, "MIN_RUN", 10**9)
        slow = sources.read(file, "xml", path=path)
        patch.setattr(regular, "MIN_RUN", 1)
        fast = sources.read(file, "xml", path=path)
    assert fast.schema == slow.schema
    assert fast.rows() == slow.rows()
