"""What the platform holds of inventory rows, by GraphQL: by reference, and where that finds nothing at the position.

Many rows are asked for by one query, and what is found is compared with what they say, column by column.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeAlias

import polars as pl

from fcwork import frames, log
from fcwork.client import read_back_frames as said
from fcwork.client.graphql import GraphQL
from fcwork.client.paging import Pages
from fcwork.client.queries import plan
from fcwork.errors import (
    ApiError,
    AuthError,
    BadRequestError,
    ConnectionFailedError,
    GraphQLError,
    RateLimitError,
    ServerError,
)
from fcwork.routes import OUTCOME_SCHEMA

READ_BACK = pl.Schema({name: dtype for name, dtype in OUTCOME_SCHEMA.items() if name != "receipt"})

MOST = 500  # references, or positions, in one query; the pages of SDK 0.1.56 have as many at most
_FEWEST = 25  # a query that is refused is asked for half as much, but not for less than this
_A_POSITION = 20  # quantities; one and 500 times (1 and 20) is below the platform's complexity of 11,111
_UNANSWERED = 3  # queries in a row to which no answer comes: the platform is asked no more
_QUANTITY = "ref type status quantity condition storageAreaRef expectedOn updatedOn"
_BY_REF = f"""
query FcworkQuantities($refs: [String!], $catalogue: InventoryCatalogueKey, $first: Int!, $after: String) {{
  inventoryQuantities(ref: $refs, catalogue: $catalogue, first: $first, after: $after) {{
    edges {{ cursor node {{ {_QUANTITY} position {{ productRef locationRef }} }} }}
    pageInfo {{ hasNextPage }}
  }}
}}
"""
_AT_POSITION = f"""
query FcworkPositions(
  $skus: [String!], $locations: [String], $types: [String!], $catalogue: InventoryCatalogueKey,
  $first: Int!, $each: Int!, $after: String
) {{
  inventoryPositions(
    productRef: $skus, locationRef: $locations, catalogue: $catalogue, first: $first, after: $after
  ) {{
    edges {{ cursor node {{
      productRef locationRef
      quantities(type: $types, first: $each) {{ edges {{ node {{ {_QUANTITY} }} }} pageInfo {{ hasNextPage }} }}
    }} }}
    pageInfo {{ hasNextPage }}
  }}
}}
"""

Block: TypeAlias = tuple[list[str], ...]
"""What one query asks for: references, or SKUs and the locations that each is looked for at."""

_logger = log.get("client")


class ReadBack:
    """Looks at inventory on the platform.

    Args:
        graphql: what asks.
        catalogue_ref: of the inventory catalogue that the rows went to; None for whichever holds them.
    """

    def __init__(self, graphql: GraphQL, catalogue_ref: str | None) -> None:
        self._graphql = graphql
        self._catalogue = {"catalogue": {"ref": catalogue_ref}} if catalogue_ref else {}

    def look(self, rows: pl.DataFrame, refs: pl.Series, since: datetime) -> pl.DataFrame:
        """Look once for rows; see ``BatchRoute.read_back``.

        Returns:
            ``ref, outcome, code, message``: one row for each reference that something is known of now.
        """
        wanted = said.wanted(frames.without_identity(rows), refs)
        levels, changes = wanted.filter(~said.IS_CHANGE), wanted.filter(said.IS_CHANGE)
        by_ref = _Asking(self._quantities)
        held = by_ref.all(_blocks(levels["look_ref"]))
        found = said.found_by_ref(levels, held)
        left = levels.filter(~pl.col("at").is_in(found["at"].implode()) & said.HAS_PLACE)
        types = left["type"].unique().sort().to_list()
        at_place = _Asking(lambda block, size: self._positions(block, size, types))
        held = at_place.all(_areas(left))
        found = pl.concat([found, said.found_at_position(left, held, refs=wanted["look_ref"])])
        _raise_if_blind(by_ref, at_place)
        known = [
            said.verdicts(found, since),
            said.change_verdicts(changes),
            _unasked(levels, found, by_ref.failed, at_place.failed),
        ]
        told = said.one_each(pl.concat(known), wanted)
        _logger.info("rows.read_back", rows=rows.height, told=told.height, queries=by_ref.asked + at_place.asked)
        return told

    def _quantities(self, block: Block, size: int) -> pl.DataFrame:
        values = {"refs": block[0], "first": size, **self._catalogue}
        return said.held(self._nodes(_BY_REF, "inventoryQuantities", values))

    def _positions(self, block: Block, size: int, types: list[str]) -> pl.DataFrame:
        skus, locations = block
        values = {"skus": skus, "locations": locations, "types": types, "first": size, "each": _A_POSITION}
        nodes = self._nodes(_AT_POSITION, "inventoryPositions", {**values, **self._catalogue})
        return said.held([quantity for node in nodes for quantity in _with_position(node)])

    def _nodes(self, query: str, path: str, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return all nodes of a query; connections inside them may be cut."""
        pages = Pages(self._graphql, plan(query, variables, path=path), variables, shrinks=False)
        nodes = [node for page in pages for node in page.nodes]
        missing = [reason for reason in pages.reasons if not reason.startswith("nested_truncated")]
        if missing:
            raise ServerError(f"the answer is not whole: {'; '.join(missing)}", hint="try again later")
        return nodes


