"""Is this request genuine, from the right tenant, and new?

``verify`` says so of a webhook of the platform: it takes the exact bytes, the headers and the environment's public
keys, and returns an ``Event`` that says what was checked, or raises a ``WebhookError`` whose type and ``reason`` say
why not. ``verify_hmac`` does so for other senders, ``ApiKeys`` for callers of one's own; ``diagnose`` tells the whole
story of a request that was refused.
"""

from fcwork.webhooks.algorithms import MD5, SHA512
from fcwork.webhooks.api_key_records import ApiKey
from fcwork.webhooks.api_keys import ApiKeys, NewKey
from fcwork.webhooks.diagnosis import diagnose
from fcwork.webhooks.event import Event, Proof
from fcwork.webhooks.hmacs import Signed, verify_hmac
from fcwork.webhooks.judging import Judgement, judge
from fcwork.webhooks.key_ring import KeyRing
from fcwork.webhooks.keys import PublicKey, load_key, load_keys
from fcwork.webhooks.presets import Verifier, development, production
from fcwork.webhooks.reading import read_body, read_headers, read_received
from fcwork.webhooks.schemes import SCHEMES, HmacScheme
from fcwork.webhooks.seen import SeenEvents
from fcwork.webhooks.verdict import Verdict
from fcwork.webhooks.verifying import verify, verify_signature

__all__ = [
    "MD5",
    "SCHEMES",
    "SHA512",
    "ApiKey",
    "ApiKeys",
    "Event",
    "HmacScheme",
    "Judgement",
    "KeyRing",
    "NewKey",
    "Proof",
    "PublicKey",
    "SeenEvents",
    "Signed",
    "Verdict",
    "Verifier",
    "development",
    "diagnose",
    "judge",
    "load_key",
    "load_keys",
    "production",
    "read_body",
    "read_headers",
    "read_received",
    "verify",
    "verify_hmac",
    "verify_signature",
]
