"""Signatures of others: Shopify, GitHub, Stripe, Standard Webhooks, and schemes of one's own."""

import base64
import hashlib
import hmac
import pickle
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcwork.clock import ManualClock
from fcwork.errors import (
    BadKeyError,
    ConfigError,
    InvalidSignatureError,
    MalformedEventError,
    MalformedSignatureError,
    MissingSignatureError,
    WebhookError,
)
from fcwork.redact import Secret
from fcwork.webhooks import HmacScheme, Signed, verify_hmac

BODY = b'{"id":"evt_1","total":"19.90"}'
SECRET = "It's a Secret to Everybody"
OTHER = "a secret of somebody else"
STANDARD = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
CLOCK = ManualClock()
NOW = str(int(CLOCK.now().timestamp()))
SHA256 = hashlib.sha256(BODY).hexdigest()
Headers = dict[str, str]


def mac(message: bytes, secret: str = SECRET, algorithm: str = "sha256") -> bytes:
    """Return an HMAC as a sender makes it."""
    return hmac.new(secret.encode(), message, algorithm).digest()


def base64_of(raw: bytes) -> str:
    """Return base64 as text."""
    return base64.b64encode(raw).decode()


def shopify(body: bytes = BODY, secret: str = SECRET) -> Headers:
    """Return the headers of a Shopify webhook."""
    return {"X-Shopify-Hmac-SHA256": base64_of(mac(body, secret)), "X-Shopify-Webhook-Id": "w-1"}


def github(body: bytes = BODY, secret: str = SECRET) -> Headers:
    """Return the headers of a GitHub webhook."""
    return {"X-Hub-Signature-256": f"sha256={mac(body, secret).hex()}", "X-GitHub-Delivery": "d-1"}


def stripe(body: bytes = BODY, secret: str = SECRET, *, at: str = NOW) -> Headers:
    """Return the header of a Stripe webhook."""
    return {"Stripe-Signature": f"t={at},v1={mac(f'{at}.'.encode() + body, secret).hex()},v0={'0' * 64}"}


def standard(body: bytes = BODY, secret: str = STANDARD, *, at: str = NOW, name: str = "msg_1") -> Headers:
    """Return the headers of a Standard Webhooks message."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    made = hmac.new(key, f"{name}.{at}.".encode() + body, "sha256").digest()
    return {"webhook-id": name, "webhook-timestamp": at, "webhook-signature": f"v1,{base64_of(made)}"}


SENDERS: dict[str, Callable[..., Headers]] = {
    "shopify": shopify,
    "github": github,
    "stripe": stripe,
    "standard": standard,
}
each = pytest.mark.parametrize("scheme", SENDERS)


def secret_of(scheme: str) -> str:
    """Return the secret that a scheme's sender signs with here."""
    return STANDARD if scheme == "standard" else SECRET


def check(headers: Any, scheme: Any = "shopify", secrets: Any = None, body: Any = BODY, **options: Any) -> Signed:
    """Verify with what a test does not care about filled in."""
    known = secret_of(scheme) if secrets is None else secrets
    return verify_hmac(body, headers, known, scheme=scheme, **{"clock": CLOCK, **options})


