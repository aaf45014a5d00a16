"""``fcwork verify``: is this webhook genuine, and if it is not, why."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from fcwork.cli import exits, terminal
from fcwork.cli.examples import examples
from fcwork.cli.spans import seconds
from fcwork.errors import BadKeyError, ConfigError

if TYPE_CHECKING:
    from fcwork.redact import Secret
    from fcwork.settings import WebhookSettings
    from fcwork.webhooks import KeyRing, Verdict

STDIN = "-"
SCHEMES = ("fluent", "shopify", "github", "stripe", "standard", "svix")  # those of webhooks.SCHEMES; a test compares
_COLOURS = {"✓": "green", "✗": "red"}
_HANG = 15  # where the words of a step begin


@click.command(
    short_help="Verify a webhook that was kept, and tell why it was refused.",
    epilog=examples(
        "fcwork verify order.json --headers order.headers.json --key public_key.pem",
        "fcwork verify body.bin --header 'fluent-signature: pM5…' --key prod.pem --key next.pem --account ACME",
        "fcwork verify .fcwork/receiver/quarantine/NAME.body       with NAME.json beside it and the settings' key",
        "fcwork verify hook.json --headers hook.headers.txt --scheme shopify --secret-env SHOPIFY_SECRET",
    ),
)
@click.argument("body", metavar="BODY")
@click.option("-H", "--header", "header", multiple=True, metavar="'NAME: VALUE'", help="A header. Repeatable.")
@click.option(
    "--headers",
    "headers",
    metavar="FILE",
    help="The headers as JSON or as lines of NAME: VALUE; found by itself where it lies beside BODY.",
)
@click.option("--key", "keys", multiple=True, metavar="FILE", help="A public key, or a folder of them. Repeatable.")
@click.option("--allow-md5", is_flag=True, help="Take a request that has only flex.signature; it can be forged.")
@click.option("--account", "accounts", multiple=True, metavar="A", help="Whose events are accepted. Repeatable.")
@click.option("--retailer", "retailers", multiple=True, metavar="ID", help="Of which retailers. Repeatable.")
@click.option("--scheme", type=click.Choice(SCHEMES), default="fluent", show_default=True, help="Who signed.")
@click.option(
    "--secret-env",
    "secrets",
    multiple=True,
    metavar="NAME",
    help="The variable that holds the secret of another scheme. Repeatable.",
)
@click.option("--tolerance", callback=seconds, metavar="SPAN", help="How old a signed time may be; 5m without it.")
@click.option("--profile", help="A profile of the Fluent CLI, for account and key; else the FLUENT_* variables.")
@click.option("--json", "as_json", is_flag=True, help="For programs: the verdict with its steps, and the event.")
@click.pass_context
def verify(ctx: click.Context, /, body: str, **given: Any) -> int:
    """Verify the exact bytes of BODY, a file or - for the standard input, and tell the story.

    Without --key the key, the account and the retailer of the settings are taken (FLUENT_WEBHOOK_PUBLIC_KEY). A body
    that was refused is looked into: which key made the signature, over which form of the body, and where the bytes
    differ. Nothing is remembered and nothing is done with the event.

    Exit codes: 0 genuine, 1 refused, 2 a mistake in the call.
    """
    _check_call(given)
    from fcwork.webhooks import diagnose

    raw, headers = _body(body), _headers(body, given)
    try:
        asked = _asked(given)
    except BadKeyError as error:
        exits.tell(str(error))
        return exits.MISTAKE
    verdict = diagnose(raw, headers, **asked)
    if given["as_json"]:
        click.echo(_json(verdict))
    elif not ctx.obj:
        for line in _told(verdict):
            click.echo(line)
    if verdict.reason in {"BAD_KEY", "FAILED"}:
        return exits.MISTAKE
    return 0 if verdict.ok else exits.FAILED


def _check_call(given: Mapping[str, Any]) -> None:
    """Refuse options that do not go together."""
    fluent = given["scheme"] == "fluent"
    if fluent and (given["secrets"] or given["tolerance"] is not None):
        raise click.UsageError("--secret-env and --tolerance go with another --scheme: the platform signs with a key.")
    ours = [name for name in ("keys", "allow_md5", "accounts", "retailers", "profile") if given[name]]
    if not fluent and ours:
        raise click.UsageError(f"--{ours[0].rstrip('s').replace('_', '-')} goes with the scheme fluent alone.")
    if not fluent and not given["secrets"]:
        raise click.UsageError(f"--scheme {given['scheme']} needs --secret-env NAME: the variable with its secret.")


def _body(body: str) -> bytes:
    from fcwork.webhooks.reading import read_body

    return sys.stdin.buffer.read() if body == STDIN else read_body(body)


def _headers(body: str, given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the headers of the call and of the file that was named, or lies beside the body."""
    from fcwork.webhooks.reading import read_headers

    single = [_header(text) for text in given["header"]]
    kept = given["headers"]
    if kept is None and single:
        return single
    found = single + read_headers(kept, body="" if body == STDIN else body)
    if not found:
        raise click.UsageError(
            "There are no headers: give --headers FILE, or --header 'fluent-signature: …' as it came with the request."
        )
    return found


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise click.BadParameter(f"{terminal.cut(text)!r} is no 'NAME: VALUE'", param_hint="--header")
    return name.strip(), value.strip()


