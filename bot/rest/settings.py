"""What the REST face is told when it is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.limits import RateLimit, RestLimits, bucket
from core.callbacks import CallbackLinks
from core.limits import STANDARD
from core.origins import Origins


@dataclass(frozen=True)
class RestSettings:
    """`single_admin`: a platform admin may approve a definition that they wrote (RUNBOOK_SINGLE_ADMIN).

    `callbacks`: what made the addresses that outside systems call back; `limit`: on the requests of each token,
    `limits`: on those of people, addresses and alert sources. `origins` reads which run of ours made a request.
    `alert_secrets`: what vendors sign their alerts with, by the vendor's name.
    """

    single_admin: bool = False
    callbacks: CallbackLinks = field(default_factory=CallbackLinks)
    limit: RateLimit = field(default_factory=lambda: bucket(STANDARD.requests_of_token))
    limits: RestLimits = field(default_factory=RestLimits)
    origins: Origins = field(default_factory=Origins)
    alert_secrets: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)
