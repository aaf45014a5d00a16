"""The SDK's own answers: each is ours as well, or stands in the table of deviations with its reason."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from forging import Pair

from fcwork.errors import WebhookError
from fcwork.webhooks import verify, verify_signature

DATA = Path(__file__).parents[2] / "data"
VECTORS = json.loads((DATA / "vectors" / "webhooks.json").read_text("utf-8"))
DEVIATIONS = {
    (row["area"], row["case"]): row for row in yaml.safe_load((DATA / "deviations.yml").read_text("utf-8"))["webhooks"]
}
BOTH = ("SHA512withRSA", "MD5withRSA")


def believed(vector: dict[str, Any], key: Pair) -> bool:
    """Say whether ours believes the request of a vector."""
    given = vector["input"]
    try:
        if vector["area"] == "validate_fluent_event":
            raw = json.dumps(given).encode()
            return bool(verify(raw, key.signed(raw), key.pem).kind)
        raw = given["payload"].encode()
        for name in ("publicKey", "publicKeyFirst", "publicKeySecond"):
            if name in given:
                verify_signature(raw, given["headers"], given[name], algorithms=BOTH)
    except WebhookError:
        return False
    return True


def test_the_vectors_are_all_there() -> None:
    """No vector was lost: there are 13, and the table names only such as there are."""
    assert len(VECTORS) == 13
    assert DEVIATIONS.keys() <= {(vector["area"], vector["case"]) for vector in VECTORS}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['area']}: {vector['case']}")
def test_the_sdks_answer_is_ours_or_a_deviation(vector: dict[str, Any], mine: Pair) -> None:
    """P2: a request of the SDK's vectors is believed as there, unless the table says otherwise and why."""
    ours = believed(vector, mine)
    deviation = DEVIATIONS.get((vector["area"], vector["case"]))
    assert (ours != vector["output"]["isValid"]) is (deviation is not None)
    assert deviation is None or deviation["ours"] is ours
