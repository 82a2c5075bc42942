"""Record results: counts, and a file for every input that got a 500, a late answer or none."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

TOO_SLOW = 1.0  # seconds for an answer, twice in a row: on a busy machine any answer is late once in a while
FAR_TOO_SLOW = 3.0  # seconds, even once: Slack waits no longer
SHOWN = 20


@dataclass(frozen=True)
class Finding:
    """A finding. `what`: a status, a duration or `died`. `file`: contains the input."""

    group: str
    what: str
    about: str
    file: Path


@dataclass
class Record:
    """The results of a campaign; safe to be written by several threads."""

    folder: Path
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    slowest: dict[str, tuple[float, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def asked(self, group: str, about: str, sent: object, ask: Callable[[], int]) -> None:
        """Call `ask` for a status and record the result; an exception counts as no answer.

        What is late is asked again, and counts as the faster of the two.
        """
        status, seconds = _timed(ask)
        if TOO_SLOW < seconds <= FAR_TOO_SLOW:
            seconds = min(seconds, _timed(ask)[1])
        with self._lock:
            self.counts[group, status] += 1
            if seconds > self.slowest.get(group, (0.0, ""))[0]:
                self.slowest[group] = (seconds, about)
            if not status.isdecimal() or status.startswith("5"):
                self._keep(group, status, about, sent)
            if seconds > TOO_SLOW:
                self._keep(group, f"{seconds:.1f} s", about, sent)

    def found(self, group: str, what: str, about: str, sent: object) -> None:
        """Record a finding that is not an answer to a request."""
        with self._lock:
            self._keep(group, what, about, sent)

    def _keep(self, group: str, what: str, about: str, sent: object) -> None:
        file = self.folder / f"{len(self.findings):04}-{group}.json"
        file.write_text(
            json.dumps({"what": what, "about": about, "sent": repr(sent)}, indent=1), encoding="utf-8"
        )
        self.findings.append(Finding(group, what, about, file))

    def lines(self) -> list[str]:
        """Return the report: a line per group, then the first findings."""
        groups = sorted({group for group, _ in self.counts})
        return [self._line(group) for group in groups] + [
            f"  {each.group}: {each.what}, {each.about[:80]} ({each.file})" for each in self.findings[:SHOWN]
        ]

    def _line(self, group: str) -> str:
        counted = {status: count for (name, status), count in sorted(self.counts.items()) if name == group}
        statuses = ", ".join(f"{status}: {count:,}" for status, count in counted.items())
        slowest = ""
        if group in self.slowest:  # parsers are not timed per input
            seconds, about = self.slowest[group]
            slowest = f"slowest {seconds * 1_000:6.0f} ms ({about[:60]})   "
        return f"{group:8} {sum(counted.values()):9,}   {slowest}{statuses}"


def _timed(ask: Callable[[], int]) -> tuple[str, float]:
    """Return the status, or the name of the error, and the seconds that it took."""
    began = time.monotonic()
    try:
        status = str(ask())
    except Exception as error:  # noqa: BLE001 any error is a finding
        status = type(error).__name__
    return status, time.monotonic() - began
