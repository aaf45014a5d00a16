"""The one account of a simulator: a retailer, an OAuth client and a user, all obviously made up."""

import hashlib
from dataclasses import dataclass
from typing import Self

from fcwork.redact import Secret

ACCOUNT_ID = "SIMULATOR"
RETAILER_ID = "2"


@dataclass(frozen=True)
class Account:
    """What a client must know to be let in."""

    client_id: str
    client_secret: Secret
    username: str
    password: Secret

    @classmethod
    def seeded(cls, seed: int) -> Self:
        """Return the account of a seed: always the same credentials."""
        client_secret = Secret(f"simulator-client-{_digest(seed, 'client')}")
        password = Secret(f"simulator-user-{_digest(seed, 'user')}")
        return cls("FLUENT_INTEGRATION", client_secret, "simulator_user", password)


def _digest(seed: int, what: str) -> str:
    return hashlib.sha256(f"{seed}:{what}".encode()).hexdigest()[:16]
