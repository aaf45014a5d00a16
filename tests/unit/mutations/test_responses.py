"""What the answer to a request of mutations says of each row."""

from dataclasses import dataclass
from typing import Any

import polars as pl
import pytest

from fcwork import frames, redact
from fcwork.clock import ManualClock
from fcwork.errors import (
    AuthError,
    ConnectionFailedError,
    GraphQLError,
    OutcomeUnknownError,
    RateLimitError,
)
from fcwork.mutations import (
    OUTCOME,
    Argument,
    MutationOutcome,
    MutationRequest,
    Operation,
    join,
    not_sent,
    parse,
    requests,
)

CLOCK = ManualClock()


def request_of(count: int, **how: Any) -> MutationRequest:
    """Return a request of so many mutations ``c``."""
    variables = [{"input": {"ref": f"R{number}"}} for number in range(1, count + 1)]
    (request,) = requests(Operation("c"), variables, per_request=max(count, 2), **how)
    return request


def read(count: int, data: Any, *errors: Any) -> MutationOutcome:
    """Return what is made of an answer to so many mutations."""
    return parse({"data": data, "errors": list(errors)}, request_of(count), clock=CLOCK)


def outcomes(outcome: MutationOutcome) -> list[str]:
    """Return what became of each row."""
    return outcome.frame["outcome"].to_list()


def lines(outcome: MutationOutcome, *columns: str) -> list[tuple[Any, ...]]:
    """Return some columns of the issues."""
    return outcome.issues.select(columns).rows()


def test_a_value_means_that_it_happened() -> None:
    """A mutation that was answered is ok, and what came back stands in the frame."""
    frame = pl.DataFrame({"_row": [4, 8], "_source": ["a.csv", "a.csv"]})
    request = request_of(2, rows=frame)
    outcome = parse({"data": {"c1": {"id": 17, "ref": "R1", "name": "é"}, "c2": {"ref": "R2"}}}, request)
    assert outcome.ok
    assert outcome.frame.schema == OUTCOME
    assert outcome.frame.rows() == [
        (4, "a.csv", "c1", "R1", True, "delivered", "17", "R1", '{"id":17,"ref":"R1","name":"é"}', None, None),
        (8, "a.csv", "c2", "R2", True, "delivered", None, "R2", '{"ref":"R2"}', None, None),
    ]
    assert outcome.issues.equals(frames.no_issues())
    assert str(outcome) == "2 of 2 mutations happened"


def test_values_that_look_like_nothing_are_values() -> None:
    """False, 0, an empty text and an empty object are answers."""
    outcome = read(4, {"c1": False, "c2": 0, "c3": "", "c4": {}})
    assert outcome.frame["data"].to_list() == ["false", "0", '""', "{}"]
    assert outcome.ok


def test_null_with_its_own_error_is_rejected() -> None:
    """The platform's code and words are told of that row, and of no other."""
    error = {"message": "ref exists", "path": ["c2"], "extensions": {"code": "C0123E"}}
    outcome = read(2, {"c1": {"id": "1"}, "c2": None}, error)
    assert outcomes(outcome) == ["delivered", "rejected"]
    assert outcome.frame.select("code", "message").rows()[1] == ("C0123E", "ref exists")
    assert lines(outcome, "row", "key", "stage", "field", "code", "severity", "message", "attempts", "at") == [
        (2, "R2", "send", "", "send.rejected", "error", "C0123E: ref exists", 1, CLOCK.now())
    ]
    assert outcome.errors == ()
    assert outcome.counts == {"rows": 2, "delivered": 1, "rejected": 1, "retryable": 0, "unknown": 0}
    assert str(outcome) == "1 of 2 mutations happened, 1 rejected"


def test_an_error_inside_an_answer_is_a_warning() -> None:
    """Where a value came and one of its fields failed the mutation happened; the field is told."""
    outcome = read(1, {"c1": {"id": "1", "items": None}}, {"message": "sub", "path": ["c1", "items", 0, "ref"]})
    assert outcome.ok
    assert lines(outcome, "row", "field", "code", "severity", "message") == [
        (1, "items.0.ref", "send.partial", "warning", "sub")
    ]


def test_an_error_below_that_took_the_answer_leaves_it_unknown() -> None:
    """An error below a mutation came after it was done, though it made the whole answer null."""
    outcome = read(1, {"c1": None}, {"message": "no ref", "path": ["c1", "ref"]})
    assert outcomes(outcome) == ["unknown"]
    assert lines(outcome, "field", "code") == [("ref", "send.unknown")]
    assert "it may have happened" in outcome.frame["message"].item()


