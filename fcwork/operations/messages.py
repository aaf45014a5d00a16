"""The inbox of the receiver: what came in, and what is handled again."""

from __future__ import annotations

from typing import Any

import polars as pl

from fcwork.errors import ConfigError
from fcwork.frames import UTC_TIME
from fcwork.operations.asked import Asked, known_states
from fcwork.operations.operation import Operation, Outcome, Table, simply
from fcwork.operations.words import counted, listed
from fcwork.receiver import Inbox, Message
from fcwork.receiver.inbox import as_facts, place
from fcwork.receiver.message import STATES

MESSAGES = pl.Schema(
    {
        "id": pl.String(),
        "received_at": UTC_TIME,
        "state": pl.String(),
        "door": pl.String(),
        "attempts": pl.Int64(),
        "next_at": UTC_TIME,
        "error": pl.String(),
    }
)


def inbox(asked: Asked) -> Operation:
    """List the messages of the inbox, or show one."""
    if asked.name:
        return _one(asked)
    states = known_states(asked.states, STATES)
    found = _frame([one for one in _messages(asked) if not states or one.state in states][: asked.limit])
    return Operation(action=asked.action, told=listed(found, "message", "state"), tables={"Messages": Table(found)})


def redeliver(asked: Asked) -> Operation:
    """Have messages handled again: the one that is named, else all that are dead."""
    chosen = [_named(asked)] if asked.name else [one for one in _messages(asked) if one.state == "dead"]
    found = _frame(chosen)
    if not chosen:
        return Operation(action=asked.action, told="no message is dead", tables={"Messages": Table(found)})
    return Operation(
        action=asked.action,
        told=listed(found, "message", "state"),
        tables={"Messages": Table(found.head(asked.limit))},
        proposed=f"have {counted(len(chosen), 'message')} handled again by the receiver",
        change=simply(lambda: _again(chosen)),
    )


def _again(chosen: list[Message]) -> Outcome:
    with Inbox() as opened:
        done = sum(opened.replay(message) for message in chosen)
    left = len(chosen) - done
    told = f"; {counted(left, 'message')} could not be: being handled, or without a body" if left else ""
    return Outcome(
        f"{counted(done, 'message')} to be handled again{told}", "COMPLETED_WITH_ERRORS" if left else "SUCCEEDED"
    )


def _one(asked: Asked) -> Operation:
    message = _named(asked)
    facts = [{"name": name, "value": _text(value)} for name, value in as_facts(message).items()]
    told = (
        f"message {message.job_id} of {message.door}: {message.state}{f' ({message.error})' if message.error else ''}"
    )
    shown = {"Message": Table(pl.DataFrame(facts), ours=False)}
    return Operation(action=asked.action, told=told, tables=shown)


def _named(asked: Asked) -> Message:
    with Inbox(clock=asked.clock) as opened:
        found = opened.get(asked.which) if opened.path.exists() else None
    if found is None:
        raise ConfigError(f"there is no message {asked.which!r} in {place()}", hint="the action inbox lists them")
    return found


def _messages(asked: Asked) -> list[Message]:
    """Return the messages, the newest first; where no receiver has run there is no file, and none is made."""
    if not place().exists():
        return []
    with Inbox(clock=asked.clock) as opened:
        return opened.messages()


def _frame(found: list[Message]) -> pl.DataFrame:
    rows = [{**{name: getattr(one, name, None) for name in MESSAGES}, "id": one.job_id} for one in found]
    return pl.DataFrame(rows, schema=MESSAGES)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {one}" for name, one in value.items())
    return str(value)
