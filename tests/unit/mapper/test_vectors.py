"""The mapper against the SDK's own answers (0.1.56); where it differs on purpose, the vector says why."""

import json
import math
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from fcwork.errors import MappingError
from fcwork.mapper import Mapper

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "vectors" / "mapper.json").read_text("utf-8"))
SPECIAL = {"__nan__": lambda _: math.nan, "__negzero__": lambda _: -0.0, "__inf__": lambda sign: math.inf * sign}
SPECIAL |= {"__date__": datetime.fromisoformat, "__bigint__": int, "__undefined__": lambda _: None}


def boom(_value: Any) -> None:
    """Fail as the SDK's test resolver does."""
    raise RuntimeError("boom")


RESOLVERS = {
    "custom.boom": boom,
    "custom.str": boom,
    "custom.nul": lambda _value: None,
    "custom.und": lambda _value: None,
    "custom.emp": lambda _value: "",
    "custom.val": lambda value: {"got": "undefined" if value is None else value},
}


def decoded(value: Any) -> Any:
    """Return a vector's value with the spellings for what JSON lacks read."""
    if isinstance(value, dict) and len(value) == 1 and (special := SPECIAL.get(next(iter(value)))):
        return special(next(iter(value.values())))
    if isinstance(value, dict):
        return {name: decoded(item) for name, item in value.items()}
    return [decoded(item) for item in value] if isinstance(value, list) else value


def held(value: Any) -> Any:
    """Return a value without what is null in it: null, undefined and left out are one."""
    if isinstance(value, dict):
        return {name: held(item) for name, item in value.items() if item is not None and name[0] != "_"}
    return [held(item) for item in value] if isinstance(value, list) else value


def outcome(vector: dict[str, Any]) -> dict[str, Any]:
    """Return what the mapper makes of a vector: data, issues or problems of the mapping."""
    given = vector["input"]
    source = given.get("path", "value")
    config = given.get("config", {"fields": {"x": {"source": source}}})
    if "resolver" in given:
        config["fields"]["x"]["resolver"] = given["resolver"]
    record = decoded(next(given[name] for name in ("obj", "data") if name in given)) if "value" not in given else None
    try:
        mapper = Mapper(config, resolvers=RESOLVERS)
        if isinstance(record, list):
            return {"data": held(mapper.apply(record).frame)}
        return {"data": held(mapper.map({"value": decoded(given["value"])} if record is None else record))}
    except MappingError as error:
        if error.issues:
            return {"issues": [[issue["field"], issue["code"]] for issue in error.issues]}
        return {"problems": [problem.partition(":")[0] for problem in error.problems]}


def expected(vector: dict[str, Any], answer: Any) -> dict[str, Any]:
    """Return a vector's answer in the same shape."""
    if vector["area"] == "mapper.universal":
        whole = {"data": answer["data"]} if answer.get("success") else answer
        return {"data": held(decoded(whole["data"]))} if "data" in whole and whole["data"] is not None else whole
    if isinstance(answer, dict) and "issue" in answer:
        return {"issues": [["x", answer["issue"]]]}
    if isinstance(answer, dict) and "problems" in answer:
        return answer
    return {"data": held({"x": decoded(answer)})}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['area']} {vector['case']}")
def test_a_vector_agrees_or_says_why_not(vector: dict[str, Any]) -> None:
    """P27: the SDK's answer stands, but where it would be silently wrong; such a difference is stated and real."""
    ours = outcome(vector)
    theirs = expected(vector, vector["sdk"])
    if "differs" not in vector:
        refused = "issues" in ours and vector["sdk"].get("success") is False
        assert refused or ours == theirs
        return
    assert ours == expected(vector, vector["ours"])
    assert ours != theirs
