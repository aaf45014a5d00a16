"""Mapping: a mapping file of the Fluent Connect SDK (its ``fields`` dialect), run on columns, every fault told by row.

A mapping names, for each target, where its value comes from::

    {"fields": {"ref":       {"source": "sku", "required": true},
                "type":      {"value": "INVENTORY_POSITION"},
                "qty":       {"source": "quantity", "resolver": "sdk.parseInt", "required": true},
                "condition": {"source": "condition", "defaultValue": "NEW"}}}

A field is worked out in the order of SDK 0.1.56: value or source, required, default, resolver. Where the SDK turns
what it cannot read into 0, an epoch date or a missing field, this mapper rejects the row and says why.
"""

from fcwork.mapper.mapper import Mapper
from fcwork.mapper.resolvers import SDK_NAMES
from fcwork.mapper.result import MapResult

__all__ = ["SDK_NAMES", "MapResult", "Mapper"]
