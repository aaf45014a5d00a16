"""The functions for resolvers against the SDK's helpers (0.1.56); the table says where they differ and why."""

import json
import math
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from fcwork.mapper import functions as f

DATA = Path(__file__).parents[2] / "data"
VECTORS = json.loads((DATA / "vectors" / "functions.json").read_text("utf-8"))
ROWS = yaml.safe_load((DATA / "deviations.yml").read_text("utf-8"))["functions"]
RAISES = "raises"  # a ValueError, which makes an issue of the row
SPECIAL = {
    "__nan__": lambda _: math.nan,
    "__inf__": lambda sign: math.inf * sign,
    "__date__": lambda text: text and datetime.fromisoformat(text),
    "__undefined__": lambda _: None,
}
OURS: dict[str, Callable[..., Any]] = {
    "helper.addDays": f.add_days,
    "helper.avg": f.average,
    "helper.chunk": f.chunk,
    "helper.coalesce": f.coalesce,
    "helper.compact": f.compact,
    "helper.dateDiff": f.days_between,
    "helper.deepMerge": f.deep_merge,
    "helper.ensureArray": f.ensure_list,
    "helper.extractCustomAttribute": f.extract_custom_attribute,
    "helper.flatten": f.flatten,
    "helper.formatCurrency": f.format_currency,
    "helper.formatDate": f.format_date,
    "helper.fullName": f.full_name,
    "helper.getXmlAttribute": f.get_xml_attribute,
    "helper.getXmlTextContent": f.get_xml_text_content,
    "helper.groupBy": f.group_by,
    "helper.hashString": f.hash_string,
    "helper.isEmpty": f.is_empty,
    "helper.isValidEmail": f.is_valid_email,
    "helper.keyBy": f.key_by,
    "helper.mapValue": f.map_value,
    "helper.normalizeEmpty": lambda value, default, *trim: f.normalize_empty(value, default, trim=trim != (False,)),
    "helper.normalizeWhitespace": f.normalize_whitespace,
    "helper.omit": f.omit,
    "helper.parseDate": f.parse_date,
    "helper.parseFloatSafe": f.parse_decimal,
    "helper.parseIntSafe": f.parse_int,
    "helper.pick": f.pick,
    "helper.requireField": f.require_field,
    "helper.safeJsonParse": f.parse_json,
    "helper.set": lambda path, value: f.set_path({}, path, value),
    "helper.slugify": f.slugify,
    "helper.sortBy": f.sort_by,
    "helper.subtractDays": lambda value, days: f.add_days(value, -days),
    "helper.sum": f.total,
    "helper.template": f.fill_template,
    "helper.toCamelCase": f.camel_case,
    "helper.toSnakeCase": f.snake_case,
    "helper.truncate": f.truncate,
    "helper.unique": f.unique,
    "path.get": lambda obj, path, default=None: f.get_path(obj, path, default),
    "path.set": lambda obj, path, value: f.set_path(obj, path, value),  # noqa: PLW0108 - called by keyword
}


def decoded(value: Any) -> Any:
    """Return a vector's value with the spellings for what JSON lacks read."""
    if isinstance(value, dict) and len(value) == 1 and (special := SPECIAL.get(next(iter(value)))):
        return special(next(iter(value.values())))
    if isinstance(value, dict):
        return {name: decoded(item) for name, item in value.items()}
    return [decoded(item) for item in value] if isinstance(value, list) else value


def spelled(value: Any) -> Any:
    """Return a value in the vectors' spelling; undefined is null, as Python has one of the two."""
    if isinstance(value, dict):
        undefined = value == {"__undefined__": True}
        return None if undefined else {name: spelled(item) for name, item in value.items()}
    if isinstance(value, list):
        return [spelled(item) for item in value]
    if isinstance(value, datetime):
        return {"__date__": value.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
    if isinstance(value, Decimal | float):
        return {"__nan__": True} if math.isnan(value) else float(value)
    return value


def answer(vector: dict[str, Any]) -> Any:
    """Return what our function gives for a vector."""
    given = decoded(vector["input"])
    function = OURS[vector["area"]]
    try:
        return spelled(function(*given["args"]) if "args" in given else function(**given))
    except ValueError:
        return RAISES


def row_of(vector: dict[str, Any]) -> dict[str, Any] | None:
    """Return the table's row about a vector; where vectors share a name the row repeats the input."""
    about = [row for row in ROWS if row["area"] == vector["area"] and row["case"] in {vector["case"], "any"}]
    return next((row for row in about if row.get("input", vector["input"]) == vector["input"]), None)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['area']} {vector['case']}")
def test_a_function_answers_as_the_helper(vector: dict[str, Any]) -> None:
    """A function gives the SDK's answer, but where the table says otherwise, and there it gives what the table says."""
    row = row_of(vector)
    if row is not None and row["ours"] == "absent":
        assert vector["area"] not in OURS
        return
    ours, theirs = answer(vector), spelled(vector["output"])
    theirs = RAISES if isinstance(theirs, dict) and "__throws__" in theirs else theirs
    same = ours == theirs and isinstance(ours, bool) == isinstance(theirs, bool)
    assert same == (row is None)
    if row is not None:
        assert ours == spelled(row["ours"])


def test_each_row_of_the_table_is_real() -> None:
    """Each row is about a vector, or about a helper that is not built; and says why in a sentence."""
    told = [id(row) for vector in VECTORS if (row := row_of(vector))]
    for row in ROWS:
        absent = row["ours"] == "absent" and row["area"] not in OURS
        assert absent or told.count(id(row)) == 1
        assert row["why"].endswith(".")


def test_every_function_stands_against_a_helper() -> None:
    """No function of the package is without a vector of the helper that it stands for."""
    asked = {name for name in f.__all__ if getattr(f, name) in OURS.values()}
    assert set(f.__all__) - asked == {"get_path", "set_path", "normalize_empty"}  # called by keyword
    assert {vector["area"] for vector in VECTORS} >= OURS.keys()
