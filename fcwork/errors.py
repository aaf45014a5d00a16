"""Every error that fcwork raises on purpose. The type says what to do next, the message says what, where and how.

::

    FcworkError                     hint and facts as attributes; picklable; its text never holds a known secret
    ├─ ConfigError                  fix the settings
    ├─ SourceError                  fix the file or its place
    ├─ MappingError                 fix the mapping file, or the record it was given
    ├─ ValidationError              rows were rejected and the caller asked to be told
    ├─ ApiError                     the platform answered, or did not
    │  ├─ RetryableError            the same call may go through later
    │  │  ├─ RateLimitError         too many calls: wait `retry_after` seconds
    │  │  ├─ ServerError            the platform failed
    │  │  └─ ConnectionFailedError  nobody was reached, nothing was done
    │  ├─ RejectedError             the same call will be refused again
    │  │  ├─ AuthError              fix the credentials or the permissions
    │  │  ├─ NotFoundError          there is no such thing
    │  │  ├─ BadRequestError        fix what was sent
    │  │  └─ GraphQLError           the query was answered with errors
    │  └─ OutcomeUnknownError       it may have happened: look before sending again
    ├─ WebhookError                 do not act on this request
    │  ├─ MissingSignatureError · InvalidSignatureError · MalformedSignatureError
    │  ├─ DuplicateEventError · WrongTenantError · MalformedEventError
    │  └─ BadKeyError · AlgorithmUnavailableError
    ├─ CheckpointError              the ledger of a send cannot be used
    ├─ StoreError                   the state store cannot be used
    │  └─ LeaseTakenError           another worker is at it: wait, or leave it to that one
    ├─ JobError                     a tracked job cannot make that move
    │  └─ JobTakenError             another worker has the job: stop, and leave it to that one
    └─ NotebookError                fix the call of a notebook, or read why it failed
       ├─ UnknownParameterError · ParameterTypeError · SecretParameterError
       ├─ SecretFoundError          a known secret stands in what was to be shared: nothing was written
       └─ NotebookFailedError       a cell failed
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from fcwork.personal import text
from fcwork.redact import mask, mask_values


class FcworkError(Exception):
    """The root of all errors that fcwork raises on purpose.

    Facts are the keyword arguments that the class declares as attributes; each has a default, so every error can be
    pickled. A name that is not declared is a ``TypeError``.
    """

    hint: str = ""

    def __init__(self, message: str = "", **facts: Any) -> None:
        for name in facts:
            if name.startswith("_") or callable(getattr(type(self), name, len)):
                unknown = f"{type(self).__name__} has no fact {name!r}"
                raise TypeError(unknown)
        self._facts = {name: mask_values(value) for name, value in facts.items()}
        self.__dict__.update(self._facts)
        super().__init__(text(mask(message)))

    @property
    def message(self) -> str:
        """What went wrong, without the hint."""
        return mask(str(self.args[0])) if self.args else ""

    def __str__(self) -> str:
        return mask(f"{self.message}\n→ {self.hint}") if self.hint else self.message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self._facts)

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback: for a mistake that a person can mend, the message is enough."""
        return [f"{type(self).__name__}: {self}"]

    def facts(self) -> dict[str, Any]:
        """Return the facts that were given, by name."""
        return dict(self._facts)

    def amended(self, **facts: Any) -> Self:
        """Return the same error with more facts."""
        return type(self)(self.message, **{**self._facts, **facts})


def _rebuild(kind: type[FcworkError], message: str, facts: dict[str, Any]) -> FcworkError:
    return kind(message, **facts)


class ConfigError(FcworkError):
    """The settings are missing, incomplete or not allowed."""


class SourceError(FcworkError):
    """A file could not be found, read, written or understood."""

    uri: str = ""
    format: str = ""
    line: int | None = None


class MappingError(FcworkError):
    """A mapping file is wrong (``path`` says where in it), or one record could not be mapped (``issues`` says why)."""

    path: str = ""
    known: Sequence[str] = ()
    problems: Sequence[str] = ()
    issues: Sequence[Mapping[str, Any]] = ()


