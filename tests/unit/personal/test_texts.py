import json

import pytest

from fcwork import personal
from fcwork.personal.texts import spans_of_bytes
from fcwork.redact import MASK

T = "ann@example.com"


@pytest.fixture(autouse=True)
def hidden() -> None:
    """Hide two names."""
    personal.hide(["email", "customer.phone"])


@pytest.mark.parametrize(
    "text",
    [
        f'{{"email": "{T}", "ref": "R"}}',
        f"{{'email': '{T}', 'ref': 'R'}}",
        f'{{"EMAIL":"{T}","ref":"R"}}',
        json.dumps(json.dumps({"email": T, "ref": "R"})),
        json.dumps(json.dumps(json.dumps({"email": T, "ref": "R"}))),
        f'{{"email": "x\\"{T}", "ref": "R"}}',
        f'{{"email": b"{T}", "ref": "R"}}',
        f'{{"email": ["{T}", "}}"], "ref": "R"}}',
        f'{{"email": {{"work": {{"is": "{T}"}}}}, "ref": "R"}}',
        f'{{"name": "email", "type": "STRING", "value": "{T}", "ref": "R"}}',
        f'{{"value": "{T}", "name": "email", "ref": "R"}}',
        f"<email>{T}</email><ref>R</ref>",
        f"<a:email kind='x'><work>{T}</work></a:email><ref>R</ref>",
        f"&lt;email&gt;{T}&lt;/email&gt; R",
        f"&quot;email&quot;: &quot;{T}&quot;, R",
        f"Customer(email='{T}', ref='R')",
        f"email={T} ref=R",
        f"OrderedDict([('email', '{T}'), ('ref', 'R')])",
        f"{{'email': 'words '\n          '{T}',\n 'ref': 'R'}}",
        f'<customer email="{T}" ref="R"/>',
        f"https://x.example/?email={T}&ref=R",
        f"conversion failed in column 'email' for 1 out of 2 values: [\"{T}\", …] R",
    ],
)
def test_a_value_is_known_by_the_name_before_it(text: str) -> None:
    """The value that stands behind a hidden name is replaced, in JSON, Python, XML and URLs; nothing beside it is."""
    shown = personal.text(text)
    assert T not in shown
    assert MASK in shown
    assert "R" in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("C(email=44, born=1)", f"C(email={MASK}, born=1)"),
        ("C(email=datetime.date(1971, 7, 1))", f"C(email={MASK})"),
        ("[('email', 44), ('a', 1)]", f"[('email', {MASK}), ('a', 1)]"),
        ("('email', datetime.date(1971, 7, 1))", f"('email', {MASK})"),
        ("Schema([('email', String)])", "Schema([('email', String)])"),
        ("f(email=None) if email == 3 else x.email=3", "f(email=None) if email == 3 else x.email=3"),
    ],
)
def test_what_has_no_quotes_is_known_by_its_name_too(text: str, shown: str) -> None:
    """Numbers and dates of a record are hidden as Python writes them; types, null and comparisons stay."""
    assert personal.text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "{'value': 'x'}, " * 20_000 + "email",
        "{'value': 'x', 'name': 'y'}, " * 20_000 + "email",
        "\\" * 40_000 + "email",
    ],
)
def test_a_long_text_is_gone_through_once(text: str) -> None:
    """Attributes by the thousand, and hostile texts, are as they were at once, and not after hours."""
    assert personal.text(text) == text


@pytest.mark.parametrize("text", [f'"email": "{T}', f"<email>{T}", f'{{"email": ["{T}"', f"{{'email': '{T}"])
def test_what_is_cut_off_is_hidden_to_its_end(text: str) -> None:
    """A text that was cut short in the middle of a value shows no part of it."""
    assert T not in personal.text(text)


@pytest.mark.parametrize(
    "text", [f"write to {T}", '{"email": null}', "{'email': None}", '{"emails": "x"}', "<email/>", ""]
)
def test_the_rest_stays_as_it_is(text: str) -> None:
    """A text without a hidden name before a value is not changed, and what is null stays null."""
    assert personal.text(text) == text


def test_elements_of_a_page_are_no_data() -> None:
    """In HTML its own elements and attributes stay, and escaped data does not."""
    personal.hide(["class", "b"])
    page = '<p class="told"><b>x</b> &quot;class&quot;: &quot;secret&quot;</p>'
    assert personal.text(page, markup=True) == page.replace("secret", MASK)


def test_bytes_are_counted_as_bytes() -> None:
    """The places of hidden values are those of bytes, whatever characters stand before them or in them."""
    raw = '{"name":"Zoë","email":"é@x","n":1}'.encode()
    assert [raw[start:stop].decode() for start, stop in spans_of_bytes(raw)] == ["é@x"]
    broken = b'{"x":"\xff\xfe","email":"\xff@x"}'
    assert [broken[start:stop] for start, stop in spans_of_bytes(broken)] == [b"\xff@x"]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "part",
    [
        '"email": "',
        "<email>",
        "&lt;email&gt;",
        '"email": [',
        "email='",
        '"name": "email" ',
        '"value": "x" ',
        "{'email': ",
    ],
)
def test_long_texts_that_never_end_take_no_time(part: str) -> None:
    """P24: a text of a hundred thousand beginnings is gone through in seconds."""
    personal.text(part * 20_000)
