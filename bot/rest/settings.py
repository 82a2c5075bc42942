"""What the REST face is told when it is made."""

from dataclasses import dataclass, field

from bot.limits import RestLimits, bucket
from bot.rest.rate_limit import RateLimit
from core.callbacks import CallbackLinks
from core.limits import STANDARD


@dataclass(frozen=True)
class RestSettings:
    """`single_admin`: a platform admin may approve a definition that they wrote (RUNBOOK_SINGLE_ADMIN).

    `callbacks`: what made the addresses that outside systems call back; `limit`: on the requests of each token,
    `limits`: on those of people, addresses and alert sources.
    """

    single_admin: bool = False
    callbacks: CallbackLinks = field(default_factory=CallbackLinks)
    limit: RateLimit = field(default_factory=lambda: bucket(STANDARD.requests_of_token))
    limits: RestLimits = field(default_factory=RestLimits)
