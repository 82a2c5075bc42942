"""Whether a database is a restored copy: what it says of itself, held against what it was and what was seen of it."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database is. `identity`: its cluster, its own number there and that of its table; a copy has another one.

    `timeline`: of the write-ahead log; it changes when a standby takes over, and when a moment of the past is restored.
    """

    identity: str
    timeline: str


class Happened(StrEnum):
    """What became of the database since it was last looked at."""

    NOTHING = "nothing"
    TAKEN_OVER = "taken_over"
    COPIED = "copied"
    SET_BACK = "set_back"

    @property
    def is_restore(self) -> bool:
        return self in REASONS


REASONS = {
    Happened.COPIED: "The database is a restored copy: it is another one than that which its contents were written in",
    Happened.SET_BACK: "The database was set back to a moment of the past: more had been seen of it",
}
DECLARED = "An operator says that the database was restored from a copy"


def what_happened(known: Place, present: Place, mark: int, witnessed: int | None) -> Happened:
    """What became of the database that was at `known`, and has come to `mark`.

    `witnessed`: the mark that somebody outside saw it come to, which it only ever sees afterwards; None: nobody knows.
    A new timeline alone is a standby that took over, if a witness says that nothing is missing; else it may as well be
    a moment of the past.
    """
    if known.identity != present.identity:
        return Happened.COPIED
    if witnessed is not None and witnessed > mark:
        return Happened.SET_BACK
    if known.timeline == present.timeline:
        return Happened.NOTHING
    return Happened.SET_BACK if witnessed is None else Happened.TAKEN_OVER
