"""What goes next: the pure decisions of a send."""

import polars as pl
import pytest

from fcwork import errors
from fcwork.recovery import plan, spans
from fcwork.recovery.plan import Step


@pytest.mark.parametrize(
    ("error", "rows", "repeat_safe", "step"),
    [
        (errors.RateLimitError("429", status=429), 9, False, Step.RETRY),
        (errors.ServerError("503", status=503), 9, False, Step.RETRY),
        (errors.ConnectionFailedError("refused"), 1, False, Step.RETRY),
        (errors.BadRequestError("400", status=400), 9, True, Step.SPLIT),
        (errors.BadRequestError("413", status=413), 2, True, Step.SPLIT),
        (errors.BadRequestError("400", status=400), 1, True, Step.REJECT),
        (errors.GraphQLError("no"), 1, True, Step.REJECT),
        (errors.AuthError("401", status=401), 9, True, Step.STOP),
        (errors.NotFoundError("404", status=404), 9, True, Step.STOP),
        (errors.ConfigError("no retailer"), 9, True, Step.STOP),
        (errors.OutcomeUnknownError("late"), 9, True, Step.RETRY),
        (errors.OutcomeUnknownError("late"), 9, False, Step.DOUBTFUL),
    ],
)
def test_the_type_of_an_error_says_what_to_do(
    error: errors.FcworkError, rows: int, *, repeat_safe: bool, step: Step
) -> None:
    """P16: what may have been done is repeated only where that has no further effect; the type says the rest."""
    assert plan.next_step(error, rows=rows, repeat_safe=repeat_safe) is step


def test_rows_are_cut_to_size_and_halved_without_loss() -> None:
    """Chunks and halves put together are the rows they were cut from."""
    rows = spans.between(0, 11)
    assert [len(chunk) for chunk in plan.chunks(rows, 4)] == [4, 4, 3]
    assert pl.concat(plan.chunks(rows, 4)).equals(rows)
    assert [part.to_list() for part in plan.halves(rows.head(3))] == [[0, 1], [2]]


def test_a_repeated_reference_waits_for_a_later_wave() -> None:
    """No wave holds a reference twice, the order of a reference is kept, and a missing one repeats nothing."""
    references = pl.Series(["a", "b", "a", None, "a", None])
    waves = plan.waves(spans.between(0, 6), references)
    assert [wave.to_list() for wave in waves] == [[0, 1, 3, 5], [2], [4]]


def test_unique_or_missing_references_go_in_one_wave() -> None:
    """Without repeats there is one wave, and none for no rows."""
    rows = spans.between(0, 3)
    assert len(plan.waves(rows, pl.Series(["a", "b", "c"]))) == 1
    assert len(plan.waves(rows, pl.Series([None, None, None], dtype=pl.String))) == 1
    assert plan.waves(spans.between(0, 0), pl.Series([], dtype=pl.String)) == []


def test_a_row_does_not_overtake_an_unsettled_one_of_its_reference() -> None:
    """A row waits while an earlier one of its reference may still be sent; a missing reference blocks nothing."""
    references = pl.Series(["a", None, "a", "b", None])
    wave = spans.read([[2, 5]])
    assert plan.behind(wave, spans.between(0, 2), references).to_list() == [2]
    assert plan.behind(wave, spans.between(0, 0), references).to_list() == []


def test_nothing_but_refusals_is_hopeless_and_one_acceptance_is_not() -> None:
    """Singling out stops only where so many rows were refused alone and nothing was ever accepted."""
    assert plan.hopeless(refused=plan.REFUSED_IN_A_ROW, accepted=0)
    assert not plan.hopeless(refused=plan.REFUSED_IN_A_ROW - 1, accepted=0)
    assert not plan.hopeless(refused=10_000, accepted=1)


def test_looks_grow_from_two_to_thirty_seconds() -> None:
    """The platform is asked after 2 s, then at growing pauses of at most 30 s."""
    pauses = [plan.FIRST_LOOK_SECONDS]
    while pauses[-1] < plan.LONGEST_LOOK_SECONDS:
        pauses.append(plan.next_pause(pauses[-1]))
    assert pauses[:3] == [2.0, 3.0, 4.5]
    assert pauses[-1] == 30.0
