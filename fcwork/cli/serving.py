"""``fcwork serve``: a notebook as an app in the browser."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
from importlib.util import find_spec

import click

from fcwork.cli.examples import examples
from fcwork.errors import ConfigError

HOST = "127.0.0.1"
USUAL_PORT, LAST_PORT = 8866, 65_535
_TOKEN_BYTES = 24


@click.command(
    short_help="Show a notebook as an app.",
    epilog=examples(
        "fcwork serve operations",
        "fcwork serve operations -p PROFILE acme --port 8870",
        "fcwork serve ./mine.ipynb -f mine.yml -- --Voila.cull_interval=600",
    ),
)
@click.argument("name")
@click.option("-p", "--parameter", "texts", type=(str, str), multiple=True, metavar="KEY VALUE", help="A parameter.")
@click.option("-f", "--file", "files", type=click.Path(), multiple=True, help="A YAML or JSON file of parameters.")
@click.option("--port", default=USUAL_PORT, show_default=True, type=click.IntRange(0, LAST_PORT), help="0: a free one.")
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[-- OPTIONS]")
def serve(
    name: str, texts: tuple[tuple[str, str], ...], files: tuple[str, ...], *, port: int, options: tuple[str, ...]
) -> int:
    """Show the notebook NAME as an app: its texts, what its cells show, and its panels, without its code.

    It listens on this machine alone, at 127.0.0.1, and lets in who has the token of the address that it prints: a new
    one each time. Whoever opens it has a kernel of his own, in which the cells are run. Parameters are given as to
    `fcwork run`; what follows `--` goes to Voila, which does the work: pip install 'fcwork[voila]'.

    Exit codes: 0 ended, 1 it could not serve, 2 a mistake in the call, or Voila is not installed.
    """
    from fcwork import runner

    if find_spec("voila") is None:
        raise ConfigError("an app needs Voila, and it is not installed", hint="pip install 'fcwork[voila]'")
    port = _free(port)
    values = {key: value for file in files for key, value in runner.read_file(file).items()}
    given = values.keys() | {key for key, _ in texts}
    texts = (*(pair for pair in runner.from_environment(os.environ) if pair[0] not in given), *texts)
    page = runner.write_app(name, values, texts, key=str(port))
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    os.environ["JUPYTER_TOKEN"] = token  # not on the command line, where everybody on the machine could read it
    click.echo(f"{name} is served, in a moment, at http://{HOST}:{port}/?token={token}\nCtrl-C ends it.")
    return _served([sys.executable, "-m", "voila", str(page), *_options(port), *options])


def _free(port: int) -> int:
    """Return the port, or a free one for 0.

    Raises:
        ConfigError: somebody listens there already.
    """
    try:
        with socket.socket() as found:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind((HOST, port))
            return int(found.getsockname()[1])
    except OSError as error:
        raise ConfigError(
            f"port {port} of {HOST} cannot be had: {error.strerror}", hint="name another, or 0 for a free one: --port 0"
        ) from None


def _options(port: int) -> list[str]:
    return [
        "--no-browser",
        f"--port={port}",
        f"--Voila.ip={HOST}",
        "--Voila.port_retries=0",
        "--Voila.auto_token=True",
        "--Voila.log_level=ERROR",  # warnings are of the notebook's signature, which nobody needs here
        *([] if os.name == "nt" else ["--KernelManager.transport=ipc"]),  # kernels listen at no port
        "--VoilaConfiguration.file_denylist=.*",  # no pictures from the folder, which would need no token
        "--VoilaConfiguration.strip_sources=True",
    ]


def _served(command: list[str]) -> int:
    if os.name != "nt":  # Voila takes this process's place, so that every signal reaches it
        sys.stdout.flush()
        os.execv(sys.executable, command)  # noqa: S606 - a list, no shell
    return subprocess.run(command, check=False).returncode
