"""Webhooks: what a workflow tells a receiver of an entity, signed as the platform signs it."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

import orjson

from fcwork.clock import Clock
from fcwork.errors import ConfigError
from fcwork.simulator.account import ACCOUNT_ID, RETAILER_ID
from fcwork.simulator.arranged import Arranged, Due
from fcwork.simulator.concerned import concerned
from fcwork.simulator.exchange import instant_text
from fcwork.simulator.ledger import Ledger
from fcwork.simulator.posting import Post, Posted, check_url
from fcwork.simulator.signing import FLEX_SIGNATURE, FLUENT_SIGNATURE, Signer, check_bits, usual_signer
from fcwork.simulator.world import World

Kind = Literal["event", "http_call"]
SOMEBODY_ELSE = "SOMEBODYELSE"
_JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class SignedWebhook:
    """A webhook as it is posted: the exact bytes, and the headers that sign them.

    Attributes:
        body: compact JSON.
        headers: ``content-type``, ``flex.signature`` (MD5withRSA) and ``fluent-signature`` (SHA512withRSA).
    """

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    @property
    def document(self) -> dict[str, Any]:
        """What the body says; nothing where it is no JSON object."""
        try:
            document = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {}
        return document if isinstance(document, dict) else {}


class Webhooks:
    """Signs and posts.

    Args:
        world: what is told of entities.
        faults: what goes wrong on the way.
        ledger: where each post is noted.
        clock: what dates webhooks, and what repeats wait on.
        seed: of the simulator; the key pair goes with it.
        key_bits: the size of the key pair.
    """

    def __init__(
        self, world: World, *, faults: Arranged, ledger: Ledger, clock: Clock, seed: int, key_bits: int
    ) -> None:
        self._world = world
        self._faults = faults
        self._ledger = ledger
        self._clock = clock
        self._key_bits = check_bits(key_bits)
        self._make: Callable[[], Signer] = lambda: usual_signer(seed, key_bits)
        self._signer: Signer | None = None

    @property
    def signer(self) -> Signer:
        """The key pair, made when it is first asked for."""
        if self._signer is None:
            self._signer = self._make()
        return self._signer

    def rotate(self) -> None:
        """Sign with a new key pair from now on."""
        self._signer = Signer.made(self._key_bits)

    def signed(self, kind: Kind = "event", **facts: Any) -> SignedWebhook:
        """Return a webhook about an entity, signed; ``Simulator.webhook`` says what the facts are."""
        if kind not in get_args(Kind):
            raise ConfigError(f"no webhook is of the kind {kind!r}", hint=f"known: {', '.join(get_args(Kind))}")
        return self._sealed(self.event(**facts) if kind == "event" else self._http_call(**facts))

    def post(self, signed: SignedWebhook, url: str, *, timeout_seconds: float) -> Posted:
        """Post a webhook, with what the fault script does to it on the way.

        Source: docs.fluentcommerce.com: webhook-receivers (the same request again on a time-out, 3 times within 14
        seconds).

        Assumed:
            - a repeat is due 2, 6 and 14 seconds after the first post, or when the one before has timed out
            - no connection, or one that breaks before the answer, is repeated like a time-out
            - any answer ends it, a 5xx too, and a redirect is not followed
            - an x-request-id goes with each post, the same with its repeats
        """
        path = urlsplit(check_url(url)).path or "/"
        due = self._faults.due_webhook(path, signed.body)
        sent = self._befallen(signed, due)
        if late := due.first("webhook_late"):
            self._clock.sleep(late.details["seconds"])
        post, request_id = Post(url, self._clock, timeout_seconds), str(uuid.uuid4())
        posted = post.send(sent.body, dict(sent.headers), request_id)
        if due.has("webhook_twice") and posted.ok:
            again = post.send(sent.body, dict(sent.headers), request_id)
            posted = replace(posted, attempts=posted.attempts + again.attempts)
        self._ledger.webhook_posted(sent.document, posted, url=url, fault=", ".join(due.kinds) or None)
        return posted

    def _sealed(self, document: Mapping[str, Any]) -> SignedWebhook:
        body = orjson.dumps(document)
        return SignedWebhook(body, {**_JSON, **self.signer.headers(body)})

    def event(
        self,
        *,
        name: str,
        entity_type: str,
        entity_ref: str | None = None,
        entity_id: str | None = None,
        attributes: Mapping[str, Any] | None = None,
        id: str | None = None,  # noqa: A002 - the platform's word
        account_id: str | None = None,
        retailer_id: str | None = None,
    ) -> dict[str, Any]:
        """Return an event in the platform's fields and order.

        Source: SDK 0.1.56 (fields of a webhook that the rule SendWebhook posts).

        Assumed:
            - ids are texts; what is not known of an entity is null
        """
        about = concerned(self._world, entity_type, entity_ref, entity_id)
        return {
            "id": id or str(uuid.uuid4()),
            "name": name,
            "accountId": account_id or ACCOUNT_ID,
            "retailerId": retailer_id or RETAILER_ID,
            **about,
            "type": "NORMAL",
            "attributes": dict(attributes or {}),
        }

    def _http_call(
        self,
        *,
        name: str,
        entity_type: str,
        entity_ref: str | None = None,
        entity_id: str | None = None,
        attributes: Mapping[str, Any] | None = None,
        retailer_id: str | None = None,
        **unused: Any,
    ) -> dict[str, Any]:
        """Return what the platform's HTTP Call action posts: no id and no name, and neither account."""
        del unused
        about = concerned(self._world, entity_type, entity_ref, entity_id)
        return {
            "entityId": about["entityId"],
            "entityRef": about["entityRef"],
            "entityType": entity_type,
            "triggerSource": name,
            "retailerId": retailer_id or RETAILER_ID,
            "timestamp": instant_text(self._clock.now()),
            **(attributes or {}),
        }

    def _befallen(self, signed: SignedWebhook, due: Due) -> SignedWebhook:
        if due.has("webhook_other_account"):
            signed = self._sealed({**signed.document, "accountId": SOMEBODY_ELSE})
        if due.has("webhook_wrong_key"):
            signed = replace(signed, headers={**signed.headers, **Signer.made(self._key_bits).headers(signed.body)})
        if due.has("webhook_tampered"):
            signed = replace(signed, body=orjson.dumps({**signed.document, "entityStatus": "TAMPERED"}))
        lost = {FLUENT_SIGNATURE} if due.has("webhook_md5_only") else set()
        if due.has("webhook_unsigned"):
            lost = {FLUENT_SIGNATURE, FLEX_SIGNATURE}
        return replace(signed, headers={name: value for name, value in signed.headers.items() if name not in lost})
