"""The mapper against the answers of SDK 0.1.56, strict and lenient; where it differs on purpose, a table says why."""

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from fcwork import frames
from fcwork.errors import MappingError
from fcwork.mapper import SDK_NAMES, Mapper
from fcwork.mapper.nodes import parse_xml

DATA = Path(__file__).parents[2] / "data"
VECTORS = json.loads((DATA / "vectors" / "mapping.json").read_text("utf-8"))
TABLE = yaml.safe_load((DATA / "deviations.yml").read_text("utf-8"))["mapping"]
SPECIAL = {"__nan__": lambda _: math.nan, "__negzero__": lambda _: -0.0, "__inf__": lambda sign: math.inf * sign}
SPECIAL |= {"__bigint__": int, "__undefined__": lambda _: None, "__hole__": lambda _: None}
SPECIAL |= {"__date__": lambda text: text and datetime.fromisoformat(text), "__fn__": lambda _: None}
UNDEFINED = {"__undefined__": True}


def boom(_value: Any) -> None:
    """Fail as the SDK's test resolver does."""
    raise RuntimeError("boom")


RESOLVERS: dict[str, Callable[..., Any]] = {
    "custom.boom": boom,
    "custom.str": boom,
    "custom.arej": boom,
    "custom.adbl": lambda value: value * 2,
    "custom.nul": lambda _value: None,
    "custom.und": lambda _value: None,
    "custom.emp": lambda _value: "",
    "custom.val": lambda value: {"got": "undefined" if value is None else value},
}
BY_TEXT: dict[str, Callable[..., Any]] = {
    "v=>v*2": lambda value: value * 2,
    "()=>1": lambda _value: 1,
    "v=>[v]": lambda value: [value],
    "()=>{throw new Error('bad')}": boom,
}


def decoded(value: Any) -> Any:
    """Return a vector's value with the spellings for what JSON lacks read."""
    if isinstance(value, dict) and len(value) == 1 and (special := SPECIAL.get(next(iter(value)))):
        return special(next(iter(value.values())))
    if isinstance(value, dict):
        return {name: decoded(item) for name, item in value.items() if item != UNDEFINED}
    return [decoded(item) for item in value] if isinstance(value, list) else value


def held(value: Any) -> Any:
    """Return a value without what is null in it: strictly, null, undefined and left out are one."""
    if isinstance(value, dict):
        inner = {name: held(item) for name, item in value.items() if item is not None}
        return {name: item for name, item in inner.items() if item != {}}
    return [held(item) for item in value] if isinstance(value, list) else value


def config_of(vector: dict[str, Any]) -> Any:
    """Return the mapping that a vector is about."""
    area, given = vector["area"], vector["input"]
    if area.startswith(("resolver.sdk", "resolver.tz")):
        resolver = given.get("resolver", area.removeprefix("resolver."))
        return {"fields": {"x": {"source": "value", "resolver": resolver}}}
    if area.startswith("mapper.graphql.transform"):
        entry = {"source": "value", "transform": area.rpartition(".")[2]}
        return {"mutation": "make", "arguments": {"input": {"x": entry}}}
    if area == "path.set":
        return {"fields": {given["path"]: {"value": decoded(given["value"])}}}
    if area == "path.get":
        return {"fields": {"x": {"source": given["path"]}}}
    if area.startswith("path."):
        return {"mutation": "make", "arguments": {"input": {"x": {"source": given["path"]}}}}
    return {"fields": given["fields"]} if "fields" in given else given.get("config")


def record_of(vector: dict[str, Any]) -> Any:
    """Return the record, or the records, that a vector is about."""
    given = vector["input"]
    if "value" in given and vector["area"] != "path.set":
        return {} if given["value"] == UNDEFINED else {"value": decoded(given["value"])}
    name = next((name for name in ("obj", "data", "items", "xml") if name in given), None)
    record = given.get(name)
    return parse_xml(record) if isinstance(record, str) and record.startswith("<") else decoded(record)


def resolvers_of(given: dict[str, Any]) -> dict[str, Callable[..., Any]]:
    """Return the resolvers that a vector may name."""
    written = {**given.get("resolvers", {}), **given.get("options", {}).get("customResolvers", {})}
    own = {name: BY_TEXT[item["__fn__"]] for name, item in written.items() if item["__fn__"] in BY_TEXT}
    return {**RESOLVERS, **own, **given.get("customResolvers", {})}


def outcome(vector: dict[str, Any], *, lenient: bool) -> dict[str, Any]:
    """Return what the mapper makes of a vector: data, issues, or problems of the mapping."""
    given, config = vector["input"], config_of(vector)
    context = given.get("options", {}).get("context") or (given.get("context") or {}).get("config")
    try:
        mapper = Mapper(config, resolvers=resolvers_of(given), context=context, lenient=lenient)
        if vector["area"].startswith("config."):
            return {"data": True}
        record = record_of(vector)
        if "batchMap" in vector["area"]:
            sent = [request.payload for request in mapper.mutations(record).requests]
            return {"data": sent[0] if len(sent) == 1 else sent}
        if isinstance(record, list):
            data = frames.without_identity(frames.enter(mapper.apply(record).frame)).to_dicts()
        elif vector["area"] in {"mapper.graphql.map", "mapper.graphql.mapWithNodes", "mapper.graphql.mapSafe", "e2e"}:
            data = mapper.mutation(record).payload if mapper.plan.operation else mapper.map(record)
        else:
            data = mapper.map(record)
    except MappingError as error:
        if error.issues:
            return {"issues": [[issue["field"], issue["code"]] for issue in error.issues]}
        return {"problems": [problem.partition(":")[0] for problem in error.problems]}
    except TypeError as error:
        return {"raises": str(error)}
    return {"data": data if lenient else held(data)}


