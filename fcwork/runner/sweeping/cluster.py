"""Rows of a sweep on the workers of a Dask cluster, which see the folders of the runs under the same paths."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from fcwork.errors import ConfigError
from fcwork.runner.sweeping.local import Local, Request, Trouble

if TYPE_CHECKING:
    from distributed import Client, Event

GLANCE_SECONDS = 0.5


def check_engine(engine: Any) -> None:
    """Refuse what is neither ``dask`` nor a client of dask.distributed that can be used.

    Raises:
        ConfigError: it is none, or Dask is not installed.
    """
    try:
        from distributed import Client
    except ImportError:
        hint = "pip install 'fcwork[dask]', or leave engine as it is"
        raise ConfigError("engine='dask' needs dask.distributed, which is not installed", hint=hint) from None
    if engine != "dask" and not isinstance(engine, Client):
        raise ConfigError(f"engine is {engine!r}", hint="local, dask, or a client of dask.distributed")
    if engine != "dask" and engine.asynchronous:
        raise ConfigError("the Dask client is an asynchronous one", hint="give Client(…, asynchronous=False)")


@contextmanager
def client_for(engine: Any, workers: int) -> Iterator[Client]:
    """Give the client of a cluster: one that was given, the one in use, or that of a cluster of this machine.

    Args:
        engine: as ``check_engine`` lets it pass.
        workers: how many a cluster of this machine has; it ends with the block.
    """
    from distributed import Client, LocalCluster, default_client

    if isinstance(engine, Client):
        yield engine
        return
    with suppress(ValueError):  # there is none in use
        yield default_client()
        return
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


class Cluster:
    """Runs rows on the workers of a cluster; safe to use from as many threads as are to run at once.

    Args:
        client: of the cluster.
        sweep: the sweep's folder, which its workers have to see too.
        folder: where relative paths are taken from.
        variables: of the environment, beside those that a worker has.
    """

    def __init__(self, client: Client, sweep: Path, folder: str, variables: Mapping[str, str]) -> None:
        from distributed import Event

        self._client, self._where = client, Where(str(sweep), folder, dict(variables), f"{sweep.name} {uuid4().hex}")
        self._events = [Event(name, client=client) for name in self._where.events]
        self._stopped = 0

    def run(self, request: Request) -> Trouble | None:
        """Run a row on a worker."""
        key = f"fcwork {request.run_id} {uuid4().hex}"
        future = self._client.submit(run_here, request, self._where, key=key, pure=False, retries=0)
        try:
            found: Trouble | None = future.result()
        except Exception as error:  # noqa: BLE001 - whatever a cluster says, the row has an end
            return Trouble(f"the cluster lost it: {error}", is_over=False)
        return found

    def stop(self) -> None:
        """Have the workers ask their rows to stop; the second time, once more."""
        self._events[min(self._stopped, 1)].set()
        self._stopped += 1

    def kill(self) -> None:
        """Have the workers end their rows."""
        for event in self._events:
            event.set()

    def close(self) -> None:
        """Forget the events."""
        for event in self._events:
            event.clear()


@dataclass(frozen=True)
class Where:
    """What a worker needs to know beside the row.

    Attributes:
        sweep, folder, variables: as of ``Cluster``.
        name: of the events by which rows are stopped.
    """

    sweep: str
    folder: str
    variables: dict[str, str]
    name: str

    @property
    def events(self) -> tuple[str, ...]:
        """The names of the events: to stop, to stop again, to be ended."""
        return tuple(f"fcwork {self.name} {word}" for word in ("stop", "again", "kill"))


def run_here(request: Request, where: Where) -> Trouble | None:
    """Run a row on this worker, in a process of its own, and pass on what it is told to do.

    A row that a worker began that is gone is not begun again: its folder is there.
    """
    wrong = next((place for place in (where.sweep, where.folder) if not Path(place).is_dir()), "")
    if wrong:
        told = f"{wrong} is not there on {socket.gethostname()}"
        return Trouble(f"{told}: a cluster's workers need the folders under the same paths")
    if (Path(where.sweep).parents[1] / "runs" / request.run_id).exists():
        return None
    local, done = Local(where.folder, where.variables), threading.Event()
    passing_on = threading.Thread(target=_pass_on, args=(_events(where), local, done), daemon=True)
    passing_on.start()
    try:
        return local.run(request)
    finally:
        done.set()
        passing_on.join()
        local.close()


def _events(where: Where) -> list[Event]:
    from distributed import Event, get_client

    client = get_client()
    return [Event(name, client=client) for name in where.events]


def _pass_on(events: list[Event], local: Local, done: threading.Event) -> None:
    left = list(zip(events, (local.stop, local.stop, local.kill), strict=True))
    while left and not done.wait(GLANCE_SECONDS):
        if left[0][0].is_set():
            left.pop(0)[1]()
