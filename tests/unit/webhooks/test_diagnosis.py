"""The story of a refused webhook: which key signed which form of the body, and where the bytes differ."""

import base64
import gzip
import hmac
import html
import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from urllib.parse import quote

import polars as pl
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from fcwork.clock import ManualClock
from fcwork.errors import StoreError, WebhookError
from fcwork.webhooks import MD5, SHA512, KeyRing, Verdict, diagnose, verify
from fcwork.webhooks.hexview import first_difference, hex_view, spelt
from fcwork.webhooks.variants import redumped, variants

EVENT = {
    "id": "e-1",
    "name": "OrderBooked",
    "accountId": "ACME",
    "retailerId": "1",
    "entityType": "ORDER",
    "entityRef": "O-1",
    "attributes": {"note": "a/b <é> & ü"},
}
BODY = json.dumps(EVENT, separators=(",", ":"), ensure_ascii=False).encode()
STEPS = ["body", "keys", "header", "signature", "event", "tenant", "replay"]
Headers = dict[str, str]


@cache
def private(name: str = "prod") -> RSAPrivateKey:
    """Return a key pair, made once a name."""
    return generate_private_key(65_537, 1024 if name == "small" else 2048)


def public(name: str = "prod") -> str:
    """Return the public half as PEM."""
    return private(name).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def sign(body: bytes = BODY, name: str = "prod", digest: Any = None) -> str:
    """Return a signature as the platform writes it."""
    return base64.b64encode(private(name).sign(body, PKCS1v15(), digest or hashes.SHA512())).decode()


def signed(body: bytes = BODY, name: str = "prod") -> Headers:
    """Return both headers of the platform."""
    return {"fluent-signature": sign(body, name), "flex.signature": sign(body, name, hashes.MD5())}  # noqa: S303


def ring() -> KeyRing:
    """Return the keys that are known."""
    return KeyRing({"prod": public()})


def told(verdict: Verdict, step: str) -> tuple[Any, ...]:
    """Return a step's ok, found and hint."""
    return verdict.steps.row(by_predicate=pl.col("step") == step)[1:]


def fitting(verdict: Verdict) -> list[str]:
    """Return the variants that would verify."""
    return verdict.variants.filter("verifies")["variant"].to_list()


def test_a_genuine_request_has_each_step_told() -> None:
    """Of a genuine request each step is told, and the event is there with what was checked."""
    verdict = diagnose(BODY, signed(), ring(), accounts="acme", retailers=[1], seen=set())
    assert (verdict.ok, verdict.reason, verdict.state) == (True, "", "SUCCEEDED")
    assert verdict.steps["step"].to_list() == STEPS
    assert verdict.steps["ok"].to_list() == [True] * 7
    assert verdict.event is not None
    assert (verdict.event.id, verdict.event.tenant_checked) == ("e-1", True)
    assert told(verdict, "signature")[1] == "SHA512withRSA by prod"
    assert "OrderBooked" in told(verdict, "event")[1]
    assert verdict.variants.height == 0
    assert verdict.difference is None


def test_what_was_not_asked_is_not_ok() -> None:
    """A check that was not asked for is neither right nor wrong."""
    verdict = diagnose(BODY, signed(), ring())
    assert verdict.ok
    assert told(verdict, "tenant")[0] is None
    assert told(verdict, "replay")[0] is None
    assert "account ACME" in told(verdict, "tenant")[1]


