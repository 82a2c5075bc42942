"""What is wrong inside an expression, before it is known where in a file that stands."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong at a character of an expression's source, counted from 0."""

    offset: int
    message: str
    hint: str | None = None
