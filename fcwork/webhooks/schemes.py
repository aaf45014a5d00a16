"""How senders other than the platform sign: which header, which hash, and what is hashed.

Sources: the Stripe, GitHub and Shopify manuals on verifying webhooks, and the Standard Webhooks specification 1.0.0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from fcwork.errors import ConfigError
from fcwork.names import did_you_mean

DIGESTS: Mapping[str, int] = MappingProxyType({"sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64})
_PART = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True, kw_only=True)
class HmacScheme:
    """How one kind of sender signs with a secret that both sides know.

    Slack, for one, would be ``HmacScheme(name="slack", header="x-slack-signature", prefix="v0=",
    timestamp_header="x-slack-request-timestamp", signed="v0:{timestamp}:{body}")``.

    Attributes:
        name: what results call it.
        header: carries the signature.
        algorithm: sha256, sha384 or sha512; sha1 only for a sender that knows no other.
        encoding: of the signature, hex or base64.
        prefix: what stands before the signature, such as ``sha256=``.
        separator: between several signatures in one header; those with another prefix are passed over.
        signed: what is hashed: ``{body}``, with ``{timestamp}`` and ``{id}`` where the sender signs them too.
        timestamp_header: the header of the time in Unix seconds.
        timestamp_prefix: what stands before the time where it is a part of ``header``, such as ``t=``.
        id_header: the header of the delivery's id; of use only if it is signed.
        replay_field: the field of a JSON body by which a repeat is known; else it is the signed id, else the body.
        secret_prefix: what a secret begins with before its base64, such as ``whsec_``; without it a secret is text.
    """

    name: str
    header: str
    algorithm: str = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    separator: str = ""
    signed: str = "{body}"
    timestamp_header: str = ""
    timestamp_prefix: str = ""
    id_header: str = ""
    replay_field: str = ""
    secret_prefix: str = ""

    def __post_init__(self) -> None:
        for wrong in _mistakes(self):
            raise ConfigError(f"the signature scheme {self.name!r} {wrong}")

    @property
    def is_timed(self) -> bool:
        """Whether the time is signed, so that an old request can be told."""
        return "{timestamp}" in self.signed

    @property
    def has_id(self) -> bool:
        """Whether the delivery's id is signed."""
        return "{id}" in self.signed

    @property
    def separators(self) -> str:
        """The characters between the parts that are hashed."""
        return _PART.sub("", self.signed)


def _mistakes(scheme: HmacScheme) -> list[str]:
    parts = _PART.findall(scheme.signed)
    timed = bool(scheme.timestamp_header or scheme.timestamp_prefix)
    found = {
        "has no name or no header": not (scheme.name and scheme.header),
        f"names the hash {scheme.algorithm!r}: known are {', '.join(DIGESTS)}": scheme.algorithm not in DIGESTS,
        f"names the encoding {scheme.encoding!r}: hex and base64 are known": scheme.encoding not in {"hex", "base64"},
        "does not sign the body, once and last": parts.count("body") != 1 or not scheme.signed.endswith("{body}"),
        "signs something else than body, timestamp and id": not {"body", "timestamp", "id"}.issuperset(parts),
        "has a time that is not signed, or signs one that is nowhere": scheme.is_timed != timed,
        "signs an id that is nowhere": scheme.has_id and not scheme.id_header,
    }
    return [said for said, wrong in found.items() if wrong]


_STANDARD = HmacScheme(
    name="standard",
    header="webhook-signature",
    encoding="base64",
    prefix="v1,",
    separator=" ",
    signed="{id}.{timestamp}.{body}",
    timestamp_header="webhook-timestamp",
    id_header="webhook-id",
    secret_prefix="whsec_",  # noqa: S106 - what every secret begins with
)
SCHEMES: Mapping[str, HmacScheme] = MappingProxyType(
    {
        "shopify": HmacScheme(name="shopify", header="x-shopify-hmac-sha256", encoding="base64"),
        "github": HmacScheme(name="github", header="x-hub-signature-256", prefix="sha256="),
        "stripe": HmacScheme(
            name="stripe",
            header="stripe-signature",
            prefix="v1=",
            separator=",",
            signed="{timestamp}.{body}",
            timestamp_prefix="t=",
            replay_field="id",
        ),
        "standard": _STANDARD,
        "svix": replace(
            _STANDARD, name="svix", header="svix-signature", timestamp_header="svix-timestamp", id_header="svix-id"
        ),
    }
)


def scheme_of(scheme: str | HmacScheme) -> HmacScheme:
    """Return the scheme of a name.

    Raises:
        ConfigError: there is none.
    """
    if isinstance(scheme, HmacScheme):
        return scheme
    if scheme not in SCHEMES:
        raise ConfigError(
            f"there is no signature scheme {scheme!r}{did_you_mean(str(scheme), SCHEMES)}",
            hint=f"known: {', '.join(SCHEMES)}; any other is an HmacScheme(...)",
        )
    return SCHEMES[scheme]
