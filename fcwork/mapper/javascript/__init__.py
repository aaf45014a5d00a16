"""What SDK 0.1.56 gives, quirks and all, for one value: the building blocks of lenient mappings.

The functions take and return values as JSON has them, besides ``datetime``, ``Decimal`` and ``UNDEFINED``, and never
raise on those. They differ from the SDK in this only: whole numbers keep all their digits, and BigInt is a number like
others; an Invalid Date is None, and so is a date outside the years 1 to 9999; a date without a zone is UTC wherever it
is read.
"""

from fcwork.mapper.javascript.resolvers import LENIENT, TRANSFORMS_LENIENT
from fcwork.mapper.javascript.values import UNDEFINED, Undefined

__all__ = ["LENIENT", "TRANSFORMS_LENIENT", "UNDEFINED", "Undefined"]
