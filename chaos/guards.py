"""The guards that can be switched off, and the trial that shows what each one is for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from chaos.points import POINTS


@dataclass(frozen=True)
class Trial:
    """What is run, `requests` times, and what befalls it: strikes by name, and kills at these points."""

    runbooks: tuple[str, ...]
    requests: int
    strikes: tuple[str, ...] = ()
    kills: int = 0
    points: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: POINTS)


TRIALS: Mapping[str, Trial] = {
    # A worker that slept through its lease writes on, over what its successor did.
    "fencing": Trial(("many", "slow"), 12, ("pause-worker", "pause-worker")),
    # A step that takes longer than a lease is taken from a worker that is well.
    "heartbeat": Trial(("long-call",), 4),
    # A worker dies after the call, and nothing says that it was made.
    "commit-before-effect": Trial(("many",), 12, kills=6, points={"worker": ("effect.after",)}),
    # Slack's answer is lost after it posted.
    "look-up": Trial(("mixed",), 8, ("slack-reset-after", "slack-reset-after")),
    # A bell is lost, or a timer ends, and nobody looks.
    "sweep": Trial(("waiting", "mixed"), 8, kills=4, points={"worker": ("job.taken", "claim.after")}),
    # A worker dies, and its command lives on.
    "process-guard": Trial(("long-shell",), 2, ("worker-parent-only",)),
}
