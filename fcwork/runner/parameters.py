"""Parameters: what a notebook declares, read without running it, and the values of a call judged against it."""

from __future__ import annotations

import ast
import difflib
import functools
import io
import json
import os
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fcwork import personal
from fcwork.errors import NotebookError, ParameterTypeError, SecretParameterError, UnknownParameterError
from fcwork.redact import holds_secret
from fcwork.runner.annotations import NotOfTypeError, from_text, from_value
from fcwork.runner.document import PARAMETERS_TAG
from fcwork.runner.notebook import Notebook

if TYPE_CHECKING:
    import polars as pl

MASK = "MASK"  # a parameter of this name tells which columns hold personal data
VARIABLE = "FCWORK_PARAM_"  # the beginning of a variable that holds a parameter
_SECRET_WORDS = frozenset({"password", "passwd", "pwd", "secret", "token", "credential", "credentials", "apikey"})
_TYPE_COMMENT = re.compile(r"type:\s*(\S+)\s*")


@dataclass(frozen=True)
class Parameter:
    """One line of the parameters cell.

    Attributes:
        name: the variable.
        type: its annotation as written; without one, the type of the default.
        default: as written; None where a value must be given.
        help: the comment at the end of the line.
    """

    name: str
    type: str
    default: str | None
    help: str

    @property
    def required(self) -> bool:
        """Whether a value must be given."""
        return self.default is None


def declared(notebook: Notebook) -> list[Parameter]:
    """Return the parameters of the one cell tagged ``parameters``; none where there is no such cell.

    Raises:
        NotebookError: there are several such cells, or it is not Python.
    """
    return list(_declared(notebook))


@functools.lru_cache(maxsize=8)  # a sweep asks once a row
def _declared(notebook: Notebook) -> tuple[Parameter, ...]:
    sources = [_source(cell) for cell in notebook.cells if PARAMETERS_TAG in cell["metadata"].get("tags", [])]
    if len(sources) > 1:
        raise NotebookError(
            f"{notebook.name} has {len(sources)} cells tagged {PARAMETERS_TAG!r}", notebook=str(notebook.path)
        )
    if not sources:
        return ()
    try:
        lines = ast.parse(sources[0]).body
    except SyntaxError as error:
        raise NotebookError(
            f"{notebook.name}: line {error.lineno} of the parameters cell is not Python: {error.msg}",
            notebook=str(notebook.path),
            hint="each line is NAME: type = default  # help",
        ) from None
    comments = _comments(sources[0])
    found = [_parameter(line, comments.get(line.end_lineno or 0, "")) for line in lines]
    return tuple(parameter for parameter in found if parameter)


def inspect(name: str | Path | Notebook) -> pl.DataFrame:
    """Return the parameters of a notebook as a frame of ``name, type, default, help, required``."""
    import polars as pl

    from fcwork.runner.notebook import find

    notebook = name if isinstance(name, Notebook) else find(name)
    rows = [(p.name, p.type, p.default, p.help, p.required) for p in declared(notebook)]
    texts = dict.fromkeys(("name", "type", "default", "help"), pl.String)
    return pl.DataFrame(rows, schema={**texts, "required": pl.Boolean}, orient="row")


