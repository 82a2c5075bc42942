"""The guards that can be switched off, with a trial for each that shows what it prevents."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from chaos.points import POINTS


@dataclass(frozen=True)
class Trial:
    """A trial: runbooks to request, `requests` times, with strikes and kills at these fail points meanwhile."""

    runbooks: tuple[str, ...]
    requests: int
    strikes: tuple[str, ...] = ()
    kills: int = 0
    points: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: POINTS)


TRIALS: Mapping[str, Trial] = {
    # A worker that was suspended past its lease would overwrite what its successor did.
    "fencing": Trial(("many", "slow"), 12, ("pause-worker", "pause-worker")),
    # A step that takes longer than a lease would be taken from a healthy worker.
    "heartbeat": Trial(("long-call",), 4),
    # A worker that dies after a call would leave no record of it.
    "commit-before-effect": Trial(("many",), 12, kills=6, points={"worker": ("effect.after",)}),
    # If Slack's answer is lost after a post, the message would be posted twice.
    "look-up": Trial(("mixed",), 8, ("slack-reset-after", "slack-reset-after")),
    # A lost job, or a timer that ends, would never be noticed.
    "sweep": Trial(("waiting", "mixed"), 8, kills=4, points={"worker": ("job.taken", "claim.after")}),
    # The command of a worker that dies would live on.
    "process-guard": Trial(("long-shell",), 2, ("worker-parent-only",)),
}
