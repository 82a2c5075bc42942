"""Links from a run's card to what its steps have made elsewhere: tickets, builds, incidents of other systems."""

import re
from collections.abc import Iterator

from bot.cards.steps import NAME_LENGTH
from bot.cards.words import bounded, link
from core.views.executions import ExecutionView, StepView

MOST_LINKS = 6
WEB_ADDRESS = re.compile(r"https?://[^\s|<>]{1,400}")
# The types whose output names, under `url`, what they made. What any other step was answered is never a link.
MADE_ELSEWHERE = frozenset({"github_actions", "jenkins", "awx", "pagerduty", "statuspage"})


def links_line(execution: ExecutionView) -> str:
    """Return the newest links, each under its step's name; empty if the steps have made nothing with an address."""
    found = list(_links(execution))[-MOST_LINKS:]
    return "🔗 " + " · ".join(found) if found else ""


def _links(execution: ExecutionView) -> Iterator[str]:
    for step in execution.steps:
        url = _address(step)
        if url:
            yield link(url, bounded(step.name or step.id, NAME_LENGTH))


def _address(step: StepView) -> str:
    url = step.output.get("url") if isinstance(step.output, dict) and step.type in MADE_ELSEWHERE else None
    return url if isinstance(url, str) and WEB_ADDRESS.fullmatch(url) else ""
