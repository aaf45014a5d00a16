"""The SDK's own answers: each is ours as well, or stands in the table of deviations with its reason."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from fcwork.validator import CheckResult, Validator

DATA = Path(__file__).parents[2] / "data"
VECTORS = json.loads((DATA / "vectors" / "preflight.json").read_text("utf-8"))
DEVIATIONS = {
    (row["area"], row["case"]): row for row in yaml.safe_load((DATA / "deviations.yml").read_text("utf-8"))["preflight"]
}
IDS = [f"{vector['area']}: {vector['case']}" for vector in VECTORS]
# What the SDK was given when the vectors of validateMutation were made.
ORDERS = """
enum Status { NEW DONE }
scalar DateTime
input CustomerInput { email: String! }
input ItemInput { sku: String!, qty: Int }
input CreateOrderInput {
  ref: String!, qty: Int, total: Float, ok: Boolean, id: ID, when: DateTime, status: Status,
  customer: CustomerInput!, items: [ItemInput]!, tags: [String]
}
"""


def test_the_vectors_are_all_there() -> None:
    """No vector was lost: there are 52, and the table names only such as there are."""
    assert len(VECTORS) == 52
    assert DEVIATIONS.keys() <= {(vector["area"], vector["case"]) for vector in VECTORS}
    assert all(row["why"].endswith(".") for row in DEVIATIONS.values())


@pytest.mark.parametrize("vector", VECTORS, ids=IDS)
def test_the_verdict_and_the_places_are_those_of_the_sdk(vector: dict[str, Any]) -> None:
    """The same records are at fault in the same fields as by the SDK, or the table says how and why not."""
    ours, theirs = OURS[vector["area"]](vector["input"]), THEIRS[vector["area"]](vector["output"])
    deviation = DEVIATIONS.get((vector["area"], vector["case"]))
    if deviation is None:
        assert ours == theirs
    else:
        assert ours != theirs, "the table is stale: the answers agree"
        assert ours == deviation["ours"]


def preflight(given: dict[str, Any]) -> CheckResult:
    """Check a batch by the SDK's options, as they are."""
    return Validator(options_of(given)).check(given["records"])


def options_of(given: dict[str, Any]) -> dict[str, Any]:
    """Return the options, with the one function among them in Python."""
    options = dict(given["options"])
    if "customValidator" in options:
        options["customValidator"] = lambda record, at: f"Record {at}: negative" if record["qty"] < 0 else None
    return options


def batch(given: dict[str, Any]) -> str:
    """Say what our check of a batch finds."""
    result = preflight(given)
    errors = [(issue["row"], issue["field"]) for issue in result.issues if issue["severity"] == "error"]
    places = {f"{'all' if row is None else row - 1}{f' {field}' if field else ''}" for row, field in errors}
    repeats = {issue["field"] for issue in result.issues if issue["code"] == "check.duplicate"}
    return told(result.ok, places, f"{''.join(repeats)} is repeated" if repeats else "")


def batch_of_sdk(output: dict[str, Any]) -> str:
    """Say what the SDK found in a batch."""
    errors = output["errors"]
    at = {-1: "all"}
    places = {f"{at.get(e['index'], e['index'])}{' ' + e['field'] if 'field' in e else ''}" for e in errors}
    return told(output["isValid"], places, "ref is repeated" if output["duplicates"] else "")


def quick(given: dict[str, Any]) -> str:
    """Say what our look at the first record finds."""
    result = Validator(options_of(given)).peek(given["records"])
    errors = [issue for issue in result.issues if issue["severity"] == "error"]
    whole = any(issue["code"] == "check.max_rows" for issue in errors)  # the SDK names one fault, this one first
    return told(result.ok, {"size"} if whole else {issue["field"] or "record" for issue in errors})


def quick_of_sdk(output: dict[str, Any]) -> str:
    """Say what the SDK found in the first record."""
    error = output.get("error", "")
    field = re.search("'(.+?)'", error)
    place = field[1] if field else "size" if error.startswith("Batch size") else "record"
    return told(output["isValid"], {place} if error else set())


def payload(given: dict[str, Any]) -> str:
    """Say what our check of an input of a type given in the SDK's own form finds."""
    return judged(sdl("Input", given["schema"]), "Input", given["payload"])


def mutation(given: dict[str, Any]) -> str:
    """Say what our check of an order finds."""
    return judged(ORDERS, given["inputType"], given["payload"])


def judged(text: str, kind: str, record: Mapping[str, Any]) -> str:
    """Say what a check by a GraphQL type finds."""
    result = Validator.from_schema(text, kind).check([record])
    errors = {issue["message"].partition(" is ")[0] for issue in result.issues if issue["severity"] == "error"}
    unknown = {issue["field"] for issue in result.issues if issue["code"] == "check.unknown_field"}
    return told(result.ok, errors, f"unknown: {', '.join(sorted(unknown))}" if unknown else "")


def payload_of_sdk(output: dict[str, Any]) -> str:
    """Say what the SDK found in a payload."""
    if "throws" in output:
        return f"throws {output['throws']}"
    errors = {error["path"].partition("input.")[2] for error in output["errors"]}
    unknown = {re.sub(r"\[\d+\]", "[]", warning["path"].partition("input.")[2]) for warning in output["warnings"]}
    return told(output["valid"], errors, f"unknown: {', '.join(sorted(unknown))}" if unknown else "")


def told(ok: bool, places: set[str], more: str = "") -> str:  # noqa: FBT001 - the verdict comes first
    """Say a verdict, what is at fault, and what else was noted."""
    verdict = f"{'valid' if ok else 'not valid'}{': ' if places else ''}{', '.join(sorted(places))}"
    return f"{verdict}; {more}" if more else verdict


def sdl(name: str, fields: list[dict[str, Any]]) -> str:
    """Return the SDL of an input type that is given as the SDK keeps it."""
    types = {field["typeName"]: field for field in fields}
    enums = [f"enum {kind} {{ NEW DONE }}" for kind, field in types.items() if field["kind"] == "ENUM"]
    inner = [sdl(kind, field["fields"]) for kind, field in types.items() if field.get("fields")]
    lines = [f"{field['name']}: {listed(field)}{'!' if field['required'] else ''}" for field in fields]
    scalars = ["scalar DateTime"] if "DateTime" in types else []
    return "\n".join([*scalars, *enums, *inner, f"input {name} {{ {', '.join(lines)} }}"])


def listed(field: dict[str, Any]) -> str:
    """Return a field's type, in brackets where it is a list."""
    return f"[{field['typeName']}]" if field["isList"] else str(field["typeName"])


OURS = {
    "preflight_validate_batch": batch,
    "preflight_validate_quick": quick,
    "schema_validate_payload": payload,
    "schemaValidation.validateMutation": mutation,
}
THEIRS = {
    "preflight_validate_batch": batch_of_sdk,
    "preflight_validate_quick": quick_of_sdk,
    "schema_validate_payload": payload_of_sdk,
    "schemaValidation.validateMutation": payload_of_sdk,
}
