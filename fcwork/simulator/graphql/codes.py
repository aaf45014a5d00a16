"""Why a query is refused, in the platform's codes: a letter for whose fault it is, four digits, E for error.

The codes and what they stand for: docs.fluentcommerce.com, error-codes and graphql-api-error-codes-overview. Those
marked assumed are ours, the last of the range they belong to, so that they meet none that is documented.
"""

from enum import StrEnum

from graphql import GraphQLError


class Code(StrEnum):
    """The codes that the simulator gives of itself."""

    TOO_COMPLEX = "C0001E"
    BAD_DATE = "C0100E"
    EMPTY_RANGE = "C0101E"
    NOT_FOUND = "C0120E"
    ORDER_EXISTS = "C0121E"
    BAD_NUMBER = "C0122E"
    NOT_UNIQUE = "C0123E"
    MISSING = "C0140E"
    TOO_LONG = "C0141E"
    BAD_REQUEST = "C0159E"  # assumed: syntax, unknown fields, wrong types, paging arguments that make no sense
    FAILED = "S0019E"  # assumed: a value of the seed data that the schema does not allow


class PlatformError(GraphQLError):
    """An error of an answer that carries the platform's code under ``extensions.code``."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message, extensions={"code": code.value})
