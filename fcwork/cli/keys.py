"""``fcwork keys``: public keys looked into, and the API keys of one's own endpoints."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fcwork.cli import exits, terminal
from fcwork.cli.examples import examples
from fcwork.cli.spans import as_text, seconds_or_zero, span
from fcwork.errors import BadKeyError

if TYPE_CHECKING:
    from fcwork.webhooks import NewKey, PublicKey

STDIN = "-"
NEVER = "never"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COLOURS = {"active": "green", "expired": "yellow", "revoked": "red"}


class _Keys(click.Group):
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take a file where a command would stand for one that is to be looked into."""
        if args and args[0] not in self.commands and (args[0] == STDIN or not args[0].startswith("-")):
            args = ["inspect", *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order of their use."""
        del ctx
        return list(self.commands)


@click.group(
    cls=_Keys,
    short_help="Look into public keys; make and revoke API keys.",
    subcommand_metavar="FILE... | COMMAND",
    epilog=examples(
        "fcwork keys public_key.pem",
        "fcwork keys new shop --scope orders --expires 90d --name 'web shop'",
        "fcwork keys list",
        "fcwork keys rotate key_0123456789abcdef --overlap 2d",
        "fcwork keys revoke key_0123456789abcdef",
    ),
)
def keys() -> None:
    """Look into public keys that webhooks are verified with, or make and revoke API keys of your own endpoints.

    With FILEs it tells of each public key its size and fingerprint, and whether it can be used.
    """


@keys.command(
    short_help="Tell of public keys, and whether they can be used.",
    epilog=examples("fcwork keys inspect public_key.pem", "fcwork keys inspect keys/*.pem"),
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="For programs: a list of keys.")
def inspect(files: tuple[str, ...], *, as_json: bool) -> int:
    """Tell of public keys: type, size, exponent, SHA-256 fingerprint, and whether they can be used.

    FILE is PEM, DER or base64; - is the standard input.

    Exit codes: 0 all can be used, 2 one cannot.
    """
    found = [(file, _public_keys(file)) for file in files]
    if as_json:
        told = [
            _public_record(file, key) for file, some in found for key in (some if isinstance(some, tuple) else [some])
        ]
        click.echo(terminal.as_json(told))
    else:
        for file, some in found:
            for line in _public_told(file, some):
                click.echo(line)
    return exits.MISTAKE if any(isinstance(some, BadKeyError) for _, some in found) else 0


@keys.command(
    short_help="Make an API key, and show it this once.",
    epilog=examples(
        "fcwork keys new shop --scope orders --expires 90d", "fcwork -q keys new erp --scope orders > key.txt"
    ),
)
@click.argument("prefix", default="shop")
@click.option("--scope", "scopes", multiple=True, metavar="SCOPE", help="What it may be used for. Repeatable.")
@click.option("--expires", default=NEVER, metavar="WHEN", help="90d, 12h, 4w, 2027-01-15, an instant, or never.")
@click.option("--name", default="", help="Who uses it, in words.")
@click.option("--json", "as_json", is_flag=True, help="For programs: the key and what is known of it.")
@click.pass_context
def new(ctx: click.Context, prefix: str, *, scopes: tuple[str, ...], expires: str, name: str, as_json: bool) -> int:
    """Make an API key that begins with fcw_PREFIX, and show it this once: only its hash is kept.

    Exit codes: 0 made, 2 a mistake in the call.
    """
    from fcwork.webhooks import ApiKeys

    made = ApiKeys().create(prefix, scopes=scopes, name=name, **_expiry(expires))
    _show_new(made, as_json=as_json, quiet=bool(ctx.obj))
    return 0


@keys.command(
    "list",
    short_help="List the API keys and their states.",
    epilog=examples("fcwork keys list", "fcwork keys list --json"),
)
@click.option("--json", "as_json", is_flag=True, help="For programs: a list of keys.")
def list_keys(*, as_json: bool) -> int:
    """List the API keys and their states; keys themselves are shown only when they are made. Times are in UTC.

    Exit codes: 0 listed, 1 the store cannot be read.
    """
    from fcwork.webhooks import ApiKeys

    rows = ApiKeys().keys().to_dicts()
    if as_json:
        click.echo(terminal.as_json(rows))
    elif rows:
        head = ("state", "id", "begins with", "scopes", "created", "expires", "name")
        for line in terminal.table(head, [_row(row) for row in rows], last_is_free=True):
            click.echo(line)
    else:
        click.echo("no API keys yet: `fcwork keys new shop --scope orders` makes one")
    return 0


@keys.command(short_help="Refuse an API key from now on.", epilog=examples("fcwork keys revoke key_0123456789abcdef"))
@click.argument("key_id", metavar="ID")
def revoke(key_id: str) -> int:
    """Refuse an API key from now on.

    Exit codes: 0 revoked, 2 there is no such key.
    """
    from fcwork.webhooks import ApiKeys

    gone = ApiKeys().revoke(key_id)
    click.echo(
        terminal.visible(f"{gone.id} revoked: {f'{gone.name} is' if gone.name else 'it is'} refused from now on")
    )
    return 0


@keys.command(
    short_help="Make an API key that takes the place of another.",
    epilog=examples("fcwork keys rotate key_0123456789abcdef", "fcwork keys rotate ID --overlap 2d"),
)
@click.argument("key_id", metavar="ID")
@click.option(
    "--overlap",
    default="1d",
    show_default=True,
    callback=seconds_or_zero,
    metavar="SPAN",
    help="How long both are taken; 0s: not.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs: the key and what is known of it.")
@click.pass_context
def rotate(ctx: click.Context, key_id: str, *, overlap: float, as_json: bool) -> int:
    """Make a key that takes the place of another, with its scopes, name and length of life.

    Exit codes: 0 made, 2 there is no such key, or it is not active.
    """
    from fcwork.webhooks import ApiKeys

    made = ApiKeys().rotate(key_id, overlap_seconds=overlap)
    _show_new(made, as_json=as_json, quiet=bool(ctx.obj))
    if not as_json and not ctx.obj:
        until = f"is accepted for {as_text(overlap)} more" if overlap else "is refused from now on"
        click.echo(terminal.visible(f"  {'replaces':<8} {key_id}, which {until}"))
    return 0


def _show_new(made: NewKey, *, as_json: bool, quiet: bool) -> None:
    """Show a new key; nothing masks it here, as it is shown this once."""
    record = made.record
    ends = f"{record.expires_at:%Y-%m-%d %H:%M} UTC" if record.expires_at else NEVER
    if as_json:
        told = {"id": made.id, "scopes": list(record.scopes), "name": record.name}
        expires = record.expires_at.isoformat() if record.expires_at else None
        click.echo(json.dumps({"key": made.key.reveal(), **told, "expires_at": expires}, indent=2))
        return
    click.echo(made.key.reveal())
    if quiet:
        return
    click.echo("\n  Shown this once: keep it where its user keeps secrets, to be sent as X-API-Key.")
    for name, value in (("id", made.id), ("name", record.name), ("scopes", ", ".join(record.scopes) or "none")):
        if value:
            click.echo(terminal.visible(f"  {name:<8} {value}"))
    click.echo(f"  {'expires':<8} {ends}")


def _row(key: dict[str, Any]) -> tuple[str, ...]:
    ends = f"{key['expires_at']:%Y-%m-%d %H:%M}" if key["expires_at"] else NEVER
    replaced = f"replaced by {key['replaced_by']}" if key["replaced_by"] else ""
    name = ", ".join(filter(None, (key["name"], replaced)))
    scopes = ", ".join(key["scopes"]) or "none"
    return key["state"], key["id"], f"fcw_{key['prefix']}_", scopes, f"{key['created_at']:%Y-%m-%d %H:%M}", ends, name


def _expiry(text: str) -> dict[str, Any]:
    """Return when a key ends, as ``ApiKeys.create`` takes it; a day ends it at its midnight in UTC."""
    if text == NEVER:
        return {}
    lasts = span(text)
    if lasts is not None:
        return {"expires_in": lasts}
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        words = f"{text!r} is no time: give 90d, 12h or 4w, a day as 2027-01-15, 2027-01-15T08:00Z, or never"
        raise click.BadParameter(words, param_hint="--expires") from None
    return {"expires_at": at.replace(tzinfo=UTC) if _DAY.fullmatch(text) else at}


def _public_keys(file: str) -> tuple[PublicKey, ...] | BadKeyError:
    from fcwork.webhooks import load_keys

    try:
        return load_keys(sys.stdin.buffer.read() if file == STDIN else Path(file))
    except BadKeyError as error:
        return error


def _public_told(file: str, found: tuple[PublicKey, ...] | BadKeyError) -> Iterator[str]:
    yield click.style(terminal.visible("standard input" if file == STDIN else file), bold=True)
    if isinstance(found, BadKeyError):
        yield click.style(terminal.visible(f"  ✗ cannot be used: {found.message}"), fg="red")
        if found.hint:
            yield terminal.visible(f"    → {found.hint}")
        return
    for key in found:
        yield f"  {click.style('✓', fg='green')} RSA public key, {key.bits:,} bits, exponent {key.exponent}"
        yield f"    sha256 {key.fingerprint}"
        yield from (click.style(terminal.visible(f"    ! {warning}"), fg="yellow") for warning in key.warnings)


def _public_record(file: str, key: PublicKey | BadKeyError) -> dict[str, Any]:
    if isinstance(key, BadKeyError):
        return {"file": file, "usable": False, "why": key.message, "hint": key.hint}
    facts = {"type": "RSA", "bits": key.bits, "exponent": key.exponent, "sha256": key.fingerprint}
    return {"file": file, "usable": True, **facts, "warnings": list(key.warnings)}
