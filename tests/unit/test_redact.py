"""Secrets stay hidden in every form they travel in."""

import base64
import copy
import html
import json
import os
import pickle
import reprlib
import threading
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fcwork import redact
from fcwork.redact import MASK, Secret

VALUE = 'p@ss/wörd "&<1>+ ='
SHOWN: dict[str, Callable[[str], str]] = {
    "raw": str,
    "url path": quote,
    "url, all quoted": lambda value: quote(value, safe=""),
    "form": quote_plus,
    "html": html.escape,
    "json": json.dumps,
    "json, unicode": lambda value: json.dumps(value, ensure_ascii=False),
    "repr": repr,
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64, url-safe": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "basic auth": lambda value: base64.b64encode(f"user:{value}".encode()).decode(),
    "basic auth, shifted by one": lambda value: base64.b64encode(f"users:{value}!".encode()).decode(),
    "basic auth, shifted by two": lambda value: base64.b64encode(f"userss:{value}?!".encode()).decode(),
}


@pytest.fixture
def secret() -> Secret:
    """A value that is known to be secret."""
    return Secret(VALUE)


@pytest.mark.parametrize("form", SHOWN)
@pytest.mark.usefixtures("secret")
def test_a_known_secret_is_masked_in_every_spelling(form: str) -> None:
    """P8: a secret is masked raw, URL-encoded, HTML- and JSON-escaped, and in base64 also inside a longer text."""
    shown = SHOWN[form](VALUE)
    text = f"before {shown} after"
    masked = redact.mask(text)
    assert redact.holds_secret(text)
    assert MASK in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    assert not redact.holds_secret(masked)
    assert VALUE[2:8] not in masked


@pytest.mark.parametrize(
    "show", [str, repr, "{}".format, "%s".__mod__, "{:>40}".format], ids=lambda show: str(show)[:30]
)
def test_a_secret_shows_itself_to_nobody(secret: Secret, show: Callable[[Secret], str]) -> None:
    """P9: str, repr and format of a secret hold the mask instead of the value."""
    assert VALUE not in show(secret)
    assert MASK in show(secret)


def test_a_secret_has_no_attributes_to_read(secret: Secret) -> None:
    """P9: vars and json find nothing in a secret, and it cannot be changed."""
    with pytest.raises(TypeError):
        vars(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)
    with pytest.raises(AttributeError, match="does not change"):
        secret.value = "other"


def test_a_pickled_secret_is_lost(secret: Secret) -> None:
    """P9: a pickle or copy of a secret holds none, is false, and says so when asked."""
    packed = pickle.dumps(secret)
    assert VALUE.encode() not in packed
    for lost in (pickle.loads(packed), copy.deepcopy(secret)):  # noqa: S301 - packed above
        assert not lost
        assert str(lost) == MASK
        with pytest.raises(LookupError, match="left behind"):
            lost.reveal()


def test_secrets_compare_by_value_only(secret: Secret) -> None:
    """A secret equals another of the same value and nothing else, and is false when empty."""
    assert secret == Secret(VALUE)
    assert secret != Secret("other")
    assert secret != VALUE
    assert len({secret, Secret(VALUE)}) == 1
    assert secret.reveal() == VALUE
    assert secret
    assert not Secret("")


def test_the_longest_secret_is_masked_whole() -> None:
    """P8: of two secrets where one begins the other, the longer leaves no tail behind."""
    redact.register("prefix-of-secret", "prefix-of-secret-and-more")
    assert redact.mask("x prefix-of-secret-and-more y") == f"x {MASK} y"


def test_very_short_values_are_not_masked() -> None:
    """A value of under four characters would mask ordinary words, and is left."""
    redact.register("to", "")
    assert redact.mask("to be or not to be") == "to be or not to be"