CHANGED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a line feed added": (lambda raw: raw + b"\n", "without the line feed at its end"),
    "CRLF added": (lambda raw: raw + b"\r\n", "without the line feed at its end"),
    "a blank before": (lambda raw: b"  " + raw, "without white space around it"),
    "a BOM added": (lambda raw: b"\xef\xbb\xbf" + raw, "without the byte order mark"),
    "NULs added": (lambda raw: raw + b"\0\0", "without the NULs at its end"),
    "written anew by json.dumps": (lambda raw: json.dumps(json.loads(raw)).encode(), "as compact JSON"),
    "made pretty": (lambda raw: json.dumps(json.loads(raw), indent=2).encode(), "as compact JSON"),
    "encoded twice": (lambda raw: raw.decode("latin-1").encode(), "as UTF-8, and not as Latin-1 text written as UTF-8"),
    "URL-encoded": (lambda raw: quote(raw).encode(), "as it is URL-decoded"),
    "base64-encoded": (base64.b64encode, "as it is base64-decoded"),
    "packed": (gzip.compress, "as it is unpacked from gzip"),
    "as a JSON text": (lambda raw: json.dumps(raw.decode()).encode(), "as it is taken out of a JSON text"),
    "in an envelope": (lambda raw: json.dumps({"body": raw.decode()}).encode(), "as the text in its field body"),
    "in an envelope as base64": (
        lambda raw: json.dumps({"body": base64.b64encode(raw).decode()}).encode(),
        "as the base64 in its field body",
    ),
    "in a form": (lambda raw: b"payload=" + quote(raw).encode(), "as the form's field 'payload'"),
}


@pytest.mark.parametrize("change", CHANGED)
def test_what_happened_to_the_body_is_found(change: str) -> None:
    """P2: a body that was changed on its way is refused, and the form that was signed is named, with advice."""
    made, name = CHANGED[change]
    verdict = diagnose(made(BODY), signed(), ring())
    assert (verdict.ok, verdict.reason, verdict.event) == (False, "INVALID_SIGNATURE", None)
    assert fitting(verdict) == [name]
    assert verdict.finding == f"key 'prod' signed the body {name}: SHA512withRSA in fluent-signature"
    assert verdict.hint
    assert told(verdict, "signature")[0] is False
    assert told(verdict, "event") == (None, "not reached", "")
    assert verdict.difference is not None


SENT: dict[str, tuple[bytes, str]] = {
    "with a line feed": (BODY + b"\n", "with a line feed at its end"),
    "with CRLF": (BODY + b"\r\n", "with a carriage return and a line feed at its end"),
    "with a BOM": (b"\xef\xbb\xbf" + BODY, "with a byte order mark"),
    "in ASCII": (json.dumps(EVENT, separators=(",", ":")).encode(), "as compact JSON in ASCII"),
    "by json.dumps": (json.dumps(EVENT).encode(), "as Python's json.dumps writes it"),
    "with blanks": (
        json.dumps(EVENT, ensure_ascii=False).encode(),
        "as JSON with a blank after commas and colons",
    ),
    "pretty": (json.dumps(EVENT, indent=2, ensure_ascii=False).encode(), "as JSON indented by 2"),
    "sorted": (
        json.dumps(EVENT, separators=(",", ":"), ensure_ascii=False, sort_keys=True).encode(),
        "as compact JSON, names sorted",
    ),
    "by PHP": (
        json.dumps(EVENT, separators=(",", ":")).replace("/", "\\/").encode(),
        "as compact JSON with escaped slashes, as PHP writes it",
    ),
    "by Go": (
        BODY.replace(b"&", b"\\u0026").replace(b"<", b"\\u003c").replace(b">", b"\\u003e"),
        "as compact JSON with <, > and & escaped, as Go writes it",
    ),
    "empty": (b"", "as an empty one"),
}


@pytest.mark.parametrize("sent", SENT)
def test_what_the_sender_had_is_found(sent: str) -> None:
    """P2: where the sender signed another form than came, that form is named."""
    raw, name = SENT[sent]
    assert fitting(diagnose(BODY, signed(raw), ring())) == [name]


def test_line_ends_are_found() -> None:
    """P2: a pretty body whose line ends were changed, either way, is found."""
    pretty = json.dumps(EVENT, indent=3).encode()
    dos = pretty.replace(b"\n", b"\r\n")
    assert fitting(diagnose(dos, signed(pretty), ring()))[0] == "with line feeds in place of CRLF"
    assert fitting(diagnose(pretty, signed(dos), ring()))[0] == "with CRLF in place of line feeds"


