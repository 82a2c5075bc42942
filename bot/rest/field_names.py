"""Core's errors know its own words; here they get the names that fields have in a request."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from core.errors import InvalidInput, NotFound, ProblemLike, VersionUnnamed


@dataclass(frozen=True)
class _Renamed:
    field: str
    message: str
    hint: str | None

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


@contextmanager
def missing_is_invalid(field: str) -> Iterator[None]:
    """What is not found here was named by a field of the request, so that field is what is wrong."""
    try:
        yield
    except NotFound as error:
        raise InvalidInput(error.message, hint=error.hint, field=field) from error


@contextmanager
def version_in_header() -> Iterator[None]:
    """A version is named by a header of the request, so that header is what is missing."""
    try:
        yield
    except VersionUnnamed as error:
        hint = f'Send it as If-Match: "{error.newest}"; version {error.newest} is the newest one.'
        raise VersionUnnamed(error.message, newest=error.newest, hint=hint) from error


@contextmanager
def fields_below(parent: str) -> Iterator[None]:
    """The fields that core names are below `parent` in the request: `cluster` is `parameters.cluster`."""
    try:
        yield
    except InvalidInput as error:
        problems = [_below(parent, problem) for problem in error.problems]
        field = f"{parent}.{error.field}" if error.field else parent
        raise InvalidInput(error.message, hint=error.hint, field=field, problems=problems) from error


def _below(parent: str, problem: ProblemLike) -> ProblemLike:
    field = getattr(problem, "field", None)
    return _Renamed(f"{parent}.{field}" if field else parent, problem.message, problem.hint)
