"""Where the settings come from: arguments, then the environment, then a Fluent CLI profile or an entry of the vault.

The environment: ``FLUENT_BASE_URL``, ``FLUENT_CLIENT_ID``, ``FLUENT_CLIENT_SECRET``, ``FLUENT_USERNAME``,
``FLUENT_PASSWORD``, ``FLUENT_RETAILER_ID``, and ``FLUENT_PROFILE``, ``FLUENT_RETAILER`` to name a profile. Profiles are
the Fluent CLI's own files (fluent profile create) under ``FLUENT_PROFILE_DIR``, else ``~/.fluentcommerce``. For
webhooks: ``FLUENT_WEBHOOK_PUBLIC_KEY``, and ``FLUENT_ACCOUNT`` where the account is not the first label of the host.

A profile that a call names goes before the environment, which fills what it lacks, but nothing where
``FLUENT_BASE_URL`` is another than the profile's.

A profile that the Fluent CLI does not have is looked for in the vault (``fcwork vault``). A client secret or password
may say where it lies, wherever it is set: ``keyring:service/user`` or ``vault:NAME/FIELD``.
"""

from __future__ import annotations

import difflib
import ipaddress
import json
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fcwork import vault
from fcwork.errors import ConfigError
from fcwork.personal import hide, named
from fcwork.redact import Secret, register_url

SIMULATOR = "simulator"  # the profile name of the embedded simulator
WORKSPACE_MARKER = ".fcwork"
NEEDED = ("base_url", "client_id", "client_secret")
LOOPBACK_NAMES = frozenset({"localhost", "simulator.localhost"})
_ACCESS = ("base_url", "client_id", "client_secret", "username", "password", "retailer_id")
_WEBHOOKS = ("account", "webhook_public_key")  # they alone do not name a platform
_VARIABLES = (*_ACCESS, *_WEBHOOKS)
_SECRETS = frozenset({"client_secret", "password", "clientSecret"})  # wrapped where they come in
Value = str | Secret
_OF_VAULT = "--retailer names a file of the Fluent CLI: give --retailer-id, or set retailer_id in the entry"
_LOOKS = "it looks like https://<account>.api.fluentretail.com"
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]*")


@dataclass(frozen=True, kw_only=True)
class Settings:
    r"""Whose platform, and who asks.

    Attributes:
        base_url: ``https://<account>.api.fluentretail.com`` or the like, without a slash at the end.
        client_id, client_secret: of the OAuth client.
        username, password: of the user; without them the client's own credentials are used.
        retailer_id: the retailer that jobs and events belong to unless a call names another.
        profile: the Fluent CLI profile that they came from, if any.
        account: whose events are taken; the first label of the host unless set, and nothing where that is an address.
        webhook_public_key: what webhooks are verified with: PEM (also several, or with literal ``\n``), base64, or the
            path of a file; empty where none is known.
    """

    base_url: str
    client_id: str
    client_secret: Secret
    username: str = ""
    password: Secret | None = None
    retailer_id: str | None = None
    profile: str = ""
    account: str = ""
    webhook_public_key: str = field(default="", repr=False)  # somebody may have set a private one

    def __post_init__(self) -> None:
        if not self.account:
            object.__setattr__(self, "account", account_of(self.base_url))

    @property
    def target(self) -> str:
        """What results and reports name: the host, with the retailer where one is set."""
        host = urlsplit(self.base_url).netloc
        return f"{host} (retailer {self.retailer_id})" if self.retailer_id else host


@dataclass(frozen=True, kw_only=True)
class WebhookSettings:
    """What the settings say about webhooks; each is empty where they say nothing. No credentials are needed for it."""

    public_key: str = field(default="", repr=False)
    account: str = ""
    retailer_id: str = ""


def find(**arguments: Any) -> Settings | None:
    """Return the settings that arguments, environment and profile give together, or None where nothing at all is set.

    Args:
        **arguments: fields of ``Settings`` as texts, ``profile`` and ``retailer`` (the name of a retailer file of the
            profile), and ``allow_private`` for a host inside a private network.

    Raises:
        ConfigError: an unknown argument, a half-set environment or profile, a URL that is not allowed.
    """
    arguments = protected(arguments)
    merged, profile, allow_private = _merged(arguments)
    if not set(merged) - set(_WEBHOOKS):
        return None
    return _complete(merged, profile, allow_private=allow_private)


