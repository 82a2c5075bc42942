"""All limits of the product, in one place.

They are far above what people and their systems need, and below what would block others. Limits on requests to a
process are counted in that process (bot.limits), since a limit that needs Redis would fail with it; limits on actions
are counted in the database, shared by all processes (core.services.starts.bounds). Cancels are never limited.
"""

import math
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from core.errors import TooMany

WINDOW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket: `burst` at once, `per_second` in the long run."""

    burst: int
    per_second: float

    def times(self, factor: int) -> "Rate":
        return Rate(self.burst * factor, self.per_second * factor)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits. Rates apply to requests of a sender, numbers to actions within a `WINDOW`."""

    requests_of_token: Rate = Rate(100, 50)
    requests_of_person: Rate = Rate(200, 100)
    bad_tokens_of_address: Rate = Rate(30, 1)
    """Rejected before the database is queried; a recently valid token is not."""
    commands_of_person: Rate = Rate(120, 2)
    """In Slack; including forms."""
    clicks_of_person: Rate = Rate(120, 2)
    suggestions_of_person: Rate = Rate(120, 4)
    """Requests for the options of a menu, one for each pause in typing."""
    alerts_of_source: Rate = Rate(600, 20)
    incidents_of_team: int = 60
    """Opened by people; incidents opened by alerts are grouped instead."""
    incidents_before_a_storm: int = 10
    """Opened by alerts of one source; further alerts are grouped into one incident."""
    requests_of_agent: Rate = Rate(60, 2)
    proposals_of_agent: int = 6
    active_proposals_of_agent: int = 10
    """Runs that one agent proposed and that are not over, at any time."""
    workflows_of_event: int = 25
    workflows_of_incident: int = 60
    workflows_of_team: int = 150

    def times(self, factor: int) -> "Limits":
        """Return all limits multiplied by a factor."""
        values: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        raised: dict[str, Any] = {
            name: value.times(factor) if isinstance(value, Rate) else value * factor
            for name, value in values.items()
        }
        return Limits(**raised)


STANDARD = Limits()


def too_many(what: str, seconds: float) -> TooMany:
    """Return the error for an exceeded limit. `what`: a sentence, such as `You typed more than 120 commands in a
    minute`.
    """
    wait = max(1, math.ceil(seconds))
    return TooMany(f"{what}.", hint=f"Try again in {wait} s.", retry_after=wait)
