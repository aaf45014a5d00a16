"""The simulator itself: one local Fluent, its two doors, and what may be looked at afterwards."""

import time
from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import Any, Self, get_args

import httpx

from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ConfigError
from fcwork.simulator.account import ACCOUNT_ID, RETAILER_ID, Account
from fcwork.simulator.announcing import Announcer
from fcwork.simulator.app import App
from fcwork.simulator.arranged import Arranged
from fcwork.simulator.batches import Jobs
from fcwork.simulator.doors import InProcessDoor, SocketDoor
from fcwork.simulator.entities import Dialect
from fcwork.simulator.events import Events
from fcwork.simulator.faults import Faults
from fcwork.simulator.graphql import GraphQLService
from fcwork.simulator.ledger import Ledger
from fcwork.simulator.oauth import Tokens
from fcwork.simulator.posting import Posted
from fcwork.simulator.queries import Queries
from fcwork.simulator.webhooks import Kind, SignedWebhook, Webhooks
from fcwork.simulator.world import World

LOOPBACK = "127.0.0.1"
_HEARS_SECONDS = 0.2  # an unlimited wait does not hear Ctrl-C on every system
IN_PROCESS_URL = "http://simulator.localhost"


class Simulator:
    """A local Fluent: OAuth, GraphQL, batch jobs and events on seeded data, with faults by script.

    It refuses what it does not know. ``with Simulator() as sim`` opens the socket door for the block; ``transport()``
    needs no socket at all. What is known of the platform and what is assumed stands in the routes' docstrings.

    Args:
        seed: of the data, the credentials and the order of shuffled results.
        positions: how many inventory positions are seeded.
        faults: what goes wrong, and when.
        dialect: whose batch records are accepted: the ``platform``'s, or those of the SDK's ``module6``.
        clock: what closes jobs, ends tokens and delays answers.
        token_seconds: the life of an access token.
        preprocessing: the account's setting ``fc.enable.batch.preprocessing``.
        settle_polls: how many looks at a batch find it unsettled; the last of them finds it RUNNING.
        port: of the socket door, on 127.0.0.1; 0 for a free one.
        webhook_url: a receiver's address, to which a webhook is posted for every event that is sent and takes effect.
        webhook_entities: the entity types of the events for which one is posted; all unless given.
        webhook_key_bits: the size of the key pair that signs webhooks. Simulators of one seed and process begin with
            the same key pair.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        positions: int = 2_500,
        faults: Faults | None = None,
        dialect: Dialect = "platform",
        clock: Clock = SYSTEM,
        token_seconds: float = 86_400,
        preprocessing: bool = False,
        settle_polls: int = 1,
        port: int = 0,
        webhook_url: str | None = None,
        webhook_entities: Collection[str] | None = None,
        webhook_key_bits: int = 2_048,
    ) -> None:
        if dialect not in get_args(Dialect):
            raise ConfigError(f"dialect={dialect!r} is not known", hint=f"known: {', '.join(get_args(Dialect))}")
        if positions < 0:
            raise ConfigError(f"positions is {positions}", hint="it is a whole number, zero or more")
        self.ledger = Ledger()
        """What the server really holds, and how often each effect happened."""
        self.world = World.seeded(seed=seed, positions=positions, clock=clock)
        """The seeded data, as requests have changed it."""
        self._account = Account.seeded(seed)
        self._clock = clock
        self._port = port
        self._door: SocketDoor | None = None
        arranged = Arranged(faults or Faults())
        events = Events(faults=arranged, ledger=self.ledger, clock=clock, seed=seed)
        self._webhooks = Webhooks(
            self.world, faults=arranged, ledger=self.ledger, clock=clock, seed=seed, key_bits=webhook_key_bits
        )
        self._announcer = Announcer(self._webhooks, url=webhook_url, entity_types=webhook_entities)
        events.tell(self._announcer.announce)
        jobs = Jobs(
            self.world,
            events,
            faults=arranged,
            ledger=self.ledger,
            clock=clock,
            dialect=dialect,
            preprocessing=preprocessing,
            settle_polls=settle_polls,
            seed=seed,
        )
        self._app = App(
            tokens=Tokens(self._account, seconds=token_seconds, seed=seed, clock=clock, ledger=self.ledger),
            queries=Queries(GraphQLService(self.world, clock=clock), ledger=self.ledger),
            jobs=jobs,
            events=events,
            faults=arranged,
            ledger=self.ledger,
            clock=clock,
        )

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"Simulator({self.url}, {self.ledger})"

    @property
    def url(self) -> str:
        """Where it is: the socket's address once started, before that a name for the in-process door."""
        return self._door.url if self._door else IN_PROCESS_URL

    def start(self) -> Self:
        """Open the socket door; a simulator that is open already stays as it is.

        Raises:
            ConfigError: the port is taken or not allowed.
        """
        if self._door is None:
            self._door = SocketDoor(self._app, self._clock, host=LOOPBACK, port=self._port)
        return self

    def stop(self) -> None:
        """Close the socket door and post what webhooks are left; ledger, world and the in-process door stay."""
        door, self._door = self._door, None
        if door:
            door.close()
        self._announcer.finish()

    def serve(
        self, *, host: str = LOOPBACK, port: int | None = None, on_ready: Callable[[Self], None] | None = None
    ) -> None:
        """Serve on the socket until interrupted by Ctrl-C.

        Args:
            host: the address to listen on.
            port: the port; the simulator's own unless given.
            on_ready: called once the door is open, to say where.

        Raises:
            ConfigError: the address is taken or not allowed.
        """
        self.stop()
        self._door = SocketDoor(self._app, self._clock, host=host, port=self._port if port is None else port)
        try:
            if on_ready:
                on_ready(self)
            while True:
                time.sleep(_HEARS_SECONDS)
        except KeyboardInterrupt:
            return
        finally:
            self.stop()

    def transport(self) -> httpx.BaseTransport:
        """Return the in-process door: an httpx transport without a socket, as honest about faults as the socket."""
        return InProcessDoor(self._app, self._clock)

    def connect(self) -> dict[str, str]:
        """Return what a client needs to be let in: keyword arguments of ``FluentClient`` and ``fcwork.connect``."""
        return {
            "base_url": self.url,
            "client_id": self._account.client_id,
            "client_secret": self._account.client_secret.reveal(),
            "username": self._account.username,
            "password": self._account.password.reveal(),
            "retailer_id": RETAILER_ID,
            "account": ACCOUNT_ID,
            "webhook_public_key": self.webhook_public_key_base64,
        }

    @property
    def webhook_public_key(self) -> str:
        """The key that webhooks are verified with, as PEM."""
        return self._webhooks.signer.pem

    @property
    def webhook_public_key_base64(self) -> str:
        """The same key as the platform gives it: X.509 in base64."""
        return self._webhooks.signer.base64

    def rotate_webhook_key(self) -> None:
        """Sign webhooks with a new key pair from now on."""
        self._webhooks.rotate()

    def webhook(
        self,
        *,
        name: str,
        entity_type: str,
        entity_ref: str | None = None,
        entity_id: str | None = None,
        attributes: Mapping[str, Any] | None = None,
        kind: Kind = "event",
        id: str | None = None,  # noqa: A002 - the platform's word
        account_id: str | None = None,
        retailer_id: str | None = None,
    ) -> SignedWebhook:
        """Return a signed webhook; nothing is posted. What is not given is filled from the world.

        Args:
            name: of the event; of an HTTP call, what triggered it.
            entity_type: such as ``FULFILMENT``.
            entity_ref: of an entity of the world, or of none.
            entity_id: its id, where there is no reference.
            attributes: of the event; of an HTTP call, its fields besides the usual ones.
            kind: ``event``, as the rule SendWebhook posts it, or ``http_call``, which has no id and no name.
            id: of the event; a new one unless given.
            account_id: the simulator's unless given.
            retailer_id: the simulator's unless given.

        Raises:
            ConfigError: the kind is not known.
        """
        facts = {"attributes": attributes, "id": id, "account_id": account_id, "retailer_id": retailer_id}
        return self._webhooks.signed(
            kind, name=name, entity_type=entity_type, entity_ref=entity_ref, entity_id=entity_id, **facts
        )

    def post_webhook(self, signed: SignedWebhook, url: str, *, timeout_seconds: float = 5.0) -> Posted:
        """Post a webhook to a receiver, and again where no answer comes, as the platform does: up to 3 times in 14 s.

        Args:
            signed: what ``webhook`` gave.
            url: the receiver's address.
            timeout_seconds: how long the receiver may take to be reached, and to answer.

        Raises:
            ConfigError: the address is none.
        """
        return self._webhooks.post(signed, url, timeout_seconds=timeout_seconds)

    def assumed(self) -> list[str]:
        """Return what routes and webhooks assume of the platform, where no public page or package says it."""
        return [*self._app.assumed(), *self._announcer.assumed()]
