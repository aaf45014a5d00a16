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

TRIES = 3  # of a passphrase that is typed
_ASKED = {
    "base_url": ("Address, such as https://acme.api.fluentretail.com", ""),
    "client_id": ("Client id", ""),
    "client_secret": ("Client secret", ""),
    "username": ("User", "the client's own credentials"),
    "password": ("Password", "none"),
    "retailer_id": ("Retailer id", "none"),
}  # what it is asked for by, and what nothing means; where that is empty it is needed
_NONE_CAME = "type it in, pass it as a line, or set FCWORK_VAULT_PASSPHRASE"
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

    editing.check(name, ())
    path = file()
    fields: dict[str, Any] = {field: value for field, value in given.items() if value}
    if "base_url" in fields:
        fields["base_url"] = settings.check_base_url(fields["base_url"])
    passphrase = _passphrase(path)
    known = name in names()
    for field in _ASKED:
        if field not in fields and (field != "password" or fields.get("username") or known):
            fields[field] = _value(field, known=known)
    found = {field: value for field, value in fields.items() if value}
    if missing := [field for field in settings.NEEDED if not found.get(field) and not known]:
        raise ConfigError(f"{name} lacks {', '.join(missing)}: nothing was kept", hint="a profile needs them")
    if "base_url" in found:
        found["base_url"] = settings.check_base_url(found["base_url"])
    editing.put(path, name, found, passphrase)
    click.echo(f"{name} is in {path}. {_next(name)}")
    return 0


def _next(name: str) -> str:
    from fcwork import settings

    if (settings.profile_root() / name / "profile.json").is_file():
        return "The Fluent CLI has a profile of that name too, and that one is taken: add it by another name"
    return f"Next: fcwork connect --profile {name}"


@vault.command(name="set", short_help="Set one field of an entry.")
@click.argument("where", metavar="NAME/FIELD")
@click.argument("value", nargs=-1, metavar="")
def set_field(where: str, value: tuple[str, ...]) -> int:
    """Set one secret, which `vault:NAME/FIELD` then stands for in settings and in connections.toml."""
    from fcwork.vault import editing, file

    if value:
        hint = "leave it out: it is asked for; the shell's history may hold it now, and so others may know it"
        raise ConfigError("a secret is never an argument: nothing was kept", hint=hint)
    name, slash, field = where.rpartition("/")
    if not slash:
        raise ConfigError(f"{where!r} names no field", hint="write NAME/FIELD, such as warehouse/password")
    editing.check(name, [field])
    passphrase = _passphrase(file())
    given = _secret(field)
    if not given:
        raise ConfigError(f"nothing was given for {where}", hint="type it in, or pass it as a line on standard input")
    editing.put(file(), name, {field: given}, passphrase)
    click.echo(f"vault:{where} is set")
    return 0


@vault.command(name="list", short_help="Name the entries.")
def list_entries() -> int:
    """Name the entries and their fields; no value is shown."""
    from fcwork.vault import file, unlock
    from fcwork.vault.opened import entries

    if not file().is_file():
        click.echo(f"there is no vault at {file()}: fcwork vault add NAME makes one")
        return 0
    unlock(_passphrase(file()))
    for name, fields in sorted(entries(file()).items()):
        click.echo(terminal.visible(f"{name}: {', '.join(sorted(fields))}"))
    return 0


@vault.command(short_help="Take an entry away.")
@click.argument("name")
def remove(name: str) -> int:
    """Take the entry NAME away."""
    from fcwork.vault import editing

    path = _there()
    editing.remove(path, name, _passphrase(path))
    click.echo(f"{name} is gone from {path}")
    return 0


@vault.command(name="passphrase", short_help="Take another passphrase.")
def change_passphrase() -> int:
    """Seal the vault by another passphrase."""
    from fcwork.vault import editing

    path = _there()
    old, new = _passphrase(path), _secret("New passphrase", confirm=True)
    editing.change_passphrase(path, old, new)
    click.echo(f"{path} has another passphrase; see to {_variable()} where it is set")
    return 0


def _there() -> Path:
    from fcwork.vault import file

    if not file().is_file():
        raise ConfigError(f"there is no vault at {file()}", hint="fcwork vault add NAME makes one")
    return file()


def _passphrase(path: Path) -> Secret:
    """Return the passphrase, once it is known to fit: the variable's, else what is typed, or the next line.

    Where a vault is to be made it is typed twice.
    """
    from fcwork.redact import Secret
    from fcwork.vault import place, sealed

    new = not path.exists()
    if not new:
        sealed.names(place.read(path), path)  # damage is told before anybody is asked
    if os.environ.get(_variable()):
        return _fitting(path, Secret(os.environ[_variable()]))
    if new and _is_typed():
        click.echo(f"There is no vault yet: {path} is made. Nobody can open it without its passphrase.")
    found = _secret(f"{'New passphrase' if new else 'Passphrase'} of {path}", confirm=new)
    if not found and not _is_typed():
        raise ConfigError("no passphrase came on the standard input", hint=_NONE_CAME)
    for _ in range(TRIES - 1 if _is_typed() else 0):
        try:
            return _fitting(path, found)
        except sealed.PassphraseError as error:
            click.echo(error.message, err=True)
            found = _secret("Once more", confirm=new)
    return _fitting(path, found)


def _fitting(path: Path, passphrase: Secret) -> Secret:
    """Return a passphrase that opens the vault, or is long enough for a new one.

    Raises:
        ConfigError: it does not, or is not.
    """
    from fcwork.vault import editing, place, sealed

    if path.exists():
        sealed.unseal(place.read(path), passphrase, path)
    else:
        editing.check_passphrase(passphrase)
    return passphrase


def _value(field: str, *, known: bool) -> Any:
    """Return what is given for a field: typed in, or the next line of the standard input; empty for nothing."""
    label, nothing = _ASKED[field]
    nothing = "as it is" if known else nothing
    asked = f"{label} (nothing: {nothing})" if nothing else label
    if field in _HIDDEN:
        return _secret(asked, needed=not nothing)
    if not _is_typed():
        return _line().strip()
    default = "" if nothing else None  # without one it is asked for until something is typed
    judge = _address if field == "base_url" else str.strip
    return click.prompt(asked, default=default, show_default=False, value_proc=judge)


def _address(text: str) -> str:
    """Return an address that may be one; a callback of click, which asks once more where it may not."""
    from fcwork import settings

    try:
        return settings.check_base_url(text) if text else ""
    except ConfigError as error:
        raise click.UsageError(f"{error.message}; {error.hint}") from None


def _secret(label: str, *, confirm: bool = False, needed: bool = False) -> Secret:
    """Return what is typed in without being seen, or the next line of the standard input."""
    from fcwork.redact import Secret

    if not _is_typed():
        return Secret(_line())
    default = None if needed or confirm else ""
    return Secret(
        click.prompt(label, hide_input=True, default=default, show_default=False, confirmation_prompt=confirm)
    )


def _line() -> str:
    try:
        return sys.stdin.readline().rstrip("\r\n")
    except UnicodeDecodeError:
        raise ConfigError("the standard input is no text in UTF-8", hint="pass each value as a line of text") from None


def _is_typed() -> bool:
    return sys.stdin.isatty()


def _variable() -> str:
    from fcwork.vault import VARIABLE

    return VARIABLE