class _Asking:
    """Asks block after block, for less at a time where the platform refuses as much; keeps what could not be asked."""

    def __init__(self, ask: Callable[[Block, int], pl.DataFrame]) -> None:
        self._ask = ask
        self._most = MOST
        self._unanswered = 0
        self._over: ApiError | None = None
        self.asked = 0
        self.answered = 0
        self.failed: list[tuple[Block, ApiError]] = []

    def all(self, blocks: Iterable[Block]) -> pl.DataFrame:
        """Return what is held of all blocks."""
        waiting = deque(blocks)
        told = [said.held([])]
        while waiting:
            block = waiting.popleft()
            if _size(block) > self._most:
                waiting.extendleft(reversed(_halves(block)))
                continue
            answer = self._over or self._tried(block)
            if isinstance(answer, pl.DataFrame):
                told.append(answer)
            elif self._may_ask_for_less(block, answer):
                waiting.appendleft(block)
            else:
                self.failed.append((block, answer))
        return pl.concat(told)

    def _tried(self, block: Block) -> pl.DataFrame | ApiError:
        self.asked += 1
        try:
            answer = self._ask(block, _size(block))
        except ApiError as error:
            silent = isinstance(error, ConnectionFailedError | RateLimitError)
            self._unanswered = self._unanswered + 1 if silent else 0
            self._over = error if isinstance(error, AuthError) or self._unanswered >= _UNANSWERED else None
            return error
        self._unanswered, self.answered = 0, self.answered + 1
        return answer

    def _may_ask_for_less(self, block: Block, error: ApiError) -> bool:
        """Ask for half as much from now on where the size may be what is refused."""
        if not isinstance(error, GraphQLError | BadRequestError) or _size(block) <= _FEWEST:
            return False
        self._most = max(min(self._most, _size(block)) // 2, _FEWEST)
        return True


def _raise_if_blind(*askings: _Asking) -> None:
    """Raise what went wrong where not one query was answered."""
    failures = [error for asking in askings for _, error in asking.failed]
    if failures and not any(asking.answered for asking in askings):
        raise failures[0]


def _unasked(
    levels: pl.DataFrame, found: pl.DataFrame, by_ref: list[tuple[Block, ApiError]], at: list[tuple[Block, ApiError]]
) -> pl.DataFrame:
    """Return verdicts on the rows that are not found and could not be asked for."""
    errors = [error for _, error in (*by_ref, *at)]
    if not errors:
        return said.NO_VERDICTS
    refs = [ref for block, _ in by_ref for ref in block[0]]
    places = [f"{sku}\0{location}" for (skus, locations), _ in at for sku in skus for location in locations]
    place = pl.concat_str("sku", "location", separator="\0")
    hidden = pl.col("look_ref").is_in(refs) | place.is_in(places).fill_null(value=False)
    rows = levels.filter(~pl.col("at").is_in(found["at"].implode()) & hidden)
    return said.unread_verdicts(rows, errors[0].message)


def _with_position(node: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the quantities of a position as rows of their own, as an answer by reference has them."""
    connection = node.get("quantities") or {}
    cut = bool((connection.get("pageInfo") or {}).get("hasNextPage"))
    position = {name: node.get(name) for name in ("productRef", "locationRef")}
    for edge in connection.get("edges") or ():
        if edge and edge.get("node"):
            yield {**edge["node"], "position": position, "cut": cut}


def _blocks(refs: pl.Series) -> Iterator[Block]:
    unique = refs.drop_nulls().unique(maintain_order=True).to_list()
    for at in range(0, len(unique), MOST):
        yield (unique[at : at + MOST],)


def _areas(rows: pl.DataFrame) -> Iterator[Block]:
    """Yield SKUs and locations that together cover the places of ``rows``, each area of at most ``MOST`` places."""
    few, many = "location", "sku"
    if rows["sku"].n_unique() < rows["location"].n_unique():
        few, many = many, few
    area: tuple[dict[str, None], list[str]] = ({}, [])
    for one, others in rows.group_by(few, maintain_order=True).agg(pl.col(many).unique()).rows():
        together = {**area[0], **dict.fromkeys(others)}
        if area[1] and len(together) * (len(area[1]) + 1) > MOST:
            yield _area(area, few)
            together, area = dict.fromkeys(others), ({}, [])
        area = (together, [*area[1], one])
    if area[1]:
        yield _area(area, few)


def _area(area: tuple[dict[str, None], list[str]], few: str) -> Block:
    others, ones = list(area[0]), area[1]
    return (others, ones) if few == "location" else (ones, others)


def _size(block: Block) -> int:
    return math.prod(map(len, block))


def _halves(block: Block) -> tuple[Block, Block]:
    """Cut the longest side of a block in two."""
    longest = max(range(len(block)), key=lambda side: len(block[side]))
    middle = (len(block[longest]) + 1) // 2
    parts = (block[longest][:middle], block[longest][middle:])
    first, second = ((*block[:longest], part, *block[longest + 1 :]) for part in parts)
    return first, second
