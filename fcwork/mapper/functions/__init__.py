"""Functions on single values for resolvers of one's own: what the SDK hands to its resolvers as helpers.

Names are those of the SDK in Python's spelling. Others are ``get_path`` for get, ``set_path`` for set, ``ensure_list``
for ensureArray, ``parse_int`` and ``parse_decimal`` for parseIntSafe and parseFloatSafe, ``parse_json`` for
safeJsonParse, ``total`` and ``average`` for sum and avg, ``camel_case`` and ``snake_case`` for toCamelCase and
toSnakeCase, ``fill_template`` for template, ``days_between`` for dateDiff, ``add_days`` for subtractDays too. What
Python has in one line is not here.

What cannot be read raises ValueError, and the mapper makes an issue of that row; the functions that take a ``default``
return it instead.
"""

from fcwork.mapper.functions.dates import add_days, days_between, format_date, parse_date
from fcwork.mapper.functions.lists import chunk, compact, ensure_list, flatten, group_by, key_by, sort_by, unique
from fcwork.mapper.functions.numbers import average, format_currency, parse_decimal, parse_int, total
from fcwork.mapper.functions.paths import get_path, set_path
from fcwork.mapper.functions.records import (
    coalesce,
    deep_merge,
    is_empty,
    map_value,
    normalize_empty,
    omit,
    parse_json,
    pick,
    require_field,
)
from fcwork.mapper.functions.text import (
    camel_case,
    fill_template,
    full_name,
    hash_string,
    is_valid_email,
    normalize_whitespace,
    slugify,
    snake_case,
    truncate,
)
from fcwork.mapper.functions.xml import extract_custom_attribute, get_xml_attribute, get_xml_text_content

__all__ = [
    "add_days",
    "average",
    "camel_case",
    "chunk",
    "coalesce",
    "compact",
    "days_between",
    "deep_merge",
    "ensure_list",
    "extract_custom_attribute",
    "fill_template",
    "flatten",
    "format_currency",
    "format_date",
    "full_name",
    "get_path",
    "get_xml_attribute",
    "get_xml_text_content",
    "group_by",
    "hash_string",
    "is_empty",
    "is_valid_email",
    "key_by",
    "map_value",
    "normalize_empty",
    "normalize_whitespace",
    "omit",
    "parse_date",
    "parse_decimal",
    "parse_int",
    "parse_json",
    "pick",
    "require_field",
    "set_path",
    "slugify",
    "snake_case",
    "sort_by",
    "total",
    "truncate",
    "unique",
]
