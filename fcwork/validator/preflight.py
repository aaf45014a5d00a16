"""The options of the SDK's ``PreflightValidator`` (SDK 0.1.56), taken as they are.

They say less than the rules of ``Validator``: what is false, 0 or null asks for nothing, as there. Text that reads as
a number is one, a value of white space is none, and a key is that of the entity where the frame has its columns.
"""

from __future__ import annotations

from typing import Any

from fcwork.validator.custom import customs
from fcwork.validator.drafts import Draft, Entry, Reader, came, is_names
from fcwork.validator.entities import ENTITIES
from fcwork.validator.keys import Unique
from fcwork.validator.rules import Required, Typed
from fcwork.validator.weights import Weight


def _entity_type(draft: Draft, value: Any) -> None:
    if value is not None and not isinstance(value, str):
        draft.wrong(f"entityType is text, not {came(value)}")


def _required_fields(draft: Draft, value: Any) -> None:
    if value is None or is_names(value):
        for name in dict.fromkeys(value or ()):
            draft.add(Required(name))
    else:
        draft.wrong(f"requiredFields takes a list of fields, not {came(value)}")


def _check_duplicates(draft: Draft, value: Any) -> None:
    if not _asked(draft, "checkDuplicates", value):
        return
    entity = draft.rules.get("entityType")
    own = ENTITIES.get(entity, {}).get("unique") if isinstance(entity, str) else None
    for columns in [*([own] if own else []), ["ref"]]:
        draft.choices.append(Entry(Unique(tuple(columns)), Weight(), draft.scopes, None, usual="warning"))


def _max_batch_size(draft: Draft, value: Any) -> None:
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 and value == value // 1:
        if value:
            draft.limits["max_rows"] = int(value)
    elif value is not None:
        draft.wrong(f"maxBatchSize takes a number of records, not {came(value)}")


def _validate_types(draft: Draft, value: Any) -> None:
    if _asked(draft, "validateTypes", value):  # of these two fields alone, as there
        draft.add(Typed("qty", "decimal"))
        draft.add(Typed("ref", "string"))


def _custom_validator(draft: Draft, value: Any) -> None:
    if value is None:
        return
    try:
        for check in customs(value, 1):
            draft.add(check)
    except (TypeError, ValueError) as error:
        draft.wrong(f"customValidator: {error}")


def _asked(draft: Draft, name: str, value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    draft.wrong(f"{name} is true or false, not {came(value)}")
    return False


def _of_a_batch(reader: Reader) -> Reader:
    def read(draft: Draft, value: Any) -> None:
        draft.limits["min_rows"] = 1  # an empty batch is refused there
        reader(draft, value)

    return read


_READERS: dict[str, Reader] = {
    "entityType": _entity_type,
    "requiredFields": _required_fields,
    "checkDuplicates": _check_duplicates,
    "maxBatchSize": _max_batch_size,
    "validateTypes": _validate_types,
    "customValidator": _custom_validator,
}
OPTIONS = {name: _of_a_batch(reader) for name, reader in _READERS.items()}
