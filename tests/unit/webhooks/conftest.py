"""Key pairs and a genuine request that the tests of webhooks start from."""

import pytest
from forging import Pair, body, pair


@pytest.fixture(scope="session")
def mine() -> Pair:
    """Return the environment's key pair."""
    return pair(2_048)


@pytest.fixture(scope="session")
def other() -> Pair:
    """Return the key pair of somebody else."""
    return pair(2_048, 1)


@pytest.fixture
def raw() -> bytes:
    """Return the body of an event."""
    return body()
