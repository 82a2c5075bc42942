"""Who worked on what, as the workers' logs say."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

CLAIMED = re.compile(
    r"^(?P<at>\S+) .*\bclaimed\b.* execution=(?P<execution>\S+).* worker=\S+?\.(?P<pid>\d+)$", re.MULTILINE
)


@dataclass(frozen=True)
class Claim:
    """An execution that a worker process claimed. `at`: Unix time."""

    at: float
    execution_id: str
    pid: int


def read_claims(folder: Path) -> Sequence[Claim]:
    """Return what the workers whose logs are in the folder claimed, in order."""
    claims = [claim for log in folder.glob("worker-*.log") for claim in _claims(log.read_text())]
    return sorted(claims, key=lambda claim: claim.at)


def _claims(text: str) -> Iterator[Claim]:
    for found in CLAIMED.finditer(text):
        at = datetime.fromisoformat(found["at"]).timestamp()
        yield Claim(at, found["execution"], int(found["pid"]))
