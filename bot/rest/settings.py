"""The settings of the REST application."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.limits import RateLimit, RestLimits, bucket
from core.callbacks import CallbackLinks
from core.limits import STANDARD
from core.origins import Origins


@dataclass(frozen=True)
class RestSettings:
    """`single_admin`: True if platform admins may approve definitions that they wrote (RUNBOOK_SINGLE_ADMIN).

    `callbacks` checks the addresses that outside systems call back. `limit` applies to the requests of each token,
    `limits` to those of people, addresses and alert sources. `origins` tells which of our own runs sent a request.
    `alert_secrets`: the secrets with which vendors sign their alerts, by the vendor's name.
    """

    single_admin: bool = False
    callbacks: CallbackLinks = field(default_factory=CallbackLinks)
    limit: RateLimit = field(default_factory=lambda: bucket(STANDARD.requests_of_token))
    limits: RestLimits = field(default_factory=RestLimits)
    origins: Origins = field(default_factory=Origins)
    alert_secrets: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)
