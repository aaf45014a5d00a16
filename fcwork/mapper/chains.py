"""The resolvers that a mapping may name, and the chains that it makes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from fcwork.mapper import custom, dates, numbers
from fcwork.mapper.javascript import LENIENT, TRANSFORMS_LENIENT
from fcwork.mapper.mistakes import Mistakes, kind_of
from fcwork.mapper.numbers import NumberFormat
from fcwork.mapper.plan import Step
from fcwork.mapper.resolvers import PARAMS, PARSE_JSON, SDK, SDK_NAMES, TRANSFORMS, Reading, parse_json
from fcwork.names import did_you_mean

SETTINGS = ("numberFormat", "dateFormat", "zone")
_MOST_SCALE = 18


class Chains:
    """Makes steps of a mapping's resolver names.

    Args:
        own: functions of the user's by name.
        settings: what the mapping states for all its fields: ``numberFormat``, ``dateFormat``, ``zone``.
        transforms: whether the nine names of the SDK's mutation mapper are known too.
        mistakes: takes what is wrong.
    """

    def __init__(
        self, own: Mapping[str, custom.Resolver], settings: Mapping[str, Any], mistakes: Mistakes, *, transforms: bool
    ) -> None:
        self._mistakes = mistakes
        self._unsound: set[str] = set()
        self._own = {**custom.REGISTERED, **self._sound(own)}
        self._sdk = {**SDK, **(TRANSFORMS if transforms else {})}
        self._lenient = {**LENIENT, **(TRANSFORMS_LENIENT if transforms else {})}
        self.names = (*SDK_NAMES, *(TRANSFORMS if transforms else ()), *self._own)
        self._reading = self._read(Reading(), settings, "")

    def steps(self, config: Mapping[str, Any], where: str) -> tuple[Step, ...]:
        """Return the steps that a field names as ``resolver`` or ``transform``."""
        key = "resolver" if "resolver" in config else "transform"
        given = config.get(key) or []
        listed = [given] if isinstance(given, str) else given
        params = dict(config.get("params", {}))
        names = [self._named(item, f"{where}.{key}") for item in listed]
        found = [
            step
            for name, more in names
            if name
            for step in self._step(name, {**params, **more}, more, f"{where}.{key}")
        ]
        self._left_over(params, [name for name, _ in names if name], f"{where}.params")
        return tuple(found)

    def own(self, name: Any, params: Mapping[str, Any], where: str) -> Step | None:
        """Return the step of a resolver of the user's own, or None where the name is none of those."""
        if name in SDK_NAMES or name in self._sdk or not isinstance(name, str):
            return None
        return next(iter(self._step(name, params, params, f"{where}.resolver")), None)

    def _sound(self, own: Mapping[str, Any]) -> dict[str, custom.Resolver]:
        sound = {}
        for name, function in own.items():
            try:
                custom.check_name(name)
                custom.signature_of(function)
            except (TypeError, ValueError) as error:
                self._mistakes.add(f"resolvers[{name!r}]", str(error))
                self._unsound.add(str(name))
            else:
                sound[str(name)] = function
        return sound

    def _named(self, item: Any, where: str) -> tuple[str, dict[str, Any]]:
        if isinstance(item, str):
            return item, {}
        if isinstance(item, Mapping) and isinstance(item.get("name"), str) and set(item) <= {"name", "params"}:
            params = item.get("params", {})
            if isinstance(params, Mapping):
                return item["name"], dict(params)
        self._mistakes.add(where, f'a name, or {{"name": …, "params": {{…}}}}, not {kind_of(item)}')
        return "", {}

    def _step(self, name: str, params: Mapping[str, Any], stated: Mapping[str, Any], where: str) -> Iterator[Step]:
        if name in self._sdk:
            mine = {key: value for key, value in params.items() if name in PARAMS.get(key, ())}
            for key in set(stated) - set(mine):
                self._unknown_param(name, key, where)
            reading = self._read(self._reading, mine, where)
            yield Step(name, sdk=self._sdk[name](reading), lenient=self._lenient.get(name))
        elif name == PARSE_JSON:
            call = custom.Call(PARSE_JSON, parse_json, "value", code="map.type")
            yield Step(name, call=call, lenient=self._lenient.get(name))
        elif name in self._own and name not in self._unsound:
            yield from self._called(name, params, stated, where)
        elif name not in self._unsound:
            text = f"unknown resolver {name!r}{did_you_mean(name, self.names)}"
            self._mistakes.add(where, text, self.names)

    def _called(self, name: str, params: Mapping[str, Any], stated: Mapping[str, Any], where: str) -> Iterator[Step]:
        try:
            takes = custom.signature_of(self._own[name])
            mine = {key: item for key, item in params.items() if takes.any_name or key in takes.takes or key in stated}
            yield Step(name, call=custom.call_of(name, self._own[name], mine))
        except TypeError as error:
            self._mistakes.add(where, str(error))

    def _left_over(self, params: Mapping[str, Any], names: list[str], where: str) -> None:
        """Tell of each param of a field that none of its resolvers takes."""
        for key in params:
            taken = any(name in PARAMS.get(key, ()) or self._takes(name, key) for name in names)
            if not taken:
                known = self._known_params(names)
                told = (
                    f"none of its resolvers takes it{did_you_mean(key, known)}"
                    if names
                    else "there is no resolver to take it"
                )
                self._mistakes.add(f"{where}.{key}", told, known)

    def _takes(self, name: str, key: str) -> bool:
        takes = custom.signature_of(self._own[name]) if name in self._own else None
        return name in self._unsound or bool(takes and (takes.any_name or key in takes.takes))

    def _known_params(self, names: list[str]) -> list[str]:
        return [key for key, whose in PARAMS.items() if set(whose) & set(names)]

    def _unknown_param(self, name: str, key: str, where: str) -> None:
        known = self._known_params([name])
        self._mistakes.add(where, f"{name} takes no {key!r}{did_you_mean(key, known)}", known)

    def _read(self, reading: Reading, stated: Mapping[str, Any], where: str) -> Reading:
        """Return a reading with what is stated for one resolver, or for a whole mapping."""
        below = f"{where}." if where else ""
        for key, value in stated.items():
            try:
                reading = _with(reading, key, value)
            except ValueError as error:
                self._mistakes.add(f"{below}{key}", str(error))
        return reading


def _with(reading: Reading, key: str, value: Any) -> Reading:
    if key == "numberFormat":
        if not isinstance(value, str):
            raise ValueError(f"a number format is a sample: {numbers.FORMATS}; not {kind_of(value)}")
        return replace(reading, format=NumberFormat.of(value))
    if key == "exact":
        if not isinstance(value, bool):
            raise ValueError(f"true or false, not {kind_of(value)}")
        return replace(reading, exact=value)
    if key == "scale":
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_SCALE:
            raise ValueError(f"a number of decimal places from 0 to {_MOST_SCALE}, not {value!r}")
        return replace(reading, scale=value, exact=True)
    if key == "zone":
        dates.check_zone(value)
        return replace(reading, date=replace(reading.date, zone=value))
    shapes = [value] if isinstance(value, str) else value
    if not isinstance(shapes, list) or not shapes or not all(isinstance(shape, str) for shape in shapes):
        raise ValueError(f"a date format such as DD/MM/YYYY, or a list of them, not {kind_of(value)}")
    for shape in shapes:
        dates.check_format(shape)
    return replace(reading, date=replace(reading.date, formats=tuple(shapes)))