def test_the_senders_own_examples_verify() -> None:
    """The example of GitHub's manual and that of the Standard Webhooks specification verify."""
    hello = {"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}
    assert check(hello, "github", body=b"Hello, World!").scheme == "github"
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    clock = ManualClock(datetime.fromtimestamp(1614265330, UTC))
    signed = check(headers, "standard", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}', clock=clock)
    assert signed.replay_key == "msg_p5jXN8AQM9LWM0D4loKWxJek"


@each
def test_a_genuine_request_verifies(scheme: str) -> None:
    """Each scheme takes what its sender made, and says by which secret and what the body's hash is."""
    signed = check(SENDERS[scheme](), scheme)
    assert (signed.scheme, signed.key, signed.sha256, signed.raw) == (scheme, "secret 1", SHA256, BODY)


@pytest.mark.parametrize(
    ("scheme", "replay_key"), [("shopify", SHA256), ("github", SHA256), ("stripe", "evt_1"), ("standard", "msg_1")]
)
def test_a_repeat_is_known_by_what_is_signed(scheme: str, replay_key: str) -> None:
    """P6: the replay key is a signed id; a delivery header that anybody may change is never it."""
    assert check(SENDERS[scheme](), scheme).replay_key == replay_key


@pytest.mark.parametrize("body", [b"[1]", b"no json", b'{"id":7}', b'{"id":""}', b'{"id":"a\\nb"}', b""])
def test_without_an_id_a_repeat_is_known_by_its_body(body: bytes) -> None:
    """A Stripe body without an id that can be a key is known by its hash."""
    assert check(stripe(body), "stripe", body=body).replay_key == hashlib.sha256(body).hexdigest()


@each
def test_header_names_have_no_case_and_come_in_any_form(scheme: str) -> None:
    """Headers may be a mapping or pairs, of texts or bytes, in any case."""
    headers = SENDERS[scheme]()
    pairs = [(name.upper().encode(), value.encode()) for name, value in headers.items()]
    for form in (headers, {name.lower(): value for name, value in headers.items()}, list(headers.items()), pairs):
        assert check(form, scheme).sha256 == SHA256


@each
@pytest.mark.parametrize("body", [BODY + b"\n", BODY.replace(b":", b": "), b"\xef\xbb\xbf" + BODY, b"", BODY[:-1]])
def test_other_bytes_are_refused(scheme: str, body: bytes) -> None:
    """A body with one byte more, less or other is refused."""
    with pytest.raises(InvalidSignatureError):
        check(SENDERS[scheme](), scheme, body=body)


@each
def test_another_secret_is_refused(scheme: str) -> None:
    """A request that somebody else signed is refused."""
    other = "whsec_" + base64_of(b"f" * 24) if scheme == "standard" else OTHER
    with pytest.raises(InvalidSignatureError):
        check(SENDERS[scheme](), scheme, other)


@each
def test_secrets_rotate(scheme: str) -> None:
    """P7: old and new secret are both accepted, by name or place, and one that was taken away is refused at once."""
    new, old = ("whsec_" + base64_of(b"n" * 24), STANDARD) if scheme == "standard" else (OTHER, SECRET)
    headers = SENDERS[scheme]()
    assert check(headers, scheme, [new, Secret(old)]).key == "secret 2"
    assert check(headers, scheme, {"2026": new, "2025": old}).key == "2025"
    with pytest.raises(InvalidSignatureError, match="and the secret"):
        check(headers, scheme, [new])


@pytest.mark.parametrize("scheme", ["stripe", "standard"])
def test_one_of_several_signatures_is_enough(scheme: str) -> None:
    """A sender that rotates its secret sends several signatures in one header; one of them has to fit."""
    headers = SENDERS[scheme]()
    name = "Stripe-Signature" if scheme == "stripe" else "webhook-signature"
    more = f",v1={'0' * 64}" if scheme == "stripe" else f" v1,{base64_of(bytes(32))} v1a,{base64_of(bytes(64))}"
    assert check({**headers, name: headers[name] + more}, scheme).sha256 == SHA256
    with pytest.raises(MalformedSignatureError, match="over 16"):
        check({**headers, name: headers[name] + more * 20}, scheme)


@pytest.mark.parametrize("scheme", ["stripe", "standard"])
@pytest.mark.parametrize("seconds", [-299, 0, 299])
def test_a_time_near_now_passes(scheme: str, seconds: int) -> None:
    """A signed time within five minutes of now passes, before it and after it."""
    at = str(int(NOW) + seconds)
    assert check(SENDERS[scheme](at=at), scheme).signed_at == datetime.fromtimestamp(int(at), UTC)


@pytest.mark.parametrize("scheme", ["stripe", "standard"])
@pytest.mark.parametrize(("seconds", "told"), [(-301, "301 seconds ago"), (301, "301 seconds ahead of now")])
def test_a_time_far_from_now_is_refused(scheme: str, seconds: int, told: str) -> None:
    """P6: a genuine request that is too old, or from the future, is refused by its own reason."""
    headers = SENDERS[scheme](at=str(int(NOW) + seconds))
    with pytest.raises(InvalidSignatureError, match=told) as refused:
        check(headers, scheme)
    assert refused.value.reason == "STALE_SIGNATURE"
    assert check(headers, scheme, tolerance_seconds=302)


@pytest.mark.parametrize("tolerance", [0, -1, None, float("nan"), float("inf"), True, "300"])
def test_the_time_is_always_checked(tolerance: Any) -> None:
    """A tolerance that would turn the check off is a mistake in the call."""
    with pytest.raises(ConfigError, match="tolerance_seconds"):
        check(stripe(), "stripe", tolerance_seconds=tolerance)


@each
@pytest.mark.parametrize(
    "secret", ["", " ", "short", f"{SECRET}\n", None, 7, b"bytes" * 8, [], {}, [SECRET, ""], "\ud800" * 20]
)
def test_a_secret_that_is_none_is_refused(scheme: str, secret: Any) -> None:
    """P5: a missing, empty or short secret, or one with a line feed of its file, verifies nothing."""
    with pytest.raises(BadKeyError):
        verify_hmac(BODY, SENDERS[scheme](), secret, scheme=scheme, clock=CLOCK)


def test_an_empty_secret_signs_nothing() -> None:
    """P5: a request signed with the empty secret is refused where the secret is not set."""
    headers = {"X-Shopify-Hmac-SHA256": base64_of(mac(BODY, ""))}
    with pytest.raises(BadKeyError, match="is empty"):
        check(headers, secrets="")


def test_a_pickled_secret_is_refused() -> None:
    """A secret that was left behind by a pickle verifies nothing."""
    with pytest.raises(BadKeyError, match="is empty"):
        check(shopify(), secrets=pickle.loads(pickle.dumps(Secret(SECRET))))  # noqa: S301 - our own


@pytest.mark.parametrize("secret", ["whsec_", "whsec_%%%", "whsec_c2hvcnQ=", "plain text, no base64"])
def test_a_standard_secret_is_base64(secret: str) -> None:
    """A secret of Standard Webhooks that is no base64, or too short, is refused."""
    with pytest.raises(BadKeyError):
        check(standard(), "standard", secret)


@each
def test_a_missing_signature_is_told(scheme: str) -> None:
    """P3: a request without the header, or with an empty one, is refused for that."""
    headers = SENDERS[scheme]()
    for wrong in ({}, [], dict.fromkeys(headers, "")):
        with pytest.raises(MissingSignatureError):
            check(wrong, scheme)


GOOD = mac(BODY)


@pytest.mark.parametrize(
    "value",
    [
        base64_of(GOOD)[:-4],
        base64_of(GOOD)[:-1],
        base64_of(GOOD) + "=",
        base64_of(GOOD + b"\0"),
        base64_of(GOOD)[:-2] + chr(ord(base64_of(GOOD)[-2]) + 1) + "=",  # other bits in the padding
        GOOD.hex(),
        f"sha256={base64_of(GOOD)}",
        f'"{base64_of(GOOD)}"',
        "v1,",
        "%",
        "ä" * 44,
        "A" * 100_000,
        base64_of(GOOD)[:20] + "\n" + base64_of(GOOD)[20:],
    ],
)
def test_a_header_that_is_no_signature_is_told(value: str) -> None:
    """P3: a cut-off, longer, re-encoded or quoted signature is malformed, and no text of it is in the error."""
    with pytest.raises(MalformedSignatureError) as refused:
        check({"X-Shopify-Hmac-SHA256": value})
    assert value not in str(refused.value)


@pytest.mark.parametrize(
    "value",
    [f"sha256={GOOD.hex()[:-2]}", f"sha256={GOOD.hex()}00", f"sha256=0x{GOOD.hex()}", f"sha256={GOOD.hex()} 00"],
)
def test_hex_is_read_strictly(value: str) -> None:
    """P3: hex of another length, or with anything else in it, is malformed."""
    with pytest.raises(MalformedSignatureError):
        check({"X-Hub-Signature-256": value}, "github")


def test_hex_has_no_case() -> None:
    """A signature in capital letters is the same."""
    assert check({"X-Hub-Signature-256": f"sha256={GOOD.hex().upper()}"}, "github")


def test_a_sha1_signature_is_none() -> None:
    """P4: GitHub's old header, or a shorter hash under the new one, is not taken."""
    old = mac(BODY, algorithm="sha1").hex()
    with pytest.raises(MissingSignatureError):
        check({"X-Hub-Signature": f"sha1={old}"}, "github")
    with pytest.raises(MissingSignatureError):
        check({"X-Hub-Signature-256": f"sha1={old}"}, "github")
    named = HmacScheme(name="old", header="x-hub-signature", algorithm="sha1", prefix="sha1=")
    assert verify_hmac(BODY, {"X-Hub-Signature": f"sha1={old}"}, SECRET, scheme=named).scheme == "old"


def test_a_header_with_two_values_is_refused() -> None:
    """P3: a signature header that comes twice with other values is malformed; the same twice is one."""
    good = shopify()["X-Shopify-Hmac-SHA256"]
    with pytest.raises(MalformedSignatureError):
        check([("X-Shopify-Hmac-SHA256", base64_of(bytes(32))), ("x-shopify-hmac-sha256", good)])
    assert check([("X-Shopify-Hmac-SHA256", good), ("x-shopify-hmac-sha256", good)])


@pytest.mark.parametrize("at", ["", "now", "-1", "1e9", f"{NOW}.0", f" {NOW[:5]} {NOW[5:]}", "9" * 13, "١٧٦٨"])
def test_a_time_that_is_none_is_refused(at: str) -> None:
    """P3: a time that is no plain number of seconds is malformed, in either scheme."""
    for scheme in ("stripe", "standard"):
        with pytest.raises((MalformedSignatureError, MissingSignatureError)):
            check(SENDERS[scheme](at=at), scheme)


def test_two_times_are_refused() -> None:
    """P3: a Stripe header with two times, or none, is malformed: one would be checked and the other one signed."""
    good = stripe()["Stripe-Signature"]
    for wrong in (f"t=1,{good}", f"{good},t={NOW}", good.partition(",")[2]):
        with pytest.raises(MalformedSignatureError):
            check({"Stripe-Signature": wrong}, "stripe")


def test_an_id_cannot_take_from_what_follows() -> None:
    """P6: an id with the separator in it is refused, as the same signature would fit two readings."""
    with pytest.raises(MalformedSignatureError, match="webhook-id"):
        check(standard(name=f"msg_1.{NOW}"), "standard")


def test_a_scheme_of_ones_own() -> None:
    """An HmacScheme says how any other sender signs: Slack's time and version are signed too."""
    slack = HmacScheme(
        name="slack",
        header="x-slack-signature",
        prefix="v0=",
        timestamp_header="x-slack-request-timestamp",
        signed="v0:{timestamp}:{body}",
    )
    made = mac(f"v0:{NOW}:".encode() + BODY).hex()
    headers = {"X-Slack-Signature": f"v0={made}", "X-Slack-Request-Timestamp": NOW}
    assert verify_hmac(BODY, headers, SECRET, scheme=slack, clock=CLOCK).scheme == "slack"
    later = {**headers, "X-Slack-Request-Timestamp": str(int(NOW) + 1)}
    with pytest.raises(InvalidSignatureError):
        verify_hmac(BODY, later, SECRET, scheme=slack, clock=CLOCK)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"name": ""}, "has no name or no header"),
        ({"header": ""}, "has no name or no header"),
        ({"algorithm": "md5"}, "names the hash 'md5'"),
        ({"encoding": "rot13"}, "names the encoding 'rot13'"),
        ({"signed": "{timestamp}"}, "does not sign the body"),
        ({"signed": "{body}{body}"}, "does not sign the body"),
        ({"signed": "{body}.{id}"}, "does not sign the body"),
        ({"signed": "{secret}{body}"}, "signs something else"),
        ({"timestamp_header": "x-time"}, "has a time that is not signed"),
        ({"signed": "{timestamp}.{body}"}, "has a time that is not signed, or signs one that is nowhere"),
        ({"signed": "{id}.{body}"}, "signs an id that is nowhere"),
    ],
)
def test_a_scheme_that_cannot_be_is_told(wrong: dict[str, Any], told: str) -> None:
    """A scheme that does not sign the body, or names what is nowhere, is a mistake when it is made."""
    with pytest.raises(ConfigError, match=told):
        HmacScheme(**{"name": "own", "header": "x-own", **wrong})