@pytest.mark.parametrize(
    ("extensions", "message", "became"),
    [
        ({"code": "C0120E"}, "m", "rejected"),
        ({"code": "S0002E"}, "m", "unknown"),
        ({"code": "T0100E"}, "m", "unknown"),
        ({"code": "INTERNAL_SERVER_ERROR"}, "m", "unknown"),
        ({"classification": "DataFetchingException"}, "m", "unknown"),
        ({"classification": "ValidationError"}, "m", "rejected"),
        ({"classification": {"type": "Own"}}, "m", "rejected"),
        ({"code": "C0011E"}, "m", "retryable"),
        ({"code": "RATE_LIMITED"}, "m", "retryable"),
        (None, "it failed with S0020E", "unknown"),
        (None, "m", "rejected"),
    ],
)
def test_the_platforms_code_says_whether_anything_was_done(extensions: Any, message: str, became: str) -> None:
    """A fault of the caller's is a refusal; where the platform failed while at it nobody knows what it had done."""
    error = {"message": message, "extensions": extensions}
    assert outcomes(read(1, {"c1": None}, {**error, "path": ["c1"]})) == [became]
    assert outcomes(read(1, None, error)) == [became]


def test_a_request_that_was_refused_as_a_whole_tells_every_row() -> None:
    """An error without a path is the message of every row that was answered with nothing, and it is kept."""
    error = {"message": "Access denied", "extensions": {"code": "C0020E"}}
    for data in (None, {}, {"c1": None, "c2": None}):
        outcome = read(2, data, error)
        assert outcome.frame.select("outcome", "message").rows() == [("rejected", "Access denied")] * 2
        assert outcome.errors == (error,)


@pytest.mark.parametrize("spelling", ["Variable '$input2' got invalid value", "Variable 'input2' has an invalid value"])
def test_a_refusal_that_names_a_variable_is_that_rows_own(spelling: str) -> None:
    """Where one row's value made the platform refuse the request the others were not done and can be sent again."""
    outcome = read(3, None, {"message": f"{spelling}: 'cost: $input1'"})
    assert outcomes(outcome) == ["retryable", "rejected", "retryable"]
    assert outcome.issues["code"].to_list() == ["send.not_done", "send.rejected", "send.not_done"]
    assert outcome.frame["message"][0].startswith("nothing was done, as another mutation of the request")


def test_variables_say_nothing_where_something_was_done() -> None:
    """Nothing is said to be undone where another row was answered, or the platform failed."""
    error = {"message": "Variable '$input2' got invalid value"}
    assert outcomes(read(3, {"c1": {}, "c2": None, "c3": None}, error)) == ["delivered", "rejected", "rejected"]
    failed = {**error, "extensions": {"code": "S0002E"}}
    assert outcomes(read(2, None, failed)) == ["unknown", "unknown"]


def test_null_without_an_error_is_unknown() -> None:
    """To GraphQL such a mutation ran: it is not called failed, and the message says what came."""
    outcome = read(1, {"c1": None})
    assert lines(outcome, "code", "message") == [
        ("send.unknown", "it was answered with null and no error: it may have happened: look before sending it again")
    ]


def test_a_mutation_that_the_answer_leaves_out_is_unknown() -> None:
    """Where others were answered, or nothing at all was said, a missing one may have happened."""
    assert outcomes(read(2, {"c1": {}})) == ["delivered", "unknown"]
    assert outcomes(read(1, {})) == ["unknown"]
    assert outcomes(read(2, {"c1": {}}, {"message": "timed out"})) == ["delivered", "unknown"]
    assert outcomes(parse({}, request_of(1))) == ["unknown"]


def test_what_an_error_of_another_mutation_took_along_is_unknown() -> None:
    """Where a mutation that cannot be null failed there is no data at all; those around it may have happened."""
    outcome = read(3, None, {"message": "no", "path": ["c2"]})
    assert outcomes(outcome) == ["unknown", "rejected", "unknown"]


def test_no_answer_leaves_every_row_unknown() -> None:
    """Without an answer nobody can say what happened, so nothing is called failed."""
    outcome = parse(None, request_of(2), clock=CLOCK)
    assert outcomes(outcome) == ["unknown", "unknown"]
    assert outcome.issues["code"].to_list() == ["send.unknown"] * 2
    assert not outcome.ok
    assert str(outcome) == "0 of 2 mutations happened, 2 unknown"


@pytest.mark.parametrize(
    ("error", "became"),
    [
        (AuthError("denied", code="C0020E"), "rejected"),
        (ConnectionFailedError("nobody there"), "retryable"),
        (RateLimitError("slow down"), "retryable"),
        (OutcomeUnknownError("cut off"), "unknown"),
        (GraphQLError("answered", data={"c1": 1}, errors=[{"message": "x", "path": ["c1", "y"]}]), "delivered"),
    ],
)
def test_an_error_instead_of_an_answer_says_by_its_type_what_became(error: Any, became: str) -> None:
    """The errors of a call mean for its rows what they mean for the call."""
    outcome = parse(error, request_of(1))
    assert outcomes(outcome) == [became]
    assert outcome.issues.height == 1