def expected(vector: dict[str, Any], *, lenient: bool) -> dict[str, Any]:
    """Return the SDK's answer in the same shape; ``refused`` where it gives none."""
    area, answer = vector["area"], vector["output"]
    if isinstance(answer, dict) and "__throws__" in answer:
        return {"refused": True}
    if area.startswith("config."):
        return {"data": True} if answer["valid"] else {"refused": True}
    if isinstance(answer, dict) and "success" in answer:
        if not answer["success"]:
            return {"refused": True}
        sent = {name: answer[name] for name in ("query", "variables") if name in answer}
        answer = sent or answer["data"]
    elif area.startswith(("resolver.", "path.")) and area != "path.set":
        answer = {} if answer == UNDEFINED else {"x": answer}
        answer = answer if area == "path.get" or area.startswith("resolver.") else {"input": answer}
    elif area.startswith("mapper.graphql.transform"):
        answer = {"input": {} if answer == UNDEFINED else {"x": answer}}
    data = decoded(answer)
    return {"data": data if lenient else held(data)}


def same(ours: Any, theirs: Any) -> bool:
    """Say whether two answers are equal; NaN is itself, and a refusal is one however it is told."""
    if theirs == {"refused": True}:
        return "data" not in ours
    return repr(_plain(ours)) == repr(_plain(theirs))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    whole = isinstance(value, float) and math.isfinite(value) and value.is_integer()
    return int(value) if whole and not isinstance(value, bool) else value


def _told(vector: dict[str, Any]) -> str:
    return f"{vector['area']} {vector['case']}"


def _is_mappings(vector: dict[str, Any]) -> bool:
    """Say whether a vector is about mapping; ``get`` and ``set`` on what is no record are of the plain functions."""
    area, given = vector["area"], vector["input"]
    if area in {"path.get", "path.set"}:
        return "default" not in given and (given["obj"] == {} if area == "path.set" else isinstance(given["obj"], dict))
    return area != "resolver.meta" and "n" not in given


LOOKED_AT = [vector for vector in VECTORS if _is_mappings(vector)]


def _row(vector: dict[str, Any], mode: str) -> dict[str, Any] | None:
    for row in TABLE:
        if row["area"] == vector["area"] and row["case"] in {vector["case"], "any"} and row.get("mode", mode) == mode:
            return row
    return None


@pytest.mark.parametrize("mode", ["strict", "lenient"])
@pytest.mark.parametrize("vector", LOOKED_AT, ids=_told)
def test_a_vector_agrees_or_the_table_says_why_not(vector: dict[str, Any], mode: str) -> None:
    """P27: the SDK's answer stands, but where it would be silently wrong; such a difference is in the table."""
    ours = outcome(vector, lenient=mode == "lenient")
    theirs = expected(vector, lenient=mode == "lenient")
    row = _row(vector, mode)
    if row is None:
        assert same(ours, theirs)
        return
    assert not same(ours, theirs), "a row of the table is stale"
    assert row["why"]
    assert "ours" not in row or same(ours, decoded(row["ours"]))


@pytest.mark.parametrize("vector", LOOKED_AT, ids=_told)
def test_one_record_and_a_frame_of_it_get_the_same_answer(vector: dict[str, Any]) -> None:
    """P26: map answers as apply does on the one row, values and refusals alike, on every vector with a record."""
    record = record_of(vector)
    try:
        mapper = Mapper(config_of(vector), resolvers=resolvers_of(vector["input"]))
        frame = mapper.apply([record]) if isinstance(record, dict) else None
    except MappingError:
        return  # a mistake of the mapping, or a required column that is not there
    if frame is None:
        return
    if frame.ok:
        (row,) = frame.frame
        whole = {name: value for name, value in row.items() if name not in frames.IDENTITY}
        assert repr(_plain(held(whole))) == repr(_plain(held(mapper.map(record))))
        return
    with pytest.raises(MappingError) as caught:
        mapper.map(record)
    told = [(issue["field"], issue["code"]) for issue in caught.value.issues]
    assert told == [(issue["field"], issue["code"]) for issue in frame.issues if issue["severity"] == "error"]


def test_every_row_of_the_table_is_of_a_vector() -> None:
    """No row of the table is of a vector that there is not."""
    known = {(vector["area"], case) for vector in LOOKED_AT for case in (vector["case"], "any")}
    assert [row for row in TABLE if (row["area"], row["case"]) not in known] == []


def test_the_names_of_the_resolvers_are_the_sdks() -> None:
    """The sixteen ``sdk.*`` names are those of the SDK, and no other name of theirs is known."""
    (names,) = [vector["output"] for vector in VECTORS if vector["case"] == "getSdkResolverNames"]
    assert sorted(SDK_NAMES) == sorted(names)