def test_a_variant_is_never_ok() -> None:
    """P4: whatever would verify, the verdict stays refused and holds no event."""
    for made, _ in CHANGED.values():
        verdict = diagnose(made(BODY), signed(), ring(), accounts="ACME", algorithms=(SHA512, MD5))
        assert not verdict.ok
        assert verdict.to_record()["state"] == "REFUSED"


@pytest.mark.parametrize(
    ("headers", "reason", "name"),
    [
        (lambda good: {"flex.signature": good["flex.signature"]}, "MISSING_SIGNATURE", "as it came"),
        (
            lambda good: {"fluent-signature": good["flex.signature"]},
            "INVALID_SIGNATURE",
            "as it came (the signature MD5withRSA in the header of SHA512withRSA)",
        ),
        (
            lambda good: {"x-sig-signature": good["fluent-signature"]},
            "MISSING_SIGNATURE",
            "as it came (the signature in the header x-sig-signature)",
        ),
        (
            lambda good: {"fluent-signature": f'"{good["fluent-signature"]}"'},
            "MALFORMED_SIGNATURE",
            "as it came (the signature with quotes around it)",
        ),
        (
            lambda good: {"fluent-signature": good["fluent-signature"].rstrip("=")},
            "MALFORMED_SIGNATURE",
            "as it came (the signature without its padding)",
        ),
        (
            lambda good: {"fluent-signature": base64.b64decode(good["fluent-signature"]).hex()},
            "MALFORMED_SIGNATURE",
            "as it came (the signature in hex)",
        ),
        (
            lambda good: {"fluent-signature": f"sha512={good['fluent-signature']}"},
            "MALFORMED_SIGNATURE",
            "as it came (the signature with a mark before it)",
        ),
        (
            lambda good: {"fluent-signature": quote(good["fluent-signature"], safe="")},
            "MALFORMED_SIGNATURE",
            "as it came (the signature URL-encoded)",
        ),
        (
            lambda _: {"fluent-signature": sign(digest=hashes.SHA256())},
            "INVALID_SIGNATURE",
            "as it came (the signature SHA256withRSA in the header of SHA512withRSA)",
        ),
    ],
)
def test_a_signature_that_is_not_taken_is_still_known(
    headers: Callable[[Headers], Headers], reason: str, name: str
) -> None:
    """P3: a signature in another place, spelling or hash is refused, and it is told what is odd about it."""
    verdict = diagnose(BODY, headers(signed()), ring())
    assert (verdict.ok, verdict.reason) == (False, reason)
    assert fitting(verdict)[0] == name


def test_base64url_is_known() -> None:
    """P3: base64 with the letters of URLs, or blanks for plus signs, is told."""
    body = next(body for number in range(100) if {"+", "/"} <= set(sign(body := b'{"n":%d}' % number)))
    url = sign(body).translate(str.maketrans("+/", "-_"))
    assert fitting(diagnose(body, {"fluent-signature": url}, ring())) == ["as it came (the signature as base64url)"]
    blank = sign(body).replace("+", " ")
    assert "blanks for plus signs" in fitting(diagnose(body, {"fluent-signature": blank}, ring()))[0]


@pytest.mark.parametrize("scheme", ["fluent", "shopify"])
def test_headers_may_come_one_after_another(scheme: str) -> None:
    """Headers that can be read only once are read once, and each step sees them."""
    headers, keys = (signed(), ring()) if scheme == "fluent" else (shopify(), SECRET)
    verdict = diagnose(BODY + b"\n", iter(headers.items()), keys, scheme=scheme)
    assert fitting(verdict) == ["without the line feed at its end"]
    assert diagnose(BODY, iter(headers.items()), keys, scheme=scheme).ok


def test_a_changed_body_of_a_known_key_is_told() -> None:
    """Where a known key made the signature over bytes that nobody can guess, that is what is said."""
    verdict = diagnose(BODY.replace(b"O-1", b"O-2"), signed(), KeyRing({"old": public("old"), "prod": public()}))
    assert verdict.finding.startswith("key 'prod' made the signature in fluent-signature, over other bytes")
    assert fitting(verdict) == []


