"""``fcwork receive``: a service for webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fcwork.cli import exits, terminal
from fcwork.cli.examples import examples

if TYPE_CHECKING:
    from fcwork.receiver import Receiver
    from fcwork.receiver.config import Setup

Texts = tuple[tuple[str, str], ...]
_OF_SERVICE = ("host", "port", "workers", "rate", "max_mb", "tls_cert", "tls_key")
_OF_DOOR: tuple[str, ...] = (
    "path",
    "keys",
    "profile",
    "accounts",
    "retailers",
    "allow_md5",
    "hmac",
    "secret_env",
    "api_keys",
)
_OF_DOOR += ("unchecked", "to", "folder", "notebook", "attempts")


@click.command(
    short_help="Receive webhooks: verify, store, answer, hand on.",
    epilog=examples(
        "fcwork receive --port 8791 --keys key.pem --account ACME --to folder",
        "fcwork receive --to notebook --notebook webhook_verify -p ACTION event -f orders.yml",
        "fcwork receive --hmac shopify --secret-env SHOPIFY_SECRET --to shop:receive",
        "fcwork receive -c receiver.yml",
    ),
)
@click.option("-c", "--config", type=click.Path(), help="A YAML or JSON file with several doors.")
@click.option("--host", metavar="ADDRESS", help="Where to listen; 127.0.0.1 without it, so nobody from outside.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port; 8791 without it, 0 takes a free one.")
@click.option("--path", help="The path of the URL; /webhooks without it.")
@click.option("--name", help="The door's name, by which repeats are known; that of its path without it.")
@click.option("--keys", multiple=True, type=click.Path(), help="A file or folder of public keys.")
@click.option("--profile", metavar="NAME", help="A Fluent CLI profile: its account and retailer.")
@click.option("--account", "accounts", multiple=True, metavar="NAME", help="Take this account's events only.")
@click.option("--retailer", "retailers", multiple=True, metavar="ID", help="Take this retailer's events only.")
@click.option("--allow-md5", is_flag=True, help="Take signatures by MD5 too, which can be forged.")
@click.option("--hmac", metavar="SCHEME", help="Take others' webhooks: shopify, github, stripe, standard.")
@click.option("--secret-env", multiple=True, metavar="VARIABLE", help="The variable that holds their secret.")
@click.option("--api-keys", multiple=True, metavar="SCOPE", help="Take what comes with an API key of this scope.")
@click.option("--unchecked", is_flag=True, help="Take anything; only on this machine's own address.")
@click.option("--to", metavar="WHERE", help="folder, notebook, or module:function.")
@click.option("--folder", type=click.Path(), help="Where bodies are written; received without it.")
@click.option("--notebook", metavar="NAME", help="The notebook that is run with PAYLOAD and HEADERS.")
@click.option("-p", "--parameter", "texts", type=(str, str), multiple=True, metavar="KEY VALUE", help="For it.")
@click.option("-f", "--file", "files", type=click.Path(), multiple=True, help="A file of the notebook's parameters.")
@click.option("--workers", type=click.IntRange(1, 64), help="How many are handled at once; 2 without it.")
@click.option("--attempts", type=click.IntRange(1, 100), help="How often one is tried; 5 without it.")
@click.option("--max-mb", type=float, help="The longest body, in MB; 2 without it.")
@click.option("--rate", type=click.FloatRange(1), help="Requests a second of one address; 1000 without it.")
@click.option("--tls-cert", type=click.Path(), help="A PEM file, for HTTPS.")
@click.option("--tls-key", type=click.Path(), help="Its key.")
def receive(
    config: str | None, name: str | None, texts: tuple[tuple[str, str], ...], files: tuple[str, ...], **given: Any
) -> int:
    """Receive webhooks until Ctrl-C: each is verified, stored on the disk, answered, and handed on.

    What was answered with 200 is handled, after a crash too; what failed every attempt is listed by `fcwork inbox
    --state dead`. Refused bodies lie in .fcwork/receiver/quarantine for `fcwork verify`. /health tells how it is.

    Exit codes: 0 stopped and all in hand done, 1 something is left for the next start, 2 a mistake in the call.
    """
    from fcwork.receiver import Receiver

    made = _setup(
        config,
        name,
        texts,
        files,
        {key: value for key, value in given.items() if value is not None and value is not False and value != ()},
    )
    for warning in made.warnings:
        click.secho(f"warning: {terminal.visible(warning)}", fg="yellow", err=True)
    receiver = Receiver(made.doors, made.terms)
    done = receiver.run(on_listening=lambda: _announce(receiver, made))
    click.echo("stopped" if done else "stopped; what was in hand is handled again at the next start")
    return 0 if done else exits.FAILED


def _setup(config: str | None, name: str | None, texts: Texts, files: tuple[str, ...], given: dict[str, Any]) -> Setup:
    from fcwork import runner
    from fcwork.receiver.config import load, setup
    from fcwork.receiver.door import name_of

    of_service = {key: given[key] for key in _OF_SERVICE if key in given}
    of_door = {key: given[key] for key in _OF_DOOR if key in given}
    if config:
        if of_door or texts or files:
            idle = next(iter(of_door), "parameter").replace("_", "-")
            raise click.UsageError(f"-c FILE says what the doors are: leave out --{idle}, or write it there.")
        return load(config, **of_service)
    parameters = {key: value for file in files for key, value in runner.read_file(file).items()}
    if parameters or texts:
        of_door |= {"parameters": parameters or None, "texts": texts}
    return setup({name or name_of(of_door.get("path")): of_door}, **of_service)


def _announce(receiver: Receiver, made: Setup) -> None:
    for door in made.doors:
        shown = f"{receiver.url}{door.path}  {door.check.scheme}  →  {door.handler.target}"
        click.echo(terminal.visible(shown))
    click.echo("Ctrl-C stops it.")