@pytest.mark.usefixtures("secret")
def test_headers_are_masked_by_name_and_by_value() -> None:
    """P9: credentials' headers are masked whole, others where they hold a known secret; names stay as they came."""
    headers = {
        "Authorization": "Bearer unknown-token",
        "X-Api-Key": "unknown",
        "X-Other": f"a {VALUE}",
        "Accept": "*/*",
    }
    assert redact.mask_headers(headers) == {
        "Authorization": MASK,
        "X-Api-Key": MASK,
        "X-Other": f"a {MASK}",
        "Accept": "*/*",
    }
    assert redact.mask_headers([("COOKIE", "a=b")]) == {"COOKIE": MASK}


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        (
            "https://acme.example/oauth/token?username=u&password=p#x",
            f"https://acme.example/oauth/token?username={MASK}&password={MASK}#x",
        ),
        ("https://user:word@acme.example/a@b?c=d", f"https://{MASK}@acme.example/a@b?c={MASK}"),
        ("sftp://host/in/a.csv", "sftp://host/in/a.csv"),
        ("s3://bucket/a@b.csv", "s3://bucket/a@b.csv"),
        ("https://acme.example/?a=", f"https://acme.example/?a={MASK}"),
    ],
)
def test_a_url_keeps_its_place_only(url: str, masked: str) -> None:
    """P9: a URL loses its user, password and query values, and keeps host, path and names."""
    assert redact.mask_url(url) == masked


@pytest.mark.usefixtures("secret")
def test_values_are_masked_at_any_depth() -> None:
    """P9: texts in dicts, keys among them, and in lists and tuples are masked; other values stay."""
    value = {"a": [VALUE, 5, None, (VALUE,)], VALUE: {"b": f"x{VALUE}"}, "flag": True}
    assert redact.mask_values(value) == {"a": [MASK, 5, None, [MASK]], MASK: {"b": f"x{MASK}"}, "flag": True}


@pytest.mark.parametrize(
    ("url", "passwords"),
    [
        ("postgresql://user:some-word@db/team", ["some-word"]),
        ("postgresql://user:some%40word@db/team", ["some%40word", "some@word"]),
        ("postgresql://:some-word@db/team", ["some-word"]),
        ("mysql:/user:some@word@db/team", ["some@word"]),
        ("postgresql://db/team?a=b&password=some%26word", ["some%26word", "some&word"]),
        ("postgresql://db/team?sslpassword=key-word", ["key-word"]),
    ],
)
def test_a_urls_password_can_be_made_known(url: str, passwords: list[str]) -> None:
    """P9: the passwords of a URL are known from then on, as written and as meant, and the URL as a whole."""
    redact.register_url(url)
    assert [redact.mask(f"it is {password}!") for password in passwords] == [f"it is {MASK}!"] * len(passwords)
    assert redact.mask(f"see {url}.") == f"see {MASK}."


@pytest.mark.parametrize("place", ["", "state.sqlite", "C:\\a@b", "/a:b/c.sqlite", "postgresql://db/team?sslmode=off"])
def test_a_place_without_a_password_is_no_secret(place: str) -> None:
    """A path, or a URL without a password, is shown as it is."""
    redact.register_url(place)
    assert redact.mask(f"at {place}") == f"at {place}"


@pytest.mark.parametrize(
    "text", ["token = 'learned-in-kernel'", "a learned-in-kernel\nb learned-in-kernel", "learned-in-kernel"]
)
def test_what_another_process_masked_becomes_known(text: str) -> None:
    """P8: what stands where another process put a mask is masked here too."""
    redact.learn(text, text.replace("learned-in-kernel", redact.MASK))

    assert redact.mask("say learned-in-kernel") == f"say {MASK}"


@pytest.mark.parametrize("masked", ["one ••• three", "another text ••••", "one two three"])
def test_from_another_text_nothing_is_learned(masked: str) -> None:
    """A mask that belongs to another text, or stands for a word too short to be masked, makes nothing known."""
    redact.learn("one two three", masked)

    assert redact.mask("one two three another text") == "one two three another text"


