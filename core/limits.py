"""How much there may be of what: every limit of the product, in one place.

They are far above what people and their systems do, and below what stops others. What counts one process's requests
is kept in that process (bot.limits), for a limit that needs Redis would fail with it; what counts what is done is
counted in the database, where all processes see it (core.services.starts.bounds). Nothing here is ever asked of a
cancel.
"""

import math
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from core.errors import TooMany

WINDOW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, `per_second` in the long run: a token bucket."""

    burst: int
    per_second: float

    def times(self, factor: int) -> "Rate":
        return Rate(self.burst * factor, self.per_second * factor)


@dataclass(frozen=True, slots=True)
class Limits:
    """Rates by who asks; numbers by what is done in a `WINDOW`."""

    requests_of_token: Rate = Rate(100, 50)
    requests_of_person: Rate = Rate(200, 100)
    bad_tokens_of_address: Rate = Rate(30, 1)
    """Refused before the database is asked; a token that was good lately is not."""
    commands_of_person: Rate = Rate(120, 2)
    """In Slack; forms are counted with them."""
    clicks_of_person: Rate = Rate(120, 2)
    alerts_of_source: Rate = Rate(600, 20)
    incidents_of_team: int = 60
    """Opened by people: those that alerts open are grouped instead."""
    incidents_before_a_storm: int = 10
    """Opened by the alerts of one source, after which further alerts are one incident."""
    workflows_of_event: int = 25
    workflows_of_incident: int = 60
    workflows_of_team: int = 150

    def times(self, factor: int) -> "Limits":
        """All of them so many times as high."""
        values: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        raised: dict[str, Any] = {
            name: value.times(factor) if isinstance(value, Rate) else value * factor
            for name, value in values.items()
        }
        return Limits(**raised)


STANDARD = Limits()


def too_many(what: str, seconds: float) -> TooMany:
    """`what`: who did what, as `You typed more than 120 commands in a minute`."""
    wait = max(1, math.ceil(seconds))
    return TooMany(f"{what}.", hint=f"Try again in {wait} s.", retry_after=wait)
