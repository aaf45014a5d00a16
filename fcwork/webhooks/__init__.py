"""Is this request genuine, from the right tenant, and new?

``verify`` says so of a webhook of the platform: it takes the exact bytes, the headers and the environment's public
keys, and returns an ``Event`` that says what was checked, or raises a ``WebhookError`` whose type and ``reason`` say
why not.
"""

from fcwork.webhooks.algorithms import MD5, SHA512
from fcwork.webhooks.event import Event, Proof
from fcwork.webhooks.key_ring import KeyRing
from fcwork.webhooks.keys import PublicKey, load_key, load_keys
from fcwork.webhooks.presets import Verifier, development, production
from fcwork.webhooks.seen import SeenEvents
from fcwork.webhooks.verifying import verify, verify_signature

__all__ = [
    "MD5",
    "SHA512",
    "Event",
    "KeyRing",
    "Proof",
    "PublicKey",
    "SeenEvents",
    "Verifier",
    "development",
    "load_key",
    "load_keys",
    "production",
    "verify",
    "verify_signature",
]