def _asked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of ``diagnose`` that keys and checks are.

    Raises:
        BadKeyError: a key that cannot be used.
        ConfigError: none is known.
    """
    from fcwork import settings
    from fcwork.webhooks import MD5, SHA512

    if given["scheme"] != "fluent":
        tolerance = {} if given["tolerance"] is None else {"tolerance_seconds": given["tolerance"]}
        return {"scheme": given["scheme"], "keys": _secrets(given["secrets"]), **tolerance}
    alone = given["keys"] and not given["profile"]
    own = settings.WebhookSettings() if alone else settings.find_webhooks(profile=given["profile"])
    return {
        "keys": _keys(given["keys"], own),
        "algorithms": (SHA512, MD5) if given["allow_md5"] else (SHA512,),
        "accounts": list(given["accounts"]) or own.account or None,
        "retailers": list(given["retailers"]) or own.retailer_id or None,
    }


def _keys(files: Sequence[str], own: WebhookSettings) -> KeyRing:
    from fcwork.webhooks import KeyRing

    if files:
        return KeyRing([key for file in files for key in KeyRing.load(file)])
    if not own.public_key:
        raise ConfigError(
            "no public key is known to verify with",
            hint="give --key FILE, or set FLUENT_WEBHOOK_PUBLIC_KEY to the environment's public key or its file",
        )
    return KeyRing.read(own.public_key)


def _secrets(names: Sequence[str]) -> dict[str, Secret]:
    """Return the secrets by the variables that hold them; no message tells one."""
    from fcwork.redact import Secret

    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise click.BadParameter(f"the variable {missing[0]} is not set", param_hint="--secret-env")
    return {name: Secret(os.environ[name]) for name in names}


def _told(verdict: Verdict) -> Iterator[str]:
    """Yield the story for a terminal."""
    first, *rest = verdict.lines()
    yield click.style(terminal.wrapped(terminal.visible(first), hang=2), fg="green" if verdict.ok else "red", bold=True)
    for line in rest:
        shown = terminal.wrapped(terminal.visible(line), hang=_HANG)
        yield click.style(shown, fg=_COLOURS.get(line.strip()[:1]))
    for line in () if verdict.ok else verdict.hex_lines():
        yield click.style(terminal.visible(line), fg="red" if line.lstrip().startswith("≠") else None)


def _json(verdict: Verdict) -> str:

    found = verdict.event or verdict.signed
    view = {"difference": verdict.difference, "compared": verdict.compared, "hex_view": verdict.hex_view.to_dicts()}
    told = {
        **verdict.to_record(),
        "would_verify": [row for row in verdict.variants.to_dicts() if row["verifies"]],
        **(view if verdict.difference is not None else {}),
        "event": found.to_record() if found else None,
    }
    return terminal.as_json(told)
