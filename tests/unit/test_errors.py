"""The error tree."""

import copy
import pickle

import pytest

from fcwork import errors, personal
from fcwork.errors import ApiError, ConfigError, FcworkError, RateLimitError, RetryableError
from fcwork.redact import MASK, Secret

EVERY = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, FcworkError)]


@pytest.mark.parametrize("kind", EVERY)
def test_each_error_needs_nothing_and_can_be_pickled(kind: type[FcworkError]) -> None:
    """Every error has defaults for its facts, and survives a pickle and a copy as itself."""
    bare = kind()
    assert bare.message == ""
    full = kind("what happened", hint="do this")
    for again in (pickle.loads(pickle.dumps(full)), copy.copy(full)):  # noqa: S301 - packed above
        assert type(again) is kind
        assert str(again) == "what happened\n→ do this"
        assert again.facts() == {"hint": "do this"}


@pytest.mark.parametrize("kind", EVERY)
def test_each_error_is_drawn_in_the_tree(kind: type[FcworkError]) -> None:
    """The tree in the module's docstring names every error."""
    assert kind.__name__ in (errors.__doc__ or "")


def test_facts_are_attributes_with_defaults() -> None:
    """A fact that is given is an attribute; one that is not has its class's default."""
    error = RateLimitError("slow down", status=429, retry_after=2.5)
    assert (error.status, error.retry_after, error.request_id, error.attempts) == (429, 2.5, "", 1)
    assert error.facts() == {"status": 429, "retry_after": 2.5}
    assert ApiError.status is None


def test_an_unknown_fact_is_a_mistake_of_ours() -> None:
    """A name that the class does not declare is a TypeError at once, not a fact that gets lost."""
    with pytest.raises(TypeError, match="ConfigError has no fact 'retry_after'"):
        ConfigError("x", retry_after=1)
    with pytest.raises(TypeError, match="has no fact '_facts'"):
        ConfigError("x", _facts={})


def test_amended_adds_facts_and_keeps_the_rest() -> None:
    """An error can be told again with more facts; the first stays as it was."""
    first = RetryableError("no answer", url="https://acme.example", attempts=1)
    again = first.amended(attempts=3, hint="wait")
    assert (again.message, again.url, again.attempts, again.hint) == ("no answer", "https://acme.example", 3, "wait")
    assert (first.attempts, first.hint) == (1, "")
    assert type(again) is RetryableError


def test_no_error_shows_a_secret() -> None:
    """P9: a known secret is masked in an error's message, hint, facts, repr and pickle."""
    value = "s3cret-of-errors"
    Secret(value)
    error = ApiError(f"refused {value}", hint=f"not {value}", url=f"https://x/?t={value}", body=f'{{"t":"{value}"}}')
    for shown in (str(error), repr(error), repr(error.args), repr(error.facts()), repr(vars(error)), error.message):
        assert value not in shown
    assert MASK in str(error)
    assert value.encode() not in pickle.dumps(error)


def test_a_secret_that_is_known_later_is_masked_too() -> None:
    """P9: an error's text is masked when it is shown, also for what became known after it was raised."""
    error = ConfigError("the token is later-known-token")
    Secret("later-known-token")
    assert str(error) == f"the token is {MASK}"


def test_the_type_says_what_to_do_next() -> None:
    """What may be sent again, what not, and what must be looked at first are three branches."""
    branches = {errors.RetryableError, errors.RejectedError, errors.OutcomeUnknownError}
    for kind in EVERY:
        if issubclass(kind, ApiError) and kind is not ApiError:
            assert sum(issubclass(kind, branch) for branch in branches) == 1


def test_an_error_quotes_no_personal_data() -> None:
    """P9: a message that quotes a record, as one of the platform's may, shows nothing hidden of it."""
    personal.hide("email")
    assert str(ApiError('refused: {"email": "q@tok", "ref": "R"}')) == f'refused: {{"email": "{MASK}", "ref": "R"}}'
