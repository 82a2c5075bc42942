"""How much of a text people may have read and checked at once: more is refused before it is looked at."""

from dataclasses import dataclass

MOST_PROBLEMS = 100  # told of one document; with so many, the next ones hardly matter


@dataclass(frozen=True)
class Bounds:
    """`size`: bytes. `nodes`: values and keys. `work`: what checking its expressions may cost, in units of cel_cost."""

    size: int
    nodes: int
    work: int


OF_FILES = Bounds(size=1_048_576, nodes=200_000, work=30_000_000)  # an operator's own, at a terminal
OF_REQUESTS = Bounds(size=262_144, nodes=10_000, work=600_000)  # while others wait for the same process