def test_an_unknown_key_is_told() -> None:
    """Where no known key made the signature, that is what is said, and not that the body was changed."""
    verdict = diagnose(BODY, signed(name="old"), ring())
    assert verdict.finding == "no key known here made the signature"
    assert "public key of the environment" in verdict.hint


def test_a_small_key_is_warned_of() -> None:
    """P2: of a key of 1024 bits the warning is told."""
    verdict = diagnose(BODY, signed(name="small"), KeyRing({"small": public("small")}))
    assert verdict.ok
    assert "1024 bits" in told(verdict, "keys")[2]


def test_names_of_headers_are_told_where_none_is_a_signature() -> None:
    """P3: without a signature header the names of those there are told, and none of their values."""
    verdict = diagnose(BODY, [("Content-Type", "application/json"), (b"Cookie", b"s3cret-value")], ring())
    assert verdict.reason == "MISSING_SIGNATURE"
    assert "it has Content-Type, Cookie" in told(verdict, "header")[1]
    assert "s3cret-value" not in f"{verdict}{verdict._repr_html_()}{verdict.to_record()}"


def test_another_tenant_is_told() -> None:
    """P7: a genuine event of another account is refused in its step, and the account is named."""
    verdict = diagnose(BODY, signed(), ring(), accounts=["OTHER"])
    assert (verdict.reason, verdict.event) == ("WRONG_TENANT", None)
    assert "it says account ACME, retailer 1" in told(verdict, "tenant")[1]
    assert told(verdict, "signature")[0] is True


def test_a_repeat_is_told_and_not_remembered() -> None:
    """P6: what was seen before is told, and a diagnosis remembers nothing."""
    seen: set[str] = set()
    assert told(diagnose(BODY, signed(), ring(), seen=seen), "replay")[:2] == (True, "not seen before")
    assert seen == set()
    assert diagnose(BODY, signed(), ring(), seen={"e-1"}).reason == "DUPLICATE"


class Broken:
    """A memory that cannot be asked."""

    def __contains__(self, key: object) -> bool:
        message = f"no store for {key}"
        raise StoreError(message)


class Odd:
    """Headers that raise."""

    def items(self) -> Iterator[Any]:
        """Raise what nobody expects."""
        message = "odd\nheaders"
        raise RuntimeError(message)


@pytest.mark.parametrize(
    ("call", "reason", "step"),
    [
        ({"seen": Broken()}, "FAILED", "replay"),
        ({"headers": Odd()}, "FAILED", "signature"),
        ({"headers": None}, "MISSING_SIGNATURE", "header"),
        ({"headers": 7}, "MALFORMED_SIGNATURE", "header"),
        ({"keys": None}, "BAD_KEY", "keys"),
        ({"keys": []}, "BAD_KEY", "keys"),
        ({"keys": "garbage"}, "BAD_KEY", "keys"),
        ({"raw_body": BODY.decode()}, "MALFORMED_EVENT", "body"),
        ({"raw_body": None}, "MALFORMED_EVENT", "body"),
        ({"raw_body": EVENT}, "MALFORMED_EVENT", "body"),
        ({"algorithms": ("SHA1withRSA",)}, "ALGORITHM_UNAVAILABLE", "signature"),
        ({"accounts": [{}]}, None, "tenant"),
        ({"scheme": "shopfy"}, "FAILED", "scheme"),
        ({"scheme": "shopify", "keys": ""}, "BAD_KEY", "keys"),
        ({"scheme": "shopify", "keys": "x" * 20}, "MISSING_SIGNATURE", "header"),
        ({"scheme": "stripe", "keys": "x" * 20, "tolerance_seconds": 0}, "FAILED", "signature"),
    ],
)
def test_nothing_is_raised(call: dict[str, Any], reason: str | None, step: str) -> None:
    """Whatever is wrong with the call ends in a verdict that says in which step; it can be shown and recorded."""
    verdict = diagnose(**{"raw_body": BODY, "headers": signed(), "keys": ring(), **call})
    assert not verdict.ok
    assert reason is None or verdict.reason == reason
    assert told(verdict, step)[0] is False
    assert json.dumps(verdict.to_record())
    assert str(verdict).startswith("refused, ")
    assert verdict._repr_html_()