def test_a_result_object_is_an_answer() -> None:
    """What has data and errors is read as an answer, with the warnings that a client holds apart."""

    @dataclass
    class Result:
        data: Any
        errors: Any = ()
        warnings: Any = ()

    outcome = parse(Result({"c1": {"id": "1"}}, warnings=({"message": "old", "path": ["c1"]},)), request_of(1))
    assert outcome.ok
    assert lines(outcome, "code", "severity", "message") == [("send.partial", "warning", "old")]
    with pytest.raises(TypeError, match="str has not"):
        parse("ok", request_of(1))


def test_an_error_of_a_strange_alias_is_the_requests() -> None:
    """An error whose path begins with none of our aliases stays, and warns beside rows that it does not explain."""
    strange = {"message": "who?", "path": ["d1"]}
    outcome = read(1, {"c1": {"id": "1"}}, strange, {"message": "deprecated"})
    assert outcome.ok
    assert [error["message"] for error in outcome.errors] == ["who?", "deprecated"]
    assert lines(outcome, "row", "code", "severity", "message") == [
        (None, "send.partial", "warning", "who?"),
        (None, "send.partial", "warning", "deprecated"),
    ]


@pytest.mark.parametrize(
    "errors", ["broken", {"message": "broken"}, [None, 3], [{"path": "c1"}], [{"path": [["c1"]], "extensions": "x"}]]
)
def test_an_odd_answer_is_read_all_the_same(errors: Any) -> None:
    """Errors of any form are told, and data that is no object is none."""
    outcome = parse({"data": "?", "errors": errors}, request_of(1))
    assert outcomes(outcome) == ["rejected"]
    assert outcome.issues.height >= 1


def test_a_single_mutation_is_answered_under_its_own_name() -> None:
    """Without an alias the mutation's name is the path's first part."""
    (request,) = requests(Operation("drop", (Argument("id", "ID!"),)), [{"id": "9"}])
    outcome = parse({"data": {"drop": None}, "errors": [{"message": "gone", "path": ["drop"]}]}, request)
    assert outcome.frame.select("alias", "key", "outcome").row(0) == ("drop", "9", "rejected")


def test_what_was_not_sent_is_told() -> None:
    """A request that stays here is rejected where it is too large, and else can be sent later."""
    (large,) = requests(Operation("c"), [{"input": {"ref": "A" * 200}}], max_bytes=100)
    assert lines(not_sent(large), "code", "attempts") == [("send.too_large", 0)]
    assert outcomes(not_sent(large)) == ["rejected"]
    held_back = not_sent(request_of(2))
    assert lines(held_back, "code", "attempts") == [("send.not_sent", 0)] * 2
    assert outcomes(held_back) == ["retryable"] * 2


def test_every_error_of_a_row_is_told() -> None:
    """A row with several errors has a line for each, and their words once in its message."""
    errors = [{"message": "a", "path": ["c1"]}, {"message": "b", "path": ["c1", "x"]}, {"message": "a", "path": ["c1"]}]
    outcome = read(1, {"c1": None}, *errors)
    assert outcome.frame["message"].item() == "a; b"
    assert outcome.issues.height == 3


def test_outcomes_of_many_requests_are_one() -> None:
    """Joined outcomes hold each row once, all issues and all errors; of none there are no rows."""
    error = {"message": "late"}
    whole = join([read(2, {"c1": {}, "c2": None}, error), parse(None, request_of(1))])
    assert whole.counts == {"rows": 3, "delivered": 1, "rejected": 1, "retryable": 0, "unknown": 1}
    assert whole.issues.height == 2
    assert whole.errors == (error,)
    assert join([]).ok
    assert join([]).frame.schema == OUTCOME


def test_an_outcome_is_shown_without_live_tags() -> None:
    """What the platform says cannot become a tag of the notebook's page."""
    shown = read(1, {"c1": None}, {"message": "<script>x</script>", "path": ["c1"]})._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert read(1, {"c1": {}})._repr_html_().count("<p>") == 1


def test_secrets_are_masked_and_long_messages_cut() -> None:
    """A known secret in an error's message does not reach a frame, and a message has at most 500 characters."""
    redact.register("hunter2-hunter2")
    outcome = read(1, {"c1": None}, {"message": "bad hunter2-hunter2 " + "x" * 9_000, "path": ["c1"]})
    told = outcome.frame["message"].item()
    assert "hunter2" not in told
    assert len(told) == 500
    assert "hunter2" not in outcome.issues["message"].item()


def test_numbers_of_any_size_come_back() -> None:
    """Data that has no room in 64 bits is told all the same."""
    assert read(1, {"c1": {"id": 2**80}}).frame["id"].item() == str(2**80)
