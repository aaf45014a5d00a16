"""How places elsewhere are reached; what is not said is found where their own tools find it."""

from __future__ import annotations

from dataclasses import dataclass

from fcwork.redact import Secret

TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class S3Terms:
    """A bucket, and how it is reached.

    Attributes:
        bucket: its name.
        root: what all keys begin with, without the slash behind it.
        endpoint_url, region, access_key_id, secret_access_key, session_token, profile: as AWS calls them.
        path_style: the bucket stands in the path of the URL, not in its host.
        anonymous: ask without signing.
        timeout_seconds: how long the store may say nothing, three times over.
    """

    bucket: str
    root: str = ""
    endpoint_url: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: Secret | None = None
    session_token: Secret | None = None
    profile: str | None = None
    path_style: bool = False
    anonymous: bool = False
    timeout_seconds: float = TIMEOUT_SECONDS


@dataclass(frozen=True, kw_only=True)
class SftpTerms:
    """A folder of an SFTP server, and how it is reached.

    Attributes:
        host, port, username: whose.
        password: of the user.
        private_key, passphrase: a file, and what opens it. Without password and key: the agent and keys in ``~/.ssh``.
        known_hosts: a file; without one ``~/.ssh/known_hosts`` and ``/etc/ssh/ssh_known_hosts``.
        fingerprint: the key that the host must have, as ``ssh-keygen -lf`` prints it.
        insecure_accept_any_host_key: talk to whoever answers.
        root: the folder; nothing outside of it is read or written.
        timeout_seconds: how long connecting, and each answer, may take.
    """

    host: str
    port: int = 22
    username: str = ""
    password: Secret | None = None
    private_key: str | None = None
    passphrase: Secret | None = None
    known_hosts: str | None = None
    fingerprint: str | None = None
    insecure_accept_any_host_key: bool = False
    root: str = "/"
    timeout_seconds: float = TIMEOUT_SECONDS


@dataclass(frozen=True, kw_only=True)
class FolderTerms:
    """A folder of this machine; nothing outside of it is read or written."""

    root: str