def read_file(path: str | Path) -> dict[str, Any]:
    """Return the parameters in a JSON or YAML file: one object of names and values.

    Raises:
        NotebookError: the file cannot be read or holds something else.
    """
    import yaml

    is_json = Path(path).suffix == ".json"
    try:
        text = Path(path).read_text("utf-8")
        content = json.loads(text) if is_json else yaml.safe_load(text)
        names = _names_of_json(text) if is_json else _names_of_yaml(text)
    except OSError as error:
        raise NotebookError(
            f"cannot read the parameters in {path}: {error.strerror}", hint=f"paths are taken from {Path.cwd()}"
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" at line {where.line + 1}" if where else ""
        raise NotebookError(f"{path} is neither YAML nor JSON{line}", hint="write one NAME: value a line") from None
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise NotebookError(f"{path} holds no parameters", hint="write one NAME: value a line")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise NotebookError(f"{path} gives {', '.join(twice)} more than once", hint="leave one line of each")
    return content


def _names_of_json(text: str) -> list[str]:
    pairs = json.loads(text, object_pairs_hook=list)
    return [pair[0] for pair in pairs if isinstance(pair, tuple)] if isinstance(pairs, list) else []


def _names_of_yaml(text: str) -> list[str]:
    import yaml

    node = yaml.compose(text, Loader=yaml.SafeLoader)
    return [key.value for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []


def from_environment(variables: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the parameters among the variables of an environment: NAME and text of each ``FCWORK_PARAM_NAME``."""
    return [
        (name.removeprefix(VARIABLE), text)
        for name, text in sorted(variables.items())
        if name.startswith(VARIABLE) and name != VARIABLE
    ]


def resolve(notebook: Notebook, values: Mapping[str, Any], texts: Iterable[tuple[str, str]] = ()) -> dict[str, Any]:
    """Return the values of a call, each of its declared type; the defaults are not among them.

    Args:
        notebook: declares the parameters.
        values: by name, as Python, JSON or YAML has them; judged strictly.
        texts: pairs of a name and a value as typed in a shell, read as the declared type; they go before ``values``.

    Raises:
        SecretParameterError, UnknownParameterError, ParameterTypeError: with every problem of the call in ``problems``.
    """
    parameters = {parameter.name: parameter for parameter in declared(notebook)}
    found, problems = {}, _Problems(notebook, list(parameters))
    typed = list(texts)
    given = {**values, **dict(typed)}
    for name in {name for name, _ in typed if [known for known, _ in typed].count(name) > 1}:
        problems.add(ParameterTypeError, name, "given more than once")
    for name, value in given.items():
        read = from_text if name in dict(typed) else from_value
        if name not in parameters:
            problems.unknown(name)
        elif _is_secret(name, value):
            problems.add(SecretParameterError, name, "a secret is never given as a parameter")
        else:
            try:
                found[name] = read(parameters[name].type, value)
            except NotOfTypeError as error:
                problems.add(
                    ParameterTypeError, name, f"{_shown(value)} is not of type {parameters[name].type}: {error}"
                )
    for parameter in parameters.values():
        if parameter.required and parameter.name not in given:
            problems.add(ParameterTypeError, parameter.name, f"missing, a value must be given ({parameter.help})")
    problems.raise_if_any()
    return found


def effective(notebook: Notebook, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that the notebook runs with, as far as they are known before: given ones and plain defaults."""
    values: dict[str, Any] = {}
    for parameter in declared(notebook):
        if parameter.name in given:
            values[parameter.name] = given[parameter.name]
        elif parameter.default is not None and (known := _literal(parameter.default)) is not ...:
            values[parameter.name] = known
    return values


def beside(notebook: Notebook, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the defaults that name files beside the notebook, as paths that lead there from any working folder.

    What is given is taken from the working folder, and so is a default that names something there.
    """
    folder = notebook.path.parent
    defaults = {name: value for name, value in effective(notebook, given).items() if name not in given}
    found = {name: _led(value, folder) for name, value in defaults.items()}
    return {name: value for name, value in found.items() if value != defaults[name]}


def _led(value: Any, folder: Path) -> Any:
    if isinstance(value, list):
        return [_led(item, folder) for item in value]
    if not isinstance(value, str) or "/" not in value or "\n" in value or os.path.lexists(value):
        return value
    return str(folder / value) if os.path.lexists(folder / value) else value


def masked(notebook: Notebook, given: Mapping[str, Any]) -> list[str]:
    """Return the columns that the parameter MASK names, which are hidden from before the first cell on."""
    return personal.named(effective(notebook, given).get(MASK))


def is_secret_name(name: str) -> bool:
    """Say whether a parameter is called like a secret, such as ``API_TOKEN``."""
    words = set(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().split("_"))
    return bool(words & _SECRET_WORDS) or {"api", "key"} <= words


def as_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as JSON holds them: a date as ISO text."""
    written: dict[str, Any] = json.loads(json.dumps(values, default=date.isoformat))
    return written


def as_code(value: Any) -> str:
    """Return the Python text of a parameter's value."""
    if isinstance(value, list):
        return f"[{', '.join(as_code(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{as_code(key)}: {as_code(item)}' for key, item in value.items())}}}"
    if isinstance(value, date):  # a datetime too, whose time zone may have a repr that is no Python
        return f'__import__("datetime").{type(value).__name__}.fromisoformat({value.isoformat()!r})'
    return repr(value)


class _Problems:
    """What is wrong with a call: all of it, raised as one error of the gravest kind."""

    def __init__(self, notebook: Notebook, known: list[str]) -> None:
        self._notebook, self._known = notebook, known
        self._found: list[tuple[type[NotebookError], str]] = []

    def add(self, kind: type[NotebookError], name: str, text: str) -> None:
        self._found.append((kind, f"{name}: {text}"))

    def unknown(self, name: str) -> None:
        near = difflib.get_close_matches(name.upper(), self._known, 1)
        advice = f"did you mean {near[0]}?" if near else f"known: {', '.join(self._known) or 'none'}"
        self.add(UnknownParameterError, name, f"no such parameter; {advice}")

    def raise_if_any(self) -> None:
        if not self._found:
            return
        gravity = (SecretParameterError, UnknownParameterError, ParameterTypeError)
        kind = min((kind for kind, _ in self._found), key=gravity.index)
        texts = [text for _, text in self._found]
        hint = f"`fcwork run {self._notebook.called} --help` lists the parameters"
        if kind is SecretParameterError:
            hint = "parameters are written into the executed copy: name a PROFILE, or set FLUENT_* in the environment"
        raise kind(
            f"{self._notebook.name} was not started:\n" + "\n".join(f"  {text}" for text in texts),
            notebook=str(self._notebook.path),
            problems=texts,
            hint=hint,
        )


def _parameter(line: ast.stmt, comment: str) -> Parameter | None:
    match line:
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
            written = annotation.value if isinstance(annotation, ast.Constant) else None
            kind = written if isinstance(written, str) else ast.unparse(annotation)
            return Parameter(name, kind, ast.unparse(value) if value else None, comment)
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            noted = _TYPE_COMMENT.match(comment)
            kind = noted[1] if noted else _type_of(_literal(ast.unparse(value)))
            return Parameter(name, kind, ast.unparse(value), comment[noted.end() :] if noted else comment)
        case _:
            return None


def _type_of(default: Any) -> str:
    return "Any" if default is None or default is ... else type(default).__name__


def _literal(text: str) -> Any:
    """Return the value of a Python literal, or ``...`` for anything that would have to be run."""
    try:
        value = ast.literal_eval(text)
        json.dumps(value, allow_nan=False)
    except (ValueError, TypeError, SyntaxError):
        return ...
    return value


def _comments(source: str) -> dict[int, str]:
    """Return the comment of each line that has one."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("# ").strip() for token in tokens if token.type == tokenize.COMMENT}


def _source(cell: dict[str, Any]) -> str:
    source = cell["source"]
    return "".join(source) if isinstance(source, list) else str(source)


def _is_secret(name: str, value: Any) -> bool:
    return is_secret_name(name) or holds_secret(str(value))


def _shown(value: Any) -> str:
    return repr(value if isinstance(value, str | int | float | bool | list | dict) else str(value))[:200]
