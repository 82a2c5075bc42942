"""Which release did what: processes, for how long each was of which release, and what their logs say they did."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

LAST, OURS = "the last release", "this release"
CLAIMED = re.compile(r"^(?P<at>\S+) .*\bclaimed\b.* execution=(?P<what>\S+)", re.MULTILINE)
ANSWERED = re.compile(r"^(?P<at>\S+) .* path=(?P<what>/(?:api|slack)/\S+)", re.MULTILINE)
PATTERNS = {"worker": CLAIMED, "web": ANSWERED}


@dataclass(frozen=True)
class Tenure:
    """From when on (Unix time) a process, such as `worker-1`, was of this release."""

    process: str
    release: str
    since: float


@dataclass(frozen=True)
class Deed:
    """What a process of a release did. `what`: the execution that a worker claimed, the path that a web answered."""

    at: float
    release: str
    kind: str
    what: str


def read_deeds(folder: Path, tenures: Sequence[Tenure]) -> Sequence[Deed]:
    """Return what the logs in the folder say, in order."""
    deeds = (
        deed
        for kind, pattern in PATTERNS.items()
        for log in folder.glob(f"{kind}-*.log")
        for deed in _deeds(log, kind, pattern, tenures)
    )
    return sorted(deeds, key=lambda deed: deed.at)


def _deeds(log: Path, kind: str, pattern: "re.Pattern[str]", tenures: Sequence[Tenure]) -> Iterator[Deed]:
    for found in pattern.finditer(log.read_text(encoding="utf-8")):
        at = datetime.fromisoformat(found["at"]).timestamp()
        yield Deed(at, _release_of(log.stem, at, tenures), kind, found["what"])


def _release_of(process: str, at: float, tenures: Sequence[Tenure]) -> str:
    """Return which release the process was of; the last one until it was replaced."""
    past = [tenure.release for tenure in tenures if tenure.process == process and tenure.since <= at]
    return past[-1] if past else LAST


def shared(deeds: Sequence[Deed]) -> frozenset[str]:
    """Return the executions that workers of both releases claimed."""
    of = {
        release: frozenset(deed.what for deed in deeds if (deed.kind, deed.release) == ("worker", release))
        for release in (LAST, OURS)
    }
    return of[LAST] & of[OURS]