LONG = "abcdefghij-a-secret-that-a-display-cuts-short-0123456789"


@pytest.mark.parametrize(
    "shown",
    [
        "│ abcdefghij-a-secret-that-a-di… │",
        "xxxxxxabcdefgh...",
        "<td>abcdefgh&hellip;</td>",
        "'xxabcdef...456789'",
        '<Expr [\'col("t") == ("abcdef…\']>',
        '"abcdefghij-a (... 44 chars omitted)"',
        "a: 'abcdefghij-a-secret' + 37",
        "invalid literal for int() with base 10: 'abcdefghij-a-secret-that",
        "…0123456789",
    ],
)
def test_what_a_cut_left_of_a_secret_is_masked_too(shown: str) -> None:
    """P8: the beginning of a known secret before the mark of a cut, and its end after one, are masked."""
    redact.register(LONG)
    masked = redact.mask(shown)
    assert MASK in masked
    assert not any(LONG[at : at + 6] in masked for at in range(len(LONG) - 5))
    assert redact.holds_secret(shown)
    assert not redact.holds_secret(masked)


@pytest.mark.parametrize(
    "text", ["abcde… is short", "abcdefghij-a-secret, and no cut", "... secret ...", "wait … 'abc' + 3", "…", "..."]
)
def test_what_is_no_piece_of_a_secret_stays(text: str) -> None:
    """A word that a secret begins with too is left where nothing was cut, and so is what is very short."""
    redact.register(LONG)
    assert redact.mask(text) == text
    assert not redact.holds_secret(text)


@pytest.mark.parametrize("kind", ["polars", "pandas", "pyarrow", "numpy", "reprlib"])
def test_no_library_shows_the_beginning_of_a_secret(kind: str) -> None:
    """P8: what polars, pandas, pyarrow, numpy and reprlib show of a frame, its names and its values tells nothing."""
    redact.register(LONG * 3)
    value = f"Bearer {LONG * 3}"
    shown = {
        "polars": lambda: [
            pl.DataFrame({"a": [value], LONG * 3: [[value]]}),
            pl.Series("a", [{"b": value}]),
            pl.col("a").is_in([value]),
        ],
        "pandas": lambda: [
            pd.DataFrame({"a": [value]}, index=pd.Index([value], name=value)),
            pd.Series([value]),
            pd.MultiIndex.from_tuples([(value, "b")]),
        ],
        "pyarrow": lambda: [pa.table({"a": [value]}), pa.array([value]), pa.schema([(value, pa.int8())])],
        "numpy": lambda: [np.array([value]), np.array([value, 1], dtype=object)],
        "reprlib": lambda: [reprlib.repr(value)],
    }[kind]()
    texts = [form(one) for one in shown for form in (str, repr)]
    texts += [one._repr_html_() for one in shown if hasattr(one, "_repr_html_")]
    for text in texts:
        assert not any(LONG[at : at + 7] in redact.mask(text) for at in range(len(LONG) - 6)), text


def test_secrets_may_become_known_while_others_mask() -> None:
    """A thread that masks is not in the way of one that makes secrets known, nor the other way round."""
    stop = threading.Event()

    def others() -> None:
        for at in range(200):
            redact.register(f"secret-of-a-thread-{at}")
        stop.set()

    thread = threading.Thread(target=others)
    thread.start()
    while not stop.is_set():
        assert redact.mask("secret-o… so far") in ("secret-o… so far", f"{MASK}… so far")
    thread.join()
    assert redact.mask("secret-of-a-thread-199") == MASK


def test_a_secret_may_be_any_bytes() -> None:
    """P9: bytes that are no text, as a variable of the environment may hold them, are a secret like another."""
    value = os.fsdecode(b"\xff\xfe-and-more")
    assert Secret(value)
    assert redact.mask(f"it is {value}") == f"it is {MASK}"
