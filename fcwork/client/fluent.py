"""``FluentClient``: everything that one asks of the platform, each method thin over the module that does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Self, cast, get_args
from urllib.parse import urlsplit

from fcwork import frames
from fcwork.client import access
from fcwork.client.auth import Credentials, held
from fcwork.client.batch_jobs import source_of
from fcwork.client.batch_looks import wait
from fcwork.client.batch_route import BatchRoute
from fcwork.client.event_calls import EventCalls
from fcwork.client.events import Events
from fcwork.client.graphql import Errors, GraphQL, GraphQLResult
from fcwork.client.http import Http
from fcwork.client.jobs import PAGE, Batch, BatchForm, Job, Jobs, Preprocessing
from fcwork.client.mutating import Mutating
from fcwork.client.paging import Pages
from fcwork.client.queries import Direction, Nested, plan
from fcwork.client.read_back import ReadBack
from fcwork.client.variables import given
from fcwork.client.webhook_calls import WebhookCalls, ring_of
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import BadRequestError
from fcwork.redact import Secret
from fcwork.retry import Pace, Retrier, RetryBudget, RetryPolicy
from fcwork.settings import Settings, account_of, check_base_url
from fcwork.store import Store

if TYPE_CHECKING:
    import httpx
    import polars as pl

Engine = Literal["polars", "pandas", "pyarrow"]


class FluentClient(EventCalls, Mutating, WebhookCalls):
    """Talks to one account of the platform, as one user. Safe to share between threads; a context manager.

    Every call has time-outs, carries the run's correlation id, and is repeated after a failure only where that cannot
    double an effect. What goes wrong is one of the kinds of ``ApiError``, whose type says what to do next; a method's
    own list names those that are peculiar to it.

    Args:
        base_url: ``https://<account>.api.fluentretail.com`` or the like; calls stay below it and follow no redirect.
        client_id, client_secret: of the OAuth client.
        username, password: of the user; without them the client's own credentials are used.
        retailer_id: whose jobs and events, unless a call names another.
        account: whose webhooks are taken; the first label of the host unless given.
        webhook_public_key: what webhooks are verified with: a text or path with one key or several, or a ``KeyRing``.
        transport: an ``httpx.BaseTransport`` instead of the network, such as ``Simulator.transport()``.
        clock: what waits and stamps.
        policy: how often, how soon and how long a call is tried again.
        budget: of retries, shared with other clients of the account; else the client's own.
        timeout_seconds: for connecting, for each read and write, and for a free connection.
        target: what results name as the platform; the host and the retailer unless given.
        allow_private: whether ``base_url`` may lie in a private network.

    Raises:
        ConfigError: ``base_url`` is not one to send credentials to, or the credentials are half given.
        BadKeyError: ``webhook_public_key`` is no key that can be used.
    """

    target = ""

    def __init__(
        self,
        *,
        base_url: str,
        client_id: str,
        client_secret: str | Secret,
        username: str | None = None,
        password: str | Secret | None = None,
        retailer_id: str | None = None,
        account: str | None = None,
        webhook_public_key: Any = None,
        transport: httpx.BaseTransport | None = None,
        clock: Clock = SYSTEM,
        policy: RetryPolicy | None = None,
        budget: RetryBudget | None = None,
        timeout_seconds: float = 30.0,
        target: str | None = None,
        allow_private: bool = False,
    ) -> None:
        client_secret, password = held(client_secret), held(password)
        secret, hidden = cast("Secret", client_secret), cast("Secret | None", password)  # Credentials checks it
        credentials = Credentials(client_id, secret, username or "", hidden)
        self.base_url = check_base_url(base_url, allow_private=allow_private)
        self.retailer_id = None if retailer_id is None else str(retailer_id)
        self.account = account or account_of(self.base_url)
        self._webhook_keys = ring_of(webhook_public_key)
        self.target = target or _target(self.base_url, self.retailer_id)
        self._given: dict[str, Any] = {
            "base_url": self.base_url,
            "client_id": client_id,
            "client_secret": client_secret,
            "username": username,
            "password": password,
            "retailer_id": self.retailer_id,
            "account": self.account,
            "webhook_public_key": self._webhook_keys,
            "policy": policy or RetryPolicy(),
            "timeout_seconds": timeout_seconds,
            "target": self.target,
            "allow_private": allow_private,
        }
        self._clock, self._transport = clock, transport
        self._http = Http(
            self.base_url,
            credentials,
            transport=transport,
            retrier=Retrier(policy or RetryPolicy(), clock=clock, budget=budget),
            timeout_seconds=timeout_seconds,
        )
        self._graphql = GraphQL(self._http)
        self._jobs = Jobs(self._http, self.retailer_id)
        self._events = Events(self._http, self.retailer_id)

    @classmethod
    def from_settings(
        cls,
        settings: Settings,
        *,
        transport: httpx.BaseTransport | None = None,
        clock: Clock = SYSTEM,
        target: str | None = None,
    ) -> Self:
        """Return a client of the platform that ``settings`` name; their ``base_url`` has been checked."""
        return cls(
            base_url=settings.base_url,
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            username=settings.username,
            password=settings.password,
            retailer_id=settings.retailer_id,
            account=settings.account,
            webhook_public_key=settings.webhook_public_key or None,
            transport=transport,
            clock=clock,
            target=target or settings.target,
            allow_private=True,
        )

    def __repr__(self) -> str:
        return f"FluentClient({self.target})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the settings; the secrets stay behind, so a copy says so when it is first used."""
        return partial(type(self), **self._given), ()

    def asks_as(self, other: FluentClient) -> bool:
        """Say whether another client asks the same platform as the same user."""
        whose = ("base_url", "client_id", "username", "retailer_id", "account", "target")
        alike = all(self._given[name] == other._given[name] for name in whose)
        return alike and self._transport == other._transport

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        self._close_seen()

    def authenticate(self) -> None:
        """Have a token: fetched now, unless there is a good one.

        Raises:
            AuthError: the credentials are refused.
        """
        self._http.sign_in()

    def access_checks(self) -> list[access.Check]:
        """Return each kind of access with a function that tries it, changes nothing and tells the answer, or raises."""
        return access.checks(self._http, self._graphql)

    def graphql(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        operation_name: str | None = None,
        errors: Errors = "raise",
    ) -> GraphQLResult:
        """Carry out one operation.

        A query is tried again where that may help. A mutation, which the parsed text tells, is tried again only where
        the platform surely did nothing. Entries of ``errors`` whose platform code ends in W are warnings.

        Args:
            query: the document.
            variables: by name; dates are written in UTC, a column of a frame as a list. None is null; NaN is refused,
                as a filter by null finds all.
            operation_name: which operation, where the document holds several.
            errors: ``raise``, or ``partial`` to be given the data together with the errors.

        Raises:
            BadRequestError: the text is no GraphQL, or a variable has no form in JSON; nothing was sent.
            GraphQLError: the answer holds errors; ``errors`` and ``data`` tell them.
            OutcomeUnknownError: a mutation that may have happened.
        """
        return self._graphql.execute(query, variables, operation_name=operation_name, errors=errors)

    def pages(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        path: str | None = None,
        page_size: int | None = None,
        max_pages: int | None = None,
        max_records: int | None = None,
        direction: Direction = "forward",
        errors: Errors = "raise",
        nested: Nested = "report",
        start: str | None = None,
        pace: Pace | None = None,
    ) -> Pages:
        """Page through a connection, one page for each step of the iteration.

        The cursor is the variable at ``after:`` (or ``before:``) of the connection, and no other variable changes. A
        query without one is given one, and ``pageInfo`` and ``edges { cursor }`` are added where they are missing, also
        ``pageInfo`` of connections inside the nodes. A page that the platform refuses as too complex is asked for again
        with half as many nodes, down to one, whoever said how many; that is logged.

        Args:
            query, variables: one query; a value at ``after:`` is where paging begins.
            path: the connection, by its dotted response keys, such as ``order.items``; needed where there are several.
            page_size: nodes a page, instead of what the query and its variables say.
            max_pages, max_records: where to stop; the last page is cut to ``max_records`` exactly.
            direction: ``backward`` pages from the end with ``last:`` and ``before:``, also chosen where the query has
                only those. Each page is in the platform's order.
            errors: ``raise``, or ``partial`` to be given pages together with their errors.
            nested: what becomes of a connection inside a node that has more than was asked of it: ``report`` makes the
                answer incomplete; ``follow`` fetches the rest, at any depth, by looking the node up by its id or ref,
                up to twenty nodes in a request.
            start: the cursor after which paging begins, instead of what the query and its variables say.
            pace: how fast to ask, together with others that have the same.

        Returns:
            An iterator of ``Page(number, nodes, cursor, errors)``, each with its ``frame``; ``frames()`` iterates over
            those. Its ``complete`` tells whether nothing is missing, and its ``reason`` why something is.

        Raises:
            BadRequestError: no connection, several and no ``path``, or a mutation; nothing was sent. Errors of
                ``graphql`` come while iterating.
        """
        values = given(variables)
        how = plan(query, values, path=path, page_size=page_size, direction=direction, nested=nested)
        how = how if start is None else replace(how, start=start)
        graphql = self._graphql.paced(pace)
        return Pages(graphql, how, values, max_pages=max_pages, max_records=max_records, errors=errors)

    def frame(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        path: str | None = None,
        engine: Engine = "polars",
        page_size: int | None = None,
        max_records: int | None = None,
        nested: Nested = "follow",
    ) -> Any:
        """Return all nodes of a connection as a frame, one row a node, in the platform's order.

        The columns are the fields that the query asks for, in its order, nested ones as ``catalogue.ref``. A list stays
        a list, and a connection inside a node is the list of all its nodes.

        Their types are those of the platform's schema, whatever the nodes hold: instants in UTC, whole numbers, and
        money as text with the digits that the platform wrote. Fields that the schema does not know, such as an
        account's own, have the type that holds all their values, else text. Values that are not of the schema's type
        keep their column as they are, and that is logged.

        Args:
            query, variables, path, page_size, nested: as in ``pages``.
            engine: ``polars``, ``pandas`` or ``pyarrow``.
            max_records: how many rows at most; that there were more is logged and not told by the frame.

        Raises:
            BadRequestError: as ``pages``; or a connection inside a node has more, and ``nested="report"`` or the
                platform has no way to look its node up.
            ServerError: the platform says that there is more and gives no way to it.
        """
        if engine not in get_args(Engine):
            raise BadRequestError(f"engine={engine!r} is not known", hint="engine is polars, pandas or pyarrow")
        pages = self.pages(query, variables, path=path, page_size=page_size, max_records=max_records, nested=nested)
        rows = pages.flattener.frame([node for page in pages for node in page.nodes])
        pages.raise_if_incomplete(limited=max_records is not None)
        return frames.leave(rows, engine)

    def create_job(
        self,
        name: str,
        *,
        retailer_id: str | None = None,
        preprocessing: Preprocessing | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> Job:
        """Open a job for batches; it closes at midnight UTC (docs.fluentcommerce.com: job-api).

        Args:
            name: its name.
            retailer_id: whose; the client's unless given.
            preprocessing: ``skip`` or ``enabled``: whether unchanged records are dropped, where the account does that
                (docs.fluentcommerce.com: how-batch-pre-processing-works).
            meta: further facts for the platform.

        Raises:
            ConfigError: no retailer is set.
            OutcomeUnknownError: it may have been opened, empty.
        """
        return self._jobs.create(name, retailer_id=retailer_id, preprocessing=preprocessing, meta=meta)

    def job_status(self, job_id: str) -> Job:
        """Return a job with its status, OPEN or CLOSED, and its batches.

        Raises:
            NotFoundError: there is no such job.
        """
        return self._jobs.status(job_id)

    def send_batch(
        self,
        job_id: str,
        entities: frames.Frame,
        *,
        entity_type: str = "INVENTORY",
        action: str = "UPSERT",
        source: str | None = None,
        event: str | None = None,
        catalogue_ref: str | None = None,
    ) -> Batch:
        """Post one batch of 1 to 5,000 records, at most 2 MB; ``recovery.send`` takes any number and sees them through.

        An UPSERT of levels may be repeated after a lost answer; DELTA, CORRECTION and any other action are not.

        Args:
            job_id: an open job.
            entities: a list of dicts or any frame; nulls and identity columns are left out, instants written in UTC.
            entity_type, action, source, event, catalogue_ref: as in docs.fluentcommerce.com: batch-api.

        Raises:
            BadRequestError: too many records, too large, or refused.
            OutcomeUnknownError: it may have arrived.
        """
        form = BatchForm(entity_type, action, source, event, catalogue_ref)
        return self._jobs.post(job_id, entities, form)

    def batch_status(self, job_id: str, batch_id: str, *, start: int = 0, count: int = PAGE) -> Batch:
        """Return a batch with its status and one page of its results.

        Args:
            job_id, batch_id: which.
            start: of the page, from 0.
            count: results on the page.

        Raises:
            NotFoundError: there is no such batch.
        """
        return self._jobs.batch(job_id, batch_id, start=start, count=count)

    def wait_for_batches(self, job_id: str, batch_ids: Sequence[str], *, timeout: float) -> pl.DataFrame:
        """Wait until batches are COMPLETE and return what became of their records.

        It asks for all together, at once and then after 2 s, half as long again each time, up to every 30 s.

        Args:
            job_id: their job.
            batch_ids: which.
            timeout: how long to wait, in seconds.

        Returns:
            A frame of ``job_id, batch_id, entity_id, entity_ref, response_code, message``, one row a record: 200 is
            done, 404, 301 and 400 are refused, 500 failed. A record that is in none of its batch's rows is unknown.

        Raises:
            OutcomeUnknownError: some are still open when the time is up; it names them.
        """
        return wait(self._jobs, self._clock, job_id, batch_ids, timeout=timeout)

    def batches(
        self,
        job_id: str | None = None,
        *,
        job: Literal["per-run", "daily"] = "per-run",
        batches_per_job: int | None = None,
        name: str = "fcwork",
        entity_type: str = "INVENTORY",
        action: str = "UPSERT",
        preprocessing: Preprocessing | None = "skip",
        event: str | None = None,
        catalogue_ref: str | None = None,
        source: str | None = None,
        retailer_id: str | None = None,
        store: Store | None = None,
    ) -> BatchRoute:
        """Return the route of ``recovery.send`` that puts rows into batches.

        It opens its job on the first post, and another when the platform closes it (at midnight UTC).

        Args:
            job_id: a job of one's own, which is not replaced.
            job: ``per-run`` opens one for this route, ``daily`` one a day for all workers that share ``store``.
            batches_per_job: how many batches go into a job before another is opened; None for any number.
            name: of the job.
            entity_type, action, event, catalogue_ref, source: of its batches; see ``send_batch``.
            preprocessing, retailer_id: of its job; see ``create_job``. With ``job_id`` what is known of that job.
            store: where the day's jobs are kept; ``state.sqlite`` of the workspace unless given.

        Raises:
            ConfigError: no retailer is set, or no preprocessing, for a job to open; ``batches_per_job`` is no count, or
                ``name`` no name.
            BadRequestError: ``job`` is not known.
            StoreError: the store cannot be used.
        """
        own = partial(source_of, self._jobs, job_id, job=job, name=name, batches_per_job=batches_per_job, store=store)
        where = own(preprocessing=preprocessing, retailer_id=retailer_id, clock=self._clock, target=self.target)
        form = BatchForm(entity_type, action, source, event, catalogue_ref)
        reads, merges = ReadBack(self._graphql, catalogue_ref), preprocessing != "skip"
        return BatchRoute(self._http, self._jobs, reads, target=self.target, form=form, job=where, merges=merges)


def _target(base_url: str, retailer_id: str | None) -> str:
    host = urlsplit(base_url).netloc
    return f"{host} (retailer {retailer_id})" if retailer_id else host
