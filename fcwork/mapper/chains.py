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

SETTINGS = ("numberFormat", "exact", "scale", "dateFormat", "zone")
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
        key = "resolver" if config.get("resolver") else "transform"
        given = config.get(key) or []
        listed = [given] if isinstance(given, str | Mapping) else given
        params = dict(config.get("params", {}))
        names = [self._named(item, f"{where}.{key}") for item in listed]
        found: list[Step] = []
        for name, more in names:
            shared = {param: value for param, value in params.items() if param not in more}
            found += self._step(name, shared, more, f"{where}.{key}") if name else ()
        self._left_over(params, [name for name, _ in names if name], f"{where}.params")
        return tuple(found)

    def own(self, name: Any, params: Mapping[str, Any], where: str) -> Step | None:
        """Return the step of a resolver of the user's own, or None where the name is none of those."""
        if name in SDK_NAMES or name in self._sdk or not isinstance(name, str):
            return None
        self._left_over(params, [name], f"{where}.params")
        return next(iter(self._step(name, params, {}, f"{where}.resolver")), None)

    def _sound(self, own: Any) -> dict[str, custom.Resolver]:
        if not isinstance(own, Mapping):
            self._mistakes.add("resolvers", f"functions by name, as a dict, not {kind_of(own)}")
            return {}
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
        if not isinstance(item, Mapping) or not isinstance(item.get("name"), str):
            without = " without a name" if isinstance(item, Mapping) else ""
            self._mistakes.add(where, f'a name, or {{"name": …, "params": {{…}}}}, not {kind_of(item)}{without}')
            return "", {}
        for key in map(str, set(item) - {"name", "params"}):
            self._mistakes.unknown(f"{where}.{key}", "key", key, ("name", "params"))
        params = item.get("params", {})
        if not isinstance(params, Mapping):
            self._mistakes.add(f"{where}.params", f"an object of params by name, not {kind_of(params)}")
            return "", {}
        return item["name"], dict(params)

    def _step(self, name: str, shared: Mapping[str, Any], stated: Mapping[str, Any], where: str) -> Iterator[Step]:
        """Yield the step of a name.

        Args:
            name: as the mapping calls it.
            shared: the params of the field, of which the step takes those that it knows.
            stated: the params of the step itself.
            where: its place.
        """
        if name in self._sdk:
            reading = self._read(self._reading, self._known(name, shared), f"{where.rpartition('.')[0]}.params")
            reading = self._read(reading, self._known(name, stated), f"{where}.params")
            self._strange(name, stated, where)
            mark = reading.format.decimal if name in PARAMS["numberFormat"] else "."
            yield Step(name, sdk=self._sdk[name](reading), lenient=self._lenient.get(name), mark=mark)
        elif name == PARSE_JSON:
            self._strange(name, stated, where)
            call = custom.Call(PARSE_JSON, parse_json, "value", code="map.type")
            yield Step(name, call=call, lenient=self._lenient.get(name))
        elif name in self._own and name not in self._unsound:
            yield from self._called(name, shared, stated, where)
        elif name in self._unsound:  # told already: what stands for it keeps the field from being told too
            yield Step(name, call=custom.Call(name, str, "value"))
        else:
            text = f"unknown resolver {name!r}{did_you_mean(name, self.names)}"
            self._mistakes.add(where, text, self.names)

    def _called(self, name: str, shared: Mapping[str, Any], stated: Mapping[str, Any], where: str) -> Iterator[Step]:
        if self._strange(name, stated, where):
            return
        given = {**{key: value for key, value in shared.items() if self._takes(name, key)}, **stated}
        try:
            yield Step(name, call=custom.call_of(name, self._own[name], given))
        except TypeError as error:
            self._mistakes.add(where, str(error))

    def _known(self, name: str, params: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in params.items() if self._takes(name, key)}

    def _strange(self, name: str, stated: Mapping[str, Any], where: str) -> bool:
        """Tell of each param of a step that its resolver does not take, and say whether there was one."""
        strange = [key for key in stated if not self._takes(name, key)]
        for key in strange:
            known = self._known_params([name])
            self._mistakes.add(f"{where}.params.{key}", f"{name} takes no such param{_nearest(key, known)}", known)
        return bool(strange)

    def _left_over(self, params: Mapping[str, Any], names: list[str], where: str) -> None:
        """Tell of each param of a field that none of its resolvers takes."""
        for key in params:
            if not any(self._takes(name, key) for name in names):
                known = self._known_params(names)
                told = f"none of its resolvers takes it{_nearest(key, known)}"
                self._mistakes.add(f"{where}.{key}", told if names else "there is no resolver to take it", known)

    def _takes(self, name: str, key: str) -> bool:
        """Say whether a resolver takes a param; one that is not known, and told elsewhere, may take any."""
        if name in self._sdk or name == PARSE_JSON:
            return name in PARAMS.get(key, ())
        if name not in self._own:
            return True
        takes = custom.signature_of(self._own[name])
        return takes.any_name or key in takes.takes

    def _known_params(self, names: list[str]) -> list[str]:
        sdk = [key for key, whose in PARAMS.items() if set(whose) & set(names)]
        own = (custom.signature_of(self._own[name]).takes for name in names if name in self._own)
        return [*sdk, *sorted(set[str]().union(*own))]

    def _read(self, reading: Reading, stated: Mapping[str, Any], where: str) -> Reading:
        """Return a reading with what is stated for one resolver, or for a whole mapping."""
        below = f"{where}." if where else ""
        for key, value in stated.items():
            try:
                reading = _with(reading, key, value)
            except ValueError as error:
                self._mistakes.add(f"{below}{key}", str(error))
        return reading


def _nearest(key: str, known: list[str]) -> str:
    return did_you_mean(key, known) or f": there {'are' if len(known) > 1 else 'is'} {', '.join(known) or 'none'}"


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
    if not isinstance(value, str | list) or not value or not all(isinstance(shape, str) for shape in value):
        told = "an empty list" if value == [] else kind_of(value)
        raise ValueError(f"a date format such as DD/MM/YYYY, or a list of them, not {told}")
    shapes = [shape.strip() for shape in ([value] if isinstance(value, str) else value)]  # as texts are
    for shape in shapes:
        dates.check_format(shape)
    return replace(reading, date=replace(reading.date, formats=tuple(shapes)))
