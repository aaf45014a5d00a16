"""Mutations against the SDK's own texts and readings (0.1.56); where they differ, the table of deviations says why."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from fcwork.errors import MappingError
from fcwork.mutations import Argument, Operation, infer_input_type, join, parse, requests

DATA = Path(__file__).parents[2] / "data"
VECTORS = json.loads((DATA / "vectors" / "queries.json").read_text("utf-8"))
DEVIATIONS = yaml.safe_load((DATA / "deviations.yml").read_text("utf-8"))["queries"]
STATED = {(row["area"], row["case"]): row for row in DEVIATIONS}
UNDEFINED = {"__undefined__": True}


def operation_of(config: dict[str, Any], *arguments: Argument) -> Operation:
    """Return the operation that a mapping of the SDK describes."""
    given = tuple(Argument(name, field.get("_type", "")) for name, field in config.get("arguments", {}).items())
    returns = tuple(config["returnFields"]) if config.get("returnFields") else None
    return Operation(config["mutation"], arguments or given, returns, config.get("operationName", ""))


def single(given: dict[str, Any]) -> Any:
    """Return the text of one mutation, or what is wrong with it."""
    try:
        return operation_of(given).document()
    except MappingError as error:
        return {"problems": list(error.problems)}


def aliased(given: dict[str, Any]) -> str:
    """Return the text of several mutations."""
    return operation_of(given["config"], Argument("input")).aliased(given["batchSize"])


def read(given: dict[str, Any]) -> dict[str, Any]:
    """Return what is made of an answer, by alias."""
    inputs = [{}] * given["batchSize"] if given["inputs"] == UNDEFINED else given["inputs"]
    key = "k" if "options" in given else ""
    sent = requests(Operation(given["mutationName"]), [{"input": row} for row in inputs], per_request=20, key=key)
    outcome = join(parse(given["response"], request) for request in sent)
    frame, piles = outcome.frame, outcome.frame.partition_by("outcome", as_dict=True)
    told = [None] * frame.height if not (given["response"] or {}).get("errors") else frame["message"].to_list()
    aliases = {name: piles[name,]["alias"].to_list() if (name,) in piles else [] for name in ("rejected", "unknown")}
    failed = {"all_failed": False} if not inputs else {}
    ok = frame.filter("ok")["alias"].to_list()
    return {"ok": ok, **aliases, "refs": frame["key"].to_list(), "messages": told, **failed}


def read_by_sdk(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the SDK's reading in the same shape; the words in which it tells of no error are its own."""
    errors = [item.get("error", {}) for item in answer["result"]["results"]]
    refs = [None if (ref := error.get("inputRef", UNDEFINED)) == UNDEFINED else ref for error in errors]
    told = [error.get("message") if isinstance(error.get("graphqlErrors"), list) else None for error in errors]
    failed = {"all_failed": answer["result"]["allFailed"]} if not errors else {}
    return {"ok": answer["ok"], "rejected": answer["failed"], "unknown": [], "refs": refs, "messages": told, **failed}


def first_message(given: dict[str, Any]) -> Any:
    """Return what a row is told, of which the SDK holds at most one error."""
    (request,) = requests(Operation("c"), [{"input": {}}])
    errors = [{"path": ["c"], **given["error"]}] if "error" in given else []
    return (
        parse({"data": {"c": None if errors else {}}, "errors": errors}, request).frame["message"].item() or UNDEFINED
    )


READINGS = {
    "query.buildMutationQuery": single,
    "query.inferInputTypeName": infer_input_type,
    "query.buildAliasedMutationQuery": aliased,
    "query.parseAliasedMutationResponse": read,
    "query.getErrorMessage": first_message,
}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['area']} {vector['case']}")
def test_a_vector_agrees_or_the_table_says_why_not(vector: dict[str, Any]) -> None:
    """P27: the SDK's text and reading stand, but where the table states another; and each that it states is real."""
    area = vector["area"]
    ours = READINGS[area](vector["input"])
    theirs = read_by_sdk(vector["output"]) if area == "query.parseAliasedMutationResponse" else vector["output"]
    stated = STATED.get((area, vector["case"]))
    assert ours == (stated["ours"] if stated else theirs)
    assert not stated or ours != theirs


def test_the_table_holds_nothing_else() -> None:
    """Each deviation is of a vector, stands once and has its reason."""
    cases = [(row["area"], row["case"]) for row in DEVIATIONS]
    assert sorted(set(cases)) == sorted(cases)
    assert set(cases) <= {(vector["area"], vector["case"]) for vector in VECTORS}
    assert all(row["why"].endswith(".") for row in DEVIATIONS)
