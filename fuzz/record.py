"""What came of it: counts, and every input that was answered by a 500, too late, or by nothing, in a folder."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

TOO_SLOW = 1.0  # seconds for an answer
SHOWN = 20


@dataclass(frozen=True)
class Finding:
    """`what`: a status, `slow` or `died`; `file`: where the input is."""

    group: str
    what: str
    about: str
    file: Path


@dataclass
class Record:
    """Safe to be written by several threads."""

    folder: Path
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    slowest: dict[str, tuple[float, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def asked(self, group: str, about: str, sent: object, ask: Callable[[], int]) -> None:
        """Ask once, for a status. Raising counts as no answer."""
        began = time.monotonic()
        try:
            status = str(ask())
        except Exception as error:  # noqa: BLE001 that is what is looked for
            status = type(error).__name__
        seconds = time.monotonic() - began
        with self._lock:
            self.counts[group, status] += 1
            if seconds > self.slowest.get(group, (0.0, ""))[0]:
                self.slowest[group] = (seconds, about)
            if not status.isdecimal() or status.startswith("5"):
                self._keep(group, status, about, sent)
            if seconds > TOO_SLOW:
                self._keep(group, f"{seconds:.1f} s", about, sent)

    def found(self, group: str, what: str, about: str, sent: object) -> None:
        """Something that is no answer."""
        with self._lock:
            self._keep(group, what, about, sent)

    def _keep(self, group: str, what: str, about: str, sent: object) -> None:
        file = self.folder / f"{len(self.findings):04}-{group}.json"
        file.write_text(
            json.dumps({"what": what, "about": about, "sent": repr(sent)}, indent=1), encoding="utf-8"
        )
        self.findings.append(Finding(group, what, about, file))

    def lines(self) -> list[str]:
        """For people."""
        groups = sorted({group for group, _ in self.counts})
        return [self._line(group) for group in groups] + [
            f"  {each.group}: {each.what}, {each.about[:80]} ({each.file})" for each in self.findings[:SHOWN]
        ]

    def _line(self, group: str) -> str:
        told = {status: count for (name, status), count in sorted(self.counts.items()) if name == group}
        statuses = ", ".join(f"{status}: {count:,}" for status, count in told.items())
        slowest = ""
        if group in self.slowest:  # parsers are not asked one by one
            seconds, about = self.slowest[group]
            slowest = f"slowest {seconds * 1_000:6.0f} ms ({about[:60]})   "
        return f"{group:8} {sum(told.values()):9,}   {slowest}{statuses}"