def test_an_unknown_scheme_is_told_with_the_nearest() -> None:
    """A scheme that is not known is a mistake in the call, not a refusal."""
    with pytest.raises(ConfigError, match="did you mean 'shopify'"):
        verify_hmac(BODY, shopify(), SECRET, scheme="shopfy")


@pytest.mark.parametrize("body", ["text", {"id": "evt_1"}, None, 7])
def test_a_body_that_is_no_bytes_is_told(body: Any) -> None:
    """A parsed or decoded body is the caller's mistake, and the hint says what to give."""
    with pytest.raises(MalformedEventError, match="raw bytes"):
        check(shopify(), body=body)


def test_no_secret_is_to_be_read_anywhere() -> None:
    """P9: a secret given as text is in no error, repr, pickle, or local variable of ours."""
    with pytest.raises(WebhookError) as refused:
        check(shopify(body=b"other"))
    frames = traceback.TracebackException.from_exception(refused.value, capture_locals=True).stack
    ours = "".join(str(frame.locals) for frame in frames if "/fcwork/webhooks/" in frame.filename)
    assert SECRET not in f"{refused.value!r}{refused.value}{ours}"
    assert SECRET.encode() not in pickle.dumps(refused.value)


def test_a_result_tells_no_body() -> None:
    """What a genuine request is shown as holds no byte of its body, and its record is JSON without it."""
    signed = check(stripe(), "stripe")
    assert "19.90" not in f"{signed!r}{signed}{signed.to_record()}"
    assert signed.to_record()["signed_at"] == "2026-01-15T12:00:00+00:00"
    assert str(signed) == "30 bytes of stripe, by secret 1, signed 2026-01-15 12:00:00 UTC"


HEADER = st.one_of(st.text(max_size=80), st.binary(max_size=80))


@settings(max_examples=300)
@given(st.sampled_from(sorted(SENDERS)), st.binary(max_size=200), HEADER, HEADER, HEADER)
def test_any_request_ends_in_an_answer_or_a_refusal(scheme: str, body: bytes, one: Any, two: Any, three: Any) -> None:
    """Whatever stands in body and headers, nothing but a WebhookError is raised."""
    names = [*SENDERS[scheme](), "x", "y"][:3]
    with pytest.raises(WebhookError):
        check(list(zip(names, (one, two, three), strict=True)), scheme, body=body)
