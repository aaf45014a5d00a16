"""Mapping: the mapping files of the Fluent Connect SDK, run on columns, every fault told by row.

A mapping names, for each target, where its value comes from::

    {"fields": {"ref":       {"source": "sku", "required": true},
                "type":      {"value": "INVENTORY_POSITION"},
                "qty":       {"source": "quantity", "resolver": "sdk.parseInt", "required": true},
                "condition": {"source": "condition", "defaultValue": "NEW"},
                "items":     {"source": "lines", "isArray": true, "fields": {"ref": {"source": "sku"}}}}}

A field is worked out in the order of SDK 0.1.56: value or source, required, default, resolver. A file with ``mutation``
beside its ``fields`` or ``arguments`` is of a GraphQL mutation, and read the same way (``entries`` shows what each
dialect calls things). Where the SDK turns what it cannot read into 0, an epoch date or a missing field, this mapper
rejects the row and says why; with ``"lenient": true`` it gives the SDK's answer and warns.
"""

from fcwork.mapper.calls import Mutations
from fcwork.mapper.custom import resolver
from fcwork.mapper.mapper import Mapper
from fcwork.mapper.resolvers import SDK_NAMES
from fcwork.mapper.result import MapResult
from fcwork.mutations import MutationOutcome, MutationRequest, parse

__all__ = [
    "SDK_NAMES",
    "MapResult",
    "Mapper",
    "MutationOutcome",
    "MutationRequest",
    "Mutations",
    "parse",
    "resolver",
]
