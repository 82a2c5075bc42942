"""The errors of the service: one tree, each of them a sentence for the person who reads it."""

from collections.abc import Sequence
from typing import ClassVar, Protocol, runtime_checkable


@runtime_checkable
class ProblemLike(Protocol):
    """One thing that is wrong with something somebody wrote; `str()` of it is the whole sentence."""

    @property
    def message(self) -> str:
        """What is wrong."""

    @property
    def hint(self) -> str | None:
        """What would be right, where that is known."""


class RunbookError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "internal"
    """For machines, one of `core.error_codes.ErrorCode`: the kind of the error, and with it the HTTP status.

    It never changes, whatever the sentence says. An error that leaves it as it is here is our own fault if it reaches a
    caller, and its sentence is not for them.
    """

    def __init__(
        self, message: str | None = None, *, hint: str | None = None, field: str | None = None
    ) -> None:
        """Say what happened; without `message` the docstring of the class is the sentence.

        `hint` says what would be right, `field` names the input that is at fault.
        """
        self.message = message or (type(self).__doc__ or "Something went wrong.").strip().splitlines()[0]
        self.hint = hint
        self.field = field
        super().__init__(self.message)

    def __str__(self) -> str:
        """Answer the sentence and the hint behind it."""
        return f"{self.message} {self.hint}" if self.hint else self.message


class NotFound(RunbookError):
    """There is no such thing."""

    code = "not_found"


class NotAllowed(RunbookError):
    """You may not do this."""

    code = "not_allowed"


class InsufficientScope(NotAllowed):
    """The token is not good for this. `scope`: the one that it lacks."""

    code = "insufficient_scope"  # RFC 6750, section 3.1

    def __init__(self, message: str, *, scope: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.scope = scope


class Conflict(RunbookError):
    """The present state forbids this."""

    code = "conflict"


class AlreadyDone(Conflict):
    """It was done before."""

    code = "already_done"


class AlreadyExists(Conflict):
    """There is one already."""

    code = "already_exists"


class Frozen(Conflict):
    """A freeze is in force."""

    code = "frozen"


class NotRunnable(Conflict):
    """The definition cannot be used as it stands."""

    code = "not_runnable"


class Superseded(Conflict):
    """What was answered is not what is asked now."""

    code = "superseded"


class Stale(Conflict):
    """It was changed since you read it."""

    code = "stale"


class VersionUnnamed(RunbookError):
    """Which version?

    `newest`: the number of the one that there is to be read.
    """

    code = "version_required"

    def __init__(self, message: str, *, newest: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.newest = newest


class LockHeld(Conflict):
    """Another run holds the lock.

    `holder`: the id of that run, which is in the sentence; None where it is another team's, and not to be linked.
    """

    code = "lock_held"

    def __init__(self, message: str, *, holder: str | None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.holder = holder


class TooMany(RunbookError):
    """It was too much at once.

    `retry_after`: the seconds after which it may be tried again; they are in the sentence.
    """

    code = "rate_limited"

    def __init__(self, message: str, *, retry_after: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class InvalidInput(RunbookError):
    """The input is not valid."""

    code = "invalid_input"

    def __init__(
        self,
        message: str | None = None,
        *,
        hint: str | None = None,
        field: str | None = None,
        problems: Sequence[ProblemLike] = (),
    ) -> None:
        """Say what is wrong; without `message` the `problems` are the sentence."""
        self.problems = tuple(problems)
        super().__init__(message or "\n".join(map(str, self.problems)) or None, hint=hint, field=field)


class IdempotencyKeyReused(InvalidInput):
    """The key was used for another request."""

    code = "idempotency_key_reused"


class ExpressionError(InvalidInput):
    """The expression cannot be evaluated."""

    code = "expression_error"


class DefinitionError(InvalidInput):
    """The definition is not valid."""

    code = "definition_error"


class ConfigurationError(RunbookError):
    """A setting is missing or wrong."""


class Unavailable(RunbookError):
    """Something that is needed cannot be reached just now."""

    code = "unavailable"
