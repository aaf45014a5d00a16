"""``fcwork vault``: credentials at rest, for people without a profile of the Fluent CLI."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from fcwork.cli import terminal
from fcwork.cli.examples import examples
from fcwork.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from fcwork.redact import Secret

_ASKED = {
    "base_url": "Address, such as https://acme.api.fluentretail.com",
    "client_id": "Client id",
    "client_secret": "Client secret",
    "username": "User (nothing: the client's own credentials)",
    "password": "Password",
    "retailer_id": "Retailer id (nothing: none)",
}
_HIDDEN = frozenset({"client_secret", "password"})


@click.group(
    short_help="Keep credentials in an encrypted file.",
    epilog=examples(
        "fcwork vault add acme           asks for each credential; then --profile acme works",
        "fcwork vault set warehouse/password     one secret, as vault:warehouse/password in connections.toml",
        "fcwork vault list",
        "fcwork vault remove acme",
        "fcwork vault passphrase         seals it by another one",
    ),
)
def vault() -> None:
    """Keep credentials in a file that a passphrase opens: fcwork.vault beside the profiles, or where FCWORK_VAULT says.

    An entry is a profile: `--profile NAME` takes it where the Fluent CLI has none of that name. The passphrase is asked
    for, or FCWORK_VAULT_PASSPHRASE holds it where nobody can be asked. Secrets are typed in, or come as lines on the
    standard input; they are never arguments.
    """


@vault.command(short_help="Add or change a profile.")
@click.argument("name")
@click.option("--base-url", help="The platform's address.")
@click.option("--client-id", help="Of the OAuth client.")
@click.option("--username", help="Of the user.")
@click.option("--retailer-id", help="The retailer's number.")
def add(name: str, **given: str | None) -> int:
    """Add a profile NAME, or change what it has; each credential that no option gives is asked for."""
    from fcwork import settings
    from fcwork.vault import editing, file, names

    path = file()
    passphrase = _passphrase(path)
    fields: dict[str, Any] = {field: value for field, value in given.items() if value}
    for field, label in _ASKED.items():
        if field not in fields and (field != "password" or fields.get("username")):
            fields[field] = _value(label, hidden=field in _HIDDEN)
    found = {field: value for field, value in fields.items() if value}
    if missing := [field for field in settings.NEEDED if not found.get(field) and name not in names()]:
        raise ConfigError(f"{name} lacks {', '.join(missing)}: nothing was kept", hint="a profile needs them")
    if "base_url" in found:
        found["base_url"] = settings.check_base_url(found["base_url"])
    editing.put(path, name, found, passphrase)
    click.echo(f"{name} is in {path}. Next: fcwork connect --profile {name}")
    return 0


@vault.command(name="set", short_help="Set one field of an entry.")
@click.argument("where", metavar="NAME/FIELD")
def set_field(where: str) -> int:
    """Set one secret, which `vault:NAME/FIELD` then stands for in settings and in connections.toml."""
    from fcwork.vault import editing, file

    name, slash, field = where.rpartition("/")
    if not slash:
        raise ConfigError(f"{where!r} names no field", hint="write NAME/FIELD, such as warehouse/password")
    passphrase = _passphrase(file())
    value = _value(field, hidden=True)
    if not value:
        raise ConfigError(f"nothing was given for {where}", hint="type it in, or pass it as a line on standard input")
    editing.put(file(), name, {field: value}, passphrase)
    click.echo(f"vault:{where} is set")
    return 0


@vault.command(name="list", short_help="Name the entries.")
def list_entries() -> int:
    """Name the entries and their fields; no value is shown."""
    from fcwork.vault import file
    from fcwork.vault.opened import entries

    if not file().is_file():
        click.echo(f"there is no vault at {file()}: fcwork vault add NAME makes one")
        return 0
    for name, fields in sorted(entries(file()).items()):
        click.echo(terminal.visible(f"{name}: {', '.join(sorted(fields))}"))
    return 0


@vault.command(short_help="Take an entry away.")
@click.argument("name")
def remove(name: str) -> int:
    """Take the entry NAME away."""
    from fcwork.vault import editing, file

    editing.remove(_there(), name, _passphrase(file()))
    click.echo(f"{name} is gone from {file()}")
    return 0


@vault.command(name="passphrase", short_help="Take another passphrase.")
def change_passphrase() -> int:
    """Seal the vault by another passphrase."""
    from fcwork.vault import editing

    path = _there()
    old, new = _passphrase(path), _asked("New passphrase", confirm=True)
    editing.change_passphrase(path, old, new)
    click.echo(f"{path} has another passphrase; see to {_variable()} where it is set")
    return 0


def _there() -> Path:
    from fcwork.vault import file

    if not file().is_file():
        raise ConfigError(f"there is no vault at {file()}", hint="fcwork vault add NAME makes one")
    return file()


def _passphrase(path: Path) -> Secret:
    """Return the passphrase: the variable's, else what is typed; twice, and checked, where a vault is to be made."""
    from fcwork.redact import Secret
    from fcwork.vault import editing

    if os.environ.get(_variable()):
        return Secret(os.environ[_variable()])
    found = _asked(f"Passphrase of {path}", confirm=not path.exists())
    if not path.exists():
        editing.check_passphrase(found)
    return found


def _asked(label: str, *, confirm: bool = False) -> Secret:
    from fcwork.redact import Secret

    if not sys.stdin.isatty():
        return Secret(sys.stdin.readline().rstrip("\n"))
    return Secret(click.prompt(label, hide_input=True, confirmation_prompt=confirm))


def _value(label: str, *, hidden: bool) -> Any:
    """Return what is typed in, or the next line of the standard input."""
    if hidden and sys.stdin.isatty():
        from fcwork.redact import Secret

        return Secret(click.prompt(label, hide_input=True, default="", show_default=False))
    if sys.stdin.isatty():
        return click.prompt(label, default="", show_default=False).strip()
    return _asked(label) if hidden else sys.stdin.readline().strip()


def _variable() -> str:
    from fcwork.vault import VARIABLE

    return VARIABLE