def test_a_signed_body_that_is_no_event_is_told() -> None:
    """A genuine signature over what is no JSON object ends at the event, in its own words."""
    verdict = diagnose(b"[1]", signed(b"[1]"), ring())
    assert (verdict.reason, told(verdict, "event")[0], told(verdict, "signature")[0]) == (
        "MALFORMED_EVENT",
        False,
        True,
    )


BODIES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [BODY, BODY + b"\n", BODY[:40], b"", b"{}", b"[" * 500, b'{"a":NaN}', b'"\\ud800"', b"\x1f\x8b", b"=%"]
    ),
)
VALUES = st.one_of(st.text(max_size=40), st.binary(max_size=40), st.none(), st.integers())
NAMES = st.sampled_from(["fluent-signature", "flex.signature", "x-signature", "other"])


@settings(max_examples=200, deadline=None)
@given(BODIES, st.lists(st.tuples(NAMES, VALUES), max_size=3), st.booleans())
def test_a_diagnosis_says_what_verify_says(raw: bytes, more: list[tuple[str, Any]], good: bool) -> None:  # noqa: FBT001 - drawn
    """For any request the verdict's reason is that of verify, and both accept the same."""
    headers = [*signed().items(), *more] if good else more
    verdict = diagnose(raw, headers, ring(), accounts="ACME")
    try:
        event = verify(raw, headers, ring(), accounts="ACME")
    except WebhookError as error:
        reason = error.reason
    else:
        reason = ""
        assert verdict.event == event
    assert (verdict.ok, verdict.reason) == (not reason, reason)
    assert str(verdict)


def test_a_text_of_the_data_stays_text() -> None:
    """P25: what comes from the request is escaped in HTML, and begins no line of its own."""
    evil = {**EVENT, "name": "<script>alert(1)</script>\n  ✓ signature  genuine", "entityRef": "<b>"}
    body = json.dumps(evil).encode()
    verdict = diagnose(body, {**signed(body), "<i>\nx": "1"}, ring(), accounts="OTHER")
    shown = verdict._repr_html_()
    assert "<script>" not in shown
    assert html.escape("<script>alert(1)</script>") in shown
    assert len([line for line in str(verdict).splitlines() if line.startswith("  ✓ signature")]) == 1


def test_no_signature_is_told() -> None:
    """P3: neither the story nor its record holds a signature."""
    headers = signed()
    verdict = diagnose(BODY + b"\n", headers, ring())
    told_all = f"{verdict}{verdict._repr_html_()}{verdict.to_record()}{verdict.variants.write_json()}"
    assert all(value[:24] not in told_all for value in headers.values())


def test_big_bodies_and_many_keys_take_little() -> None:
    """Of a body of 10 MB only forms that need no parsing are tried, and of headers and keys only so many."""
    big = b'{"a":[' + b"1," * 5_000_000 + b"1]}"
    verdict = diagnose(big + b"\n", {**signed(big), **{f"x-sign-{at}": sign() for at in range(3)}}, ring())
    assert fitting(verdict)[0] == "without the line feed at its end"
    assert verdict.variants.height < 12
    assert "too big" in told(verdict, "body")[1]


# Another sender's signature


SECRET = "a secret of the shop's"


def shopify(body: bytes = BODY) -> Headers:
    """Return the header of a Shopify webhook."""
    return {"X-Shopify-Hmac-SHA256": base64.b64encode(hmac.digest(SECRET.encode(), body, "sha256")).decode()}


def test_another_senders_story_is_told() -> None:
    """With scheme= the story is that of an HMAC: its secret by name, and how a repeat is known."""
    verdict = diagnose(BODY, shopify(), {"web shop": SECRET}, scheme="shopify", seen=set())
    assert verdict.ok
    assert verdict.signed is not None
    assert verdict.signed.key == "web shop"
    assert verdict.steps["step"].to_list() == ["body", "scheme", "keys", "header", "signature", "replay"]
    assert verdict.steps["ok"].all()


