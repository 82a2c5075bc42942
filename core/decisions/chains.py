"""How many of our own runs, one after the other, may lead to the next. Pure."""

from core.decisions.people import Person
from core.errors import Conflict

MOST_DEPTH = 5


def is_too_deep(depth: int) -> bool:
    return depth > MOST_DEPTH


def check_chain(person: Person, deed: str) -> None:
    """Raise Conflict where the request was made by a run, which a run caused, and so on."""
    if is_too_deep(person.depth):
        raise Conflict(
            f"It was not {deed}: {MOST_DEPTH + 1} runs, one after the other, each asked for the next by a call of this "
            "service.",
            hint="Does one of them start itself?",
        )
