"""A plan of PostgreSQL, as `EXPLAIN (ANALYZE, BUFFERS)` prints it, and the few facts that a table shows of it. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

MOST_SCANS = 3
NODE = re.compile(r"^(?:\s*->)?\s*(?P<name>[A-Z].*?)  \(cost=.*\(actual .*rows=(?P<rows>[0-9.]+) ")
INDEX_SCAN = re.compile(r"(?:Bitmap Index|Index|Index Only) Scan(?: Backward)?(?: using| on) (?P<index>\w+)")
SEQ_SCAN = re.compile(r"Seq Scan on (?P<table>\w+)")
BUFFERS = re.compile(r"Buffers: (?:shared )?(?P<counts>.*)")
COUNT = re.compile(r"(?<!\w)(?:hit|read)=([0-9]+)")
TIME = re.compile(r"^Execution Time: ([0-9.]+) ms$", re.MULTILINE)


@dataclass(frozen=True)
class Scan:
    """A node that reads an index or a table: `ix_approvals_status`, `seq scan of teams`; `buffers`: 8 kB pages read."""

    name: str
    buffers: int


@dataclass(frozen=True)
class Plan:
    """The plan of one statement. `statements`: how many the read made; this one took the longest."""

    sql: str
    text: str
    statements: int

    @property
    def rows(self) -> int:
        """The number of rows that the statement returned. Raises ValueError if `text` is not an executed plan."""
        for line in self.text.splitlines():
            if node := NODE.match(line):
                return round(float(node["rows"]))
        raise ValueError(f"This is not the plan of an executed statement: {self.text[:100]}")

    @property
    def buffers(self) -> int:
        """The number of pages (8 kB) that the whole statement read, from PostgreSQL's buffers or from the disk."""
        return next((each for _, each in self._nodes), 0)

    @property
    def milliseconds(self) -> float:
        """The execution time, without planning. Raises ValueError if `text` is not an executed plan."""
        found = TIME.search(self.text)
        if found is None:
            raise ValueError(f"This is not the plan of an executed statement: {self.text[:100]}")
        return float(found[1])

    @property
    def scans(self) -> list[Scan]:
        """The indexes and tables that were read, those with the most pages first, each once."""
        pages: dict[str, int] = {}
        for name, buffers in self._nodes:
            if scanned := _scanned(name):
                pages[scanned] = pages.get(scanned, 0) + buffers
        return [Scan(name, pages[name]) for name in sorted(pages, key=lambda name: -pages[name])]

    @property
    def summary(self) -> str:
        """The busiest scans in one line: `ix_a, ix_b, seq scan of teams, 2 more`."""
        names = [scan.name for scan in self.scans]
        more = len(names) - MOST_SCANS
        return ", ".join([*names[:MOST_SCANS], *([f"{more} more"] if more > 0 else [])]) or "no table"

    def markdown(self, heading: str) -> str:
        """The statement and the raw plan."""
        count = f"The longest of {self.statements} statements." if self.statements > 1 else "One statement."
        return f"# {heading}\n\n{count}\n\n```sql\n{self.sql.strip()}\n```\n\n```\n{self.text}\n```\n"

    @cached_property
    def _nodes(self) -> list[tuple[str, int]]:
        """Each executed node's name and pages. A node's `Buffers` include those of the nodes below it."""
        return list(_nodes(self.text))


def _nodes(text: str) -> Iterator[tuple[str, int]]:
    name, buffers = "", 0
    for line in text.splitlines():
        if line.startswith("Planning"):
            break
        if "(cost=" in line:
            if name:
                yield name, buffers
            node = NODE.match(line)
            name, buffers = (node["name"] if node else ""), 0
        elif found := BUFFERS.search(line):
            buffers = sum(map(int, COUNT.findall(found["counts"])))
    if name:
        yield name, buffers


def _scanned(node: str) -> str | None:
    if found := INDEX_SCAN.search(node):
        return found["index"]
    if found := SEQ_SCAN.search(node):
        return f"seq scan of {found['table']}"
    return None
