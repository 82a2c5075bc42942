"""Locks: whose they are. A name is a team's own; `global/…` is everybody's, and only global runbooks take it.

What a global runbook locks otherwise is of the incident's team, so it and a runbook of that team exclude each other.
"""

from collections.abc import Iterator

from core.definitions.documents import Document
from core.definitions.problems import Problem
from core.errors import InvalidInput

GLOBAL = "global/"
ONLY_GLOBAL = f"A lock that begins with {GLOBAL} stops every team: only a global runbook may have one."
HINT = f"Name it without {GLOBAL}: it is the team's own, whatever it is called."


def full_name(written: str, rendered: str, runbook_team: str | None, incident_team: str) -> str:
    """The lock's name among those of all teams.

    `written`: as the definition has it; `rendered`: with the values of this run. What a value brings makes no lock
    global. Raises InvalidInput where a team's runbook wants what is everybody's.
    """
    if runbook_team is not None and rendered.startswith(GLOBAL):
        raise InvalidInput(ONLY_GLOBAL, hint=HINT, field="lock")
    return rendered if written.startswith(GLOBAL) else f"team:{incident_team}/{rendered}"


def check_lock(document: Document) -> Iterator[Problem]:
    """Answer what is wrong with the lock of a runbook; the document need not be valid otherwise."""
    lock = document.data.get("lock")
    if document.data.get("team") is not None and isinstance(lock, str) and lock.startswith(GLOBAL):
        yield document.problem(("lock",), ONLY_GLOBAL, HINT)


def short_name(full: str) -> str:
    """As the runbook calls it, for people."""
    return full.partition("/")[2] if full.startswith("team:") else full