def find_webhooks(**arguments: Any) -> WebhookSettings:
    """Return what arguments, environment and profile say about webhooks, in the order of ``find``.

    Raises:
        ConfigError: as ``find``; credentials may be missing.
    """
    arguments = protected(arguments)
    merged, _, allow_private = _merged(arguments)
    url = merged.get("base_url")
    account = merged.get("account") or (account_of(check_base_url(url, allow_private=allow_private)) if url else "")
    texts = {"public_key": merged.get("webhook_public_key"), "retailer_id": merged.get("retailer_id")}
    return WebhookSettings(account=str(account), **{name: str(value) for name, value in texts.items() if value})


def account_of(base_url: str) -> str:
    """Return the account that a platform's address names by its first label; an address of this machine names none."""
    host = urlsplit(base_url).hostname or ""
    return "" if is_loopback(host) or _address(host) else host.partition(".")[0]


def _merged(arguments: Mapping[str, Any]) -> tuple[dict[str, Value], str, bool]:
    """Return what is set, by name; the profile; and whether the host may be a private one."""
    known = {*_VARIABLES, "profile", "retailer", "allow_private"}
    for name in arguments:
        if name not in known:
            raise ConfigError(f"connect knows no setting {name!r}", hint=f"known: {', '.join(sorted(known))}")
    arguments = {name: _held(name, value) for name, value in arguments.items() if value is not None}
    given = {name: value for name, value in arguments.items() if name in _VARIABLES}
    environment = {
        name: _held(name, os.environ[variable(name)]) for name in _VARIABLES if os.environ.get(variable(name))
    }
    profile = arguments.get("profile") or os.environ.get("FLUENT_PROFILE") or ""
    retailer = arguments.get("retailer") or os.environ.get("FLUENT_RETAILER") or ""
    named = read_profile(profile, retailer) if profile else {}
    if retailer and not profile:
        raise ConfigError(
            f"retailer {retailer!r} is the name of a profile's file, and no profile is named",
            hint="give profile= too, or retailer_id= with the number",
        )
    explicit = bool(arguments.get("profile"))
    merged = {**_fitting(environment, named), **named, **given} if explicit else {**named, **environment, **given}
    return merged, profile, bool(arguments.get("allow_private"))


def _fitting(environment: Mapping[str, Value], named: Mapping[str, Value]) -> dict[str, Value]:
    """Return what the environment may add to a profile: nothing where it is of another platform."""
    ours, theirs = (_spelt_alike(values.get("base_url")) for values in (named, environment))
    return {} if ours and theirs and ours != theirs else dict(environment)


def _spelt_alike(url: Value | None) -> str:
    return url.strip().rstrip("/").lower() if isinstance(url, str) else ""


