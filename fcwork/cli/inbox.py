"""``fcwork inbox``: what the receiver holds, and what is to become of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from fcwork.cli import exits, terminal
from fcwork.cli.examples import examples
from fcwork.errors import ConfigError

if TYPE_CHECKING:
    from fcwork.receiver import Inbox, Message

_TIME = "%Y-%m-%d %H:%M:%S"


@click.group(
    invoke_without_command=True,
    short_help="List what the receiver holds; replay what is dead.",
    epilog=examples(
        "fcwork inbox --state dead",
        "fcwork inbox show wh-5f2b",
        "fcwork inbox show wh-5f2b --body > body.json",
        "fcwork inbox replay --dead",
    ),
)
@click.option("--state", metavar="STATE", help="Only waiting, running, done, dead, duplicate or dropped.")
@click.option("-n", "--limit", default=20, show_default=True, type=click.IntRange(1), help="How many.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def inbox(ctx: click.Context, *, state: str | None, limit: int, as_json: bool) -> int | None:
    """List the messages of the receiver's inbox, the newest first.

    A dead message failed every attempt: `replay` has it handled again, `drop` forgets its body. Times are in UTC.

    Exit codes: 0 done, 1 the inbox cannot be read, 2 a mistake in the call or no such message.
    """
    if ctx.invoked_subcommand:
        return None
    from fcwork.names import did_you_mean
    from fcwork.receiver.message import STATES

    if state is not None and state not in STATES:
        raise click.BadParameter(f"{state!r} is no state{did_you_mean(state, STATES)}", param_hint="--state")
    with _inbox() as opened:
        found = opened.messages(state=state, limit=limit)
    if as_json:
        click.echo(terminal.as_json([_told(message) for message in found]))
    elif found:
        head = ("received", "state", "door", "tries", "again", "id", "event", "error")
        for line in terminal.table(head, [_row(message) for message in found], last_is_free=True):
            click.echo(line)
    else:
        click.echo(terminal.visible(f"no such messages in {opened.path}" if state else f"nothing yet in {opened.path}"))
    return 0


@inbox.command(short_help="Show a message, or write its body.")
@click.argument("message_id", metavar="ID")
@click.option("--body", is_flag=True, help="Write the body and nothing else, byte for byte.")
def show(message_id: str, *, body: bool) -> int:
    """Show a message: how it stands, its headers, and how long its body is."""
    with _inbox() as opened:
        message = _found(opened, message_id)
    if body:
        sys.stdout.buffer.write(message.body)
        sys.stdout.buffer.flush()
        return 0
    told = _told(message)
    for name in ("headers", "facts"):
        told.pop(name)
    rows = [(name, str(value)) for name, value in told.items() if value not in ("", None)]
    rows += [
        (f"{what}.{name}", str(value))
        for what in ("facts", "headers")
        for name, value in getattr(message, what).items()
    ]
    for line in terminal.table(("what", "value"), [*rows, ("body", f"{len(message.body):,} bytes")], last_is_free=True):
        click.echo(line)
    return 0


@inbox.command(short_help="Have messages handled again.")
@click.argument("message_ids", nargs=-1, metavar="ID...")
@click.option("--dead", is_flag=True, help="All that are dead.")
def replay(message_ids: tuple[str, ...], *, dead: bool) -> int:
    """Have messages handled again, with all their attempts, by the receiver that runs or the next that does."""
    if bool(message_ids) == dead:
        raise click.UsageError("Name the messages, or give --dead for all that are dead.")
    with _inbox() as opened:
        chosen = opened.messages(state="dead") if dead else [_found(opened, each) for each in message_ids]
        return _each(chosen, opened.replay, "waits to be handled", "is being handled, or has no body any more")


@inbox.command(short_help="Forget messages' bodies; they are not handled.")
@click.argument("message_ids", nargs=-1, required=True, metavar="ID...")
def drop(message_ids: tuple[str, ...]) -> int:
    """Forget messages: they are handled no more, and a repeat of one is still known as that."""
    with _inbox() as opened:
        return _each([_found(opened, each) for each in message_ids], opened.drop, "dropped", "is being handled")


def _each(chosen: list[Message], change: Callable[[Message], bool], done: str, not_done: str) -> int:
    failed = 0
    for message in chosen:
        changed = change(message)
        failed += not changed
        click.echo(terminal.visible(f"{message.job_id}: {done if changed else not_done}"))
    if not chosen:
        click.echo("there is none")
    return exits.FAILED if failed else 0


def _inbox() -> Inbox:
    from fcwork.receiver import Inbox

    return Inbox()


def _found(opened: Inbox, message_id: str) -> Message:
    found = opened.get(message_id)
    if found is None:
        raise ConfigError(f"there is no message {message_id!r} in {opened.path}", hint="`fcwork inbox` lists them")
    return found


def _told(message: Message) -> dict[str, object]:
    from fcwork.receiver.inbox import as_facts

    return as_facts(message)


def _row(message: Message) -> tuple[str, ...]:
    event = " ".join(str(message.facts[name]) for name in ("name", "entity_ref") if message.facts.get(name))
    again = str(message.repeats or "")
    at = f"{message.received_at:{_TIME}}"
    return at, message.state, message.door, str(message.attempts), again, message.job_id, event, message.error