def test_another_senders_body_is_found() -> None:
    """What happened to a body that was signed by HMAC is found by trying its forms."""
    verdict = diagnose(json.dumps(EVENT).encode(), shopify(), SECRET, scheme="shopify")
    assert verdict.finding == "secret 1 signed the body as compact JSON: sha256 in x-shopify-hmac-sha256"
    assert verdict.reason == "INVALID_SIGNATURE"
    assert SECRET not in f"{verdict}{verdict._repr_html_()}{verdict!r}"


def test_another_secret_is_told() -> None:
    """Where no form of the body fits, the secret is what to look at."""
    verdict = diagnose(BODY, shopify(), "the secret of another endpoint", scheme="shopify")
    assert verdict.finding.startswith("no secret known here signed this body")


def test_another_scheme_is_told() -> None:
    """Where the headers are those of another sender, its scheme is named."""
    verdict = diagnose(BODY, shopify(), SECRET, scheme="github")
    assert verdict.hint == "name the scheme shopify"


def test_an_old_request_is_told_as_genuine_and_old() -> None:
    """A kept request whose time is over is refused for its age, and how to allow it is told."""
    mac = hmac.digest(SECRET.encode(), b"1768000000." + BODY, "sha256").hex()
    headers = {"stripe-signature": f"t=1768000000,v1={mac}"}
    verdict = diagnose(BODY, headers, SECRET, scheme="stripe", clock=ManualClock())
    assert verdict.reason == "STALE_SIGNATURE"
    assert "tolerance_seconds" in verdict.hint
    assert diagnose(BODY, headers, SECRET, scheme="stripe", clock=ManualClock(), tolerance_seconds=1e6).ok


# The hex view and the variants


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_the_first_difference_is_the_first(one: bytes, other: bytes) -> None:
    """The first byte that differs is found, and none where all are the same."""
    pairs = zip(one, other, strict=False)
    slow = next((at for at, (mine, theirs) in enumerate(pairs) if mine != theirs), min(len(one), len(other)))
    assert first_difference(one, other) == (None if one == other else slow)


def test_the_hex_view_shows_both_sides_around_it() -> None:
    """Both bodies are shown around the first difference, and what is no ASCII is spelt out."""
    view = hex_view(b"a" * 40 + b"\r\n\x1b[31m" + b"b" * 90, b"a" * 40 + b"\n\x1b[31m" + b"b" * 90, "signed")
    assert view["offset"].unique().sort().to_list() == [0, 16, 32, 48, 64]
    at = view.filter(pl.col("offset") == 32)
    assert at["body"].to_list() == ["received", "signed"]
    assert at["text"][0].startswith("aaaaaaaa\\r\\n\\x1b[31m")
    assert at["hex"][1].startswith("61 61 61 61 61 61 61 61 0a 1b")
    assert view["differs"].to_list() == [False, False, True, True, False, False]


def test_bytes_are_spelt_out() -> None:
    """Line ends, controls, and all that is no ASCII are spelt out."""
    assert spelt("é\t\u202e\x1b".encode()) == r"\xc3\xa9\t\xe2\x80\xae\x1b"


@given(
    st.one_of(
        st.binary(max_size=100), st.sampled_from([BODY, b"[" * 100_000, b'{"body":"%41+"}', b"a=%ff&b", b"1e999"])
    )
)
def test_no_variant_is_twice_or_the_body_itself(raw: bytes) -> None:
    """Any bytes at all have variants, each of them once, and none of them the body."""
    found = [variant.raw for variant in variants(raw)]
    assert len(set(found)) == len(found)
    assert raw not in found
    redumped(raw)


def test_a_packed_bomb_is_cut() -> None:
    """A body that unpacks to far more than it is, is unpacked so far and no further."""
    bomb = gzip.compress(b"\0" * 60_000_000)
    assert max(len(variant.raw) for variant in variants(bomb)) <= 20_000_000