def protected(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments with the secrets among them wrapped, so that no traceback shows them."""
    return {name: _wrapped(name, value) for name, value in arguments.items()}


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return f"FLUENT_{name.upper()}"


def profile_root() -> Path:
    """Return the folder of the Fluent CLI's profiles."""
    return Path(os.environ.get("FLUENT_PROFILE_DIR") or Path.home() / ".fluentcommerce")


def profiles() -> list[str]:
    """Return the names of the profiles there are, those of the vault among them, sorted."""
    root = profile_root()
    folders = [item for item in root.iterdir() if not item.name.startswith(".")] if root.is_dir() else []
    return sorted({item.name for item in folders if (item / "profile.json").is_file()} | {*vault.names()})


def retailers(profile: str) -> list[str]:
    """Return the names of the retailers that a profile has, sorted; none where there is no such profile.

    Raises:
        ConfigError: the name leaves the folder.
    """
    files = (profile_root() / _safe(profile, "profile")).glob("retailer.*.json")
    return sorted(file.name.removeprefix("retailer.").removesuffix(".json") for file in files)


def read_profile(name: str, retailer: str = "", *, ask: bool = True) -> dict[str, Value]:
    """Return what a Fluent CLI profile sets, with the retailer's own user and id where one is named; or the vault's.

    The chain is profile.json, then retailer.<REF>.json (its id, and its user if it names one), then user.<name>.json.
    Where the Fluent CLI has no such profile, it is an entry of the vault; ``ask`` says whether somebody may be asked
    for its passphrase.

    Raises:
        ConfigError: no such profile, retailer or user, a name that leaves the folder, a broken or incomplete file.
    """
    root = profile_root()
    folder = root / _safe(name, "profile")
    if not (folder / "profile.json").is_file():
        if (kept := vault.entry(name, ask=ask)) is not None:
            return _of_vault(name, kept, retailer)
        raise ConfigError(
            f"there is no profile {name!r} in {root}",
            hint=_suggest(name, profiles(), "fluent profile create NAME, or fcwork vault add NAME,"),
        )
    profile = _read_json(folder / "profile.json", ("id", "baseUrl", "clientSecret", "user"))
    found = {"base_url": profile["baseUrl"], "client_id": profile["id"], "client_secret": profile["clientSecret"]}
    user = profile["user"]
    if retailer:
        chosen = _read_json(_retailer_file(folder, retailer), ("id",))
        found["retailer_id"], user = chosen["id"], chosen.get("user", user)
    credentials = folder / f"user.{_safe(str(user), 'user')}.json"
    if not credentials.is_file():
        raise ConfigError(f"profile {name!r} names the user {user!r}, whose file {credentials} is missing")
    return {**found, **_read_json(credentials, ("username", "password"))}


def check_base_url(url: Any, *, allow_private: bool = False) -> str:
    """Return ``url`` without trailing slashes, if credentials may be sent there.

    Raises:
        ConfigError: not https (plain http is for loopback only), no host, credentials or a query in it, a link-local
            or (without ``allow_private``) a private address.
    """
    if not isinstance(url, str):
        raise ConfigError(f"base_url is {type(url).__name__}, not a text", hint=_LOOKS)
    parts = urlsplit(url.strip())
    host = parts.hostname or ""
    if parts.scheme not in {"https", "http"} or not host:
        raise ConfigError(f"base_url {url!r} is no web address", hint=_LOOKS)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError(
            "base_url holds more than scheme, host, port and path", hint="credentials are settings of their own"
        )
    local = is_loopback(host)
    if parts.scheme == "http" and not local:
        raise ConfigError(
            f"base_url {url!r} would send credentials in clear text",
            hint="use https://; plain http is for loopback only",
        )
    _check_address(host, allow_private=allow_private or local)
    return str(url).strip().rstrip("/")


def is_loopback(host: str) -> bool:
    """Say whether ``host`` names this machine."""
    if host in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def workspace(here: Path | None = None) -> Path | None:
    """Return the nearest folder upwards, from ``here`` or the working folder, that ``fcwork init`` made."""
    here = here or Path.cwd()
    return next(
        (folder for folder in (here, *here.parents) if (folder / WORKSPACE_MARKER / "workspace.json").is_file()), None
    )


def home(here: Path | None = None) -> Path:
    """Return where run-time files go: ``FCWORK_HOME``, else ``.fcwork`` of the workspace or of the folder itself.

    Args:
        here: the folder that is asked of; the working folder unless given.
    """
    named, here = os.environ.get("FCWORK_HOME"), here or Path.cwd()
    return Path(named).expanduser().absolute() if named else (workspace(here) or here) / WORKSPACE_MARKER


def hide_personal_data() -> None:
    """Have the columns hidden that the workspace names under ``mask`` in its ``.fcwork/workspace.json``.

    Those that ``FCWORK_MASK`` names are hidden anyway.

    Raises:
        ConfigError: the file cannot be read, or ``mask`` is no list of names: what is to be hidden would be shown.
    """
    folder = workspace()
    if folder is None:
        return
    file = folder / WORKSPACE_MARKER / "workspace.json"
    try:
        content = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read: {error}", hint='it is JSON such as {"mask": ["email"]}') from None
    told = content.get("mask", []) if isinstance(content, dict) else []
    if not isinstance(told, list) or not all(isinstance(name, str) for name in told):
        raise ConfigError(f"mask in {file} is no list of names", hint='write "mask": ["email", "customer.phone"]')
    hide(named(told))


def store_place(here: Path | None = None) -> str | Path:
    """Return where small state is kept: ``FCWORK_STORE``, a ``postgresql://`` URL or a file, else a file in ``home``.

    A password in the URL is a known secret from here on.
    """
    named = os.environ.get("FCWORK_STORE", "").strip()
    register_url(named)
    return named or home(here) / "state.sqlite"


def metrics_file() -> Path | None:
    """Return the file that is to tell Prometheus of the runs: ``FCWORK_METRICS``; None where none is named."""
    named = os.environ.get("FCWORK_METRICS", "").strip()
    return Path(named).expanduser().absolute() if named else None


def _complete(merged: Mapping[str, Value], profile: str, *, allow_private: bool) -> Settings:
    missing = [name for name in NEEDED if not merged.get(name)]
    if bool(merged.get("username")) != bool(merged.get("password")):
        missing.append("password" if merged.get("username") else "username")
    if missing:
        variables = ", ".join(variable(name) for name in missing)
        otherwise = (
            "with its FLUENT_BASE_URL, or none" if profile and "base_url" not in missing else "or name a profile"
        )
        raise ConfigError(
            f"the settings are half set: {', '.join(missing)} missing", hint=f"set {variables}, {otherwise}"
        )
    values: dict[str, Any] = {name: _resolved(name, merged[name]) for name in _VARIABLES if merged.get(name)}
    values["base_url"] = check_base_url(values["base_url"], allow_private=allow_private)
    return Settings(profile=profile, **values)


def _retailer_file(folder: Path, retailer: str) -> Path:
    file = folder / f"retailer.{_safe(retailer, 'retailer')}.json"
    if not file.is_file():
        hint = _suggest(retailer, retailers(folder.name), "fluent retailer")
        raise ConfigError(f"profile {folder.name!r} has no retailer {retailer!r}", hint=hint)
    return file


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that ``host`` spells, in any form that a connection would take; None for a name."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return _legacy_address(host.rstrip("."))
    return getattr(address, "ipv4_mapped", None) or address


def _legacy_address(host: str) -> ipaddress.IPv4Address | None:
    """Return the address of a spelling such as ``2852039166``, ``0xA9FEA9FE`` or ``169.254.43518``."""
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def _check_address(host: str, *, allow_private: bool) -> None:
    address = _address(host)
    if address is None:
        return
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        raise ConfigError(f"base_url points to {host}, where no platform is", hint="link-local addresses are refused")
    if address.is_private and not allow_private:
        raise ConfigError(
            f"base_url points to the private address {host}", hint="give allow_private=True if that is meant"
        )


def _of_vault(name: str, kept: Mapping[str, Value], retailer: str) -> dict[str, Value]:
    """Return an entry of the vault as settings; what else it holds is for references to it."""
    if retailer:
        raise ConfigError(f"the profile {name!r} is of the vault, and has no retailer {retailer!r}", hint=_OF_VAULT)
    return {field: value for field, value in kept.items() if field in _VARIABLES}


def _wrapped(name: str, value: Any) -> Any:
    """Return a setting, wrapped if it is a secret; a reference to one is none."""
    plain = isinstance(value, str) and not vault.is_reference(value)
    return Secret(value) if name in _SECRETS and plain else value


def _resolved(name: str, value: Value) -> Value:
    if name not in _SECRETS or isinstance(value, Secret):
        return value
    found = vault.meant(value, name)
    return Secret(found) if isinstance(found, str) else found


def _held(name: str, value: Any) -> Any:
    if name in _SECRETS and isinstance(value, str):
        return _wrapped(name, value)
    if name not in _VARIABLES or isinstance(value, str | Secret):
        return value
    if name == "webhook_public_key" and isinstance(value, Path):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ConfigError(f"the setting {name} is a text, not {type(value).__name__}")


def _safe(name: str, what: str) -> str:
    if not _SAFE_NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} is no {what} name", hint="letters, digits and . _ @ + - only, beginning with a letter or digit"
        )
    return name


def _read_json(file: Path, needed: tuple[str, ...]) -> dict[str, Value]:
    content = _load(file)
    if isinstance(content, str):
        raise ConfigError(f"{file} cannot be read: {content}")
    missing = [name for name in needed if not content.get(name)]
    if missing:
        raise ConfigError(f"{file} lacks {', '.join(missing)}", hint="the Fluent CLI writes it: fluent profile create")
    return content


def _load(file: Path) -> dict[str, Value] | str:
    """Return the file's texts, the secrets among them wrapped, or why there are none; so no secret stays in a local."""
    try:
        content = json.loads(file.read_text("utf-8"))
    except OSError as error:
        return error.strerror or type(error).__name__
    except ValueError as error:
        return f"it is no JSON ({error})"
    if not isinstance(content, dict):
        return "it holds no JSON object"
    return {name: _held(name, str(value)) for name, value in content.items() if isinstance(value, str | int) and value}


def _suggest(name: str, known: list[str], otherwise: str) -> str:
    if not known:
        return f"none found; {otherwise} makes one"
    near = difflib.get_close_matches(name, known, 1)
    return f"did you mean {near[0]!r}? there are: {', '.join(known)}" if near else f"there are: {', '.join(known)}"