class ValidationError(FcworkError):
    """Rows were rejected; raised only by ``raise_if_rejected``."""

    rejected: int = 0
    counts: Mapping[str, int] = {}


class ApiError(FcworkError):
    """A call to the platform did not do what was asked."""

    method: str = ""
    url: str = ""
    status: int | None = None
    code: str = ""
    request_id: str = ""
    body: str = ""
    attempts: int = 1


class RetryableError(ApiError):
    """The same call may go through later."""

    retry_after: float | None = None


class RateLimitError(RetryableError):
    """Too many calls; ``retry_after`` holds the seconds that the platform asked for, if it did."""


class ServerError(RetryableError):
    """The platform failed and did not do what was asked."""


class ConnectionFailedError(RetryableError):
    """Nobody was reached, so nothing was done."""


class RejectedError(ApiError):
    """The same call would be refused again."""


class AuthError(RejectedError):
    """The credentials or the permissions do not suffice."""


class NotFoundError(RejectedError):
    """There is no such thing."""


class BadRequestError(RejectedError):
    """What was sent is not what the platform takes."""


class GraphQLError(RejectedError):
    """A query was answered with errors; ``data`` is what came beside them."""

    errors: Sequence[Mapping[str, Any]] = ()
    data: Any = None


class OutcomeUnknownError(ApiError):
    """The call may have taken effect: look before sending again."""


class WebhookError(FcworkError):
    """A request that must not be acted on; ``reason`` names why in one word."""

    reason: str = ""


class MissingSignatureError(WebhookError):
    """The request carries no signature that the policy accepts."""

    reason: str = "MISSING_SIGNATURE"


class InvalidSignatureError(WebhookError):
    """The signature does not belong to these bytes and keys."""

    reason: str = "INVALID_SIGNATURE"


class MalformedSignatureError(WebhookError):
    """The signature header is not one."""

    reason: str = "MALFORMED_SIGNATURE"


class DuplicateEventError(WebhookError):
    """The event was seen before; ``event`` is it."""

    reason: str = "DUPLICATE"
    event: Any = None


class WrongTenantError(WebhookError):
    """The event is genuine and belongs to another account or retailer."""

    reason: str = "WRONG_TENANT"


class MalformedEventError(WebhookError):
    """The signed bytes are no event."""

    reason: str = "MALFORMED_EVENT"


class BadKeyError(WebhookError):
    """The key cannot be used to verify."""

    reason: str = "BAD_KEY"


class AlgorithmUnavailableError(WebhookError):
    """The signature's algorithm is unknown, or this machine does not offer it; nothing is known of the signature."""

    reason: str = "ALGORITHM_UNAVAILABLE"


class CheckpointError(FcworkError):
    """A send's ledger is missing, damaged, in use or belongs to other rows."""

    checkpoint: str = ""


class StoreError(FcworkError):
    """The state store cannot be opened or used."""


class LeaseTakenError(StoreError):
    """Another worker holds the lease."""


class JobError(FcworkError):
    """A tracked job is unknown, exists already or cannot make that move."""

    job_id: str = ""


class JobTakenError(JobError):
    """Another worker works on the job."""


class NotebookError(FcworkError):
    """A notebook could not be found, was called wrongly, or failed."""

    notebook: str = ""
    problems: Sequence[str] = ()


class UnknownParameterError(NotebookError):
    """The notebook declares no such parameter."""


class ParameterTypeError(NotebookError):
    """A parameter's value is missing or not of its declared type."""


class SecretParameterError(NotebookError):
    """A secret was given as a parameter, where it would be written into the executed copy."""


class SecretFoundError(NotebookError):
    """A known secret stands in what was to be shared; ``places`` says where. Nothing was written."""

    places: Sequence[str] = ()


class NotebookFailedError(NotebookError):
    """A cell failed; the executed copy up to it is kept under ``output``."""

    cell: int | None = None
    ename: str = ""
    evalue: str = ""
    output: str = ""
