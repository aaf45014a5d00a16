"""Who is told that a scheduled run failed, or that none came: an address, by a signed POST, or a command."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

from fcwork import log, settings
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ConfigError
from fcwork.redact import mask, mask_values, register
from fcwork.retry import RetryPolicy

ENVIRONMENT = "env:"
WAIT_SECONDS = 10.0  # for an answer
COMMAND_SECONDS = 60.0
POLICY = RetryPolicy(max_retries=2, base_seconds=2.0)
_SECRET_PREFIX = "whsec_"  # noqa: S105 - what secrets of Standard Webhooks begin with
_logger = log.get("schedule")


def check_address(url: str, secret_env: str = "") -> None:
    """Refuse an address that failures are not to be posted to.

    Raises:
        ConfigError: neither https nor on this machine, or with a name and password in it; a secret without an address.
    """
    if secret_env and not url:
        raise ConfigError("there is a secret to sign with, and nothing to sign", hint="give --on-failure-url too")
    if not url or url.startswith(ENVIRONMENT):
        return
    parts = urlsplit(url)
    local = parts.scheme == "http" and settings.is_loopback(parts.hostname or "")
    if not parts.hostname or not (parts.scheme == "https" or local):
        raise ConfigError(f"failures are not posted to {mask(url)!r}", hint="give an https:// address")
    if parts.username or parts.password:
        raise ConfigError(
            "the address for failures holds a name or password, which would be kept with the schedule",
            hint=f"set a variable of the scheduler's environment and give {ENVIRONMENT}NAME",
        )


def check_command(command: Sequence[str]) -> None:
    """Refuse a command that is none.

    Raises:
        ConfigError: it has no program, or holds what no command can.
    """
    if command and (not command[0] or any("\0" in word for word in command)):
        raise ConfigError("the command for failures names no program", hint="give a program and its arguments")


class Addressed(Protocol):
    """What says who is to be told."""

    @property
    def failure_url(self) -> str:
        """Is told by a POST."""
        ...

    @property
    def failure_secret_env(self) -> str:
        """The variable with what signs it."""
        ...

    @property
    def failure_command(self) -> tuple[str, ...]:
        """Is run."""
        ...


def learn(whom: Addressed) -> None:
    """Make known what of this is secret, before a notebook is run that sees the same environment."""
    url, key = whom.failure_url, whom.failure_secret_env
    for name in (url.removeprefix(ENVIRONMENT) if url.startswith(ENVIRONMENT) else "", key):
        if found := os.environ.get(name, "").strip():
            register(found)


def tell(whom: Addressed, facts: Mapping[str, Any], *, clock: Clock = SYSTEM) -> str:
    """Tell whoever is to know, and return why that could not be or nothing."""
    wrong = []
    if whom.failure_url:
        wrong.append(post(whom.failure_url, whom.failure_secret_env, facts, clock=clock))
    if whom.failure_command:
        wrong.append(run_command(whom.failure_command, facts))
    untold = "; ".join(filter(None, wrong))
    if untold:
        _logger.warning("schedule.failure_not_told", schedule=facts["schedule"], run=facts["run_id"], reason=untold)
    return untold


def post(url: str, secret_env: str, facts: Mapping[str, Any], *, clock: Clock = SYSTEM) -> str:
    """Post the facts of a failure as JSON, a few times if need be, and return what went wrong or nothing.

    With a secret it is signed as Standard Webhooks has it. A redirect is not followed.
    """
    try:
        address, key = _address(url), _key(secret_env)
    except ConfigError as error:
        return error.message
    body = json.dumps(mask_values(dict(facts)), ensure_ascii=False).encode()
    for attempt in range(1, POLICY.max_retries + 2):
        wrong, final = _posted(address, body, _headers(facts, body, key, clock))
        if not wrong or final:
            return wrong
        if attempt <= POLICY.max_retries:
            clock.sleep(POLICY.delay(attempt, jitter=0.5))
    return wrong


def run_command(command: Sequence[str], facts: Mapping[str, Any]) -> str:
    """Run the command with the facts of a failure in its environment, and return what went wrong or nothing."""
    told = {f"FCWORK_{name.upper()}": mask(str(value or "")).replace("\0", "") for name, value in facts.items()}
    try:
        ended = subprocess.run(
            list(command),
            env={**os.environ, **told},
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=COMMAND_SECONDS,
        )
    except (OSError, ValueError) as error:
        return f"{command[0]} cannot be run: {error}"
    except subprocess.TimeoutExpired:
        return f"{command[0]} took over {COMMAND_SECONDS:.0f} seconds and was stopped"
    return f"{command[0]} ended with {ended.returncode}" if ended.returncode else ""


def _posted(address: str, body: bytes, headers: Mapping[str, str]) -> tuple[str, bool]:
    """Return what went wrong, and whether another attempt would end alike."""
    import httpx

    try:
        answer = httpx.post(address, content=body, headers=headers, timeout=WAIT_SECONDS, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"{type(error).__name__} at the address for failures", isinstance(error, httpx.InvalidURL)
    if answer.is_success:
        return "", True
    return f"the address for failures answered {answer.status_code}", answer.status_code not in {408, 429} | {
        *range(500, 600)
    }


def _address(url: str) -> str:
    """Return where to post; an address of the environment is a secret from then on."""
    if not url.startswith(ENVIRONMENT):
        return url
    name = url.removeprefix(ENVIRONMENT)
    found = os.environ.get(name, "").strip()
    if not found:
        raise ConfigError(f"the variable {name} with the address for failures is not set")
    register(found)
    check_address(found)
    return found


def _key(secret_env: str) -> bytes | None:
    if not secret_env:
        return None
    text = os.environ.get(secret_env, "").strip()
    if not text:
        raise ConfigError(f"the variable {secret_env} with the secret for failures is not set")
    register(text)
    if not text.startswith(_SECRET_PREFIX):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix(_SECRET_PREFIX), validate=True)
    except ValueError:
        raise ConfigError(f"what follows {_SECRET_PREFIX} in {secret_env} is no base64") from None


def _headers(facts: Mapping[str, Any], body: bytes, key: bytes | None, clock: Clock) -> dict[str, str]:
    notice = str(facts.get("id") or facts["run_id"])
    headers = {"content-type": "application/json", "webhook-id": notice}
    if key is None:
        return headers
    at = str(int(clock.now().timestamp()))
    signed = f"{notice}.{at}.".encode() + body
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {**headers, "webhook-timestamp": at, "webhook-signature": f"v1,{signature}"}
