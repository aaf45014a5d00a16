"""GraphQL mutations of a mapping: the operation, its text, the requests for many rows, and what their answers tell.

::

    operation = typed(Operation("createLocation"), schema)      types and fields to return, from the schema
    for request in requests(operation, variables, rows=frame, per_request=5):
        outcome = parse(client.graphql(request.document, request.variables, errors="partial"), request)

Several mutations in one request stand under aliases, ``createLocation1`` and so on, as SDK 0.1.56 spells them. Unlike
there, every row goes into a request, an operation may have any arguments, and what the platform is not known to have
refused is not called failed: sending it again could do it twice.
"""

from fcwork.mutations.against_schema import typed
from fcwork.mutations.complexity import MAX_COMPLEXITY, complexity, fitting
from fcwork.mutations.operation import INPUT, PER_REQUEST, Argument, Numbered, Operation, infer_input_type
from fcwork.mutations.outcome import OUTCOME, MutationOutcome, join
from fcwork.mutations.packing import MAX_BYTES, MutationRequest, requests
from fcwork.mutations.responses import not_sent, parse

__all__ = [
    "INPUT",
    "MAX_BYTES",
    "MAX_COMPLEXITY",
    "OUTCOME",
    "PER_REQUEST",
    "Argument",
    "MutationOutcome",
    "MutationRequest",
    "Numbered",
    "Operation",
    "complexity",
    "fitting",
    "infer_input_type",
    "join",
    "not_sent",
    "parse",
    "requests",
    "typed",
]
