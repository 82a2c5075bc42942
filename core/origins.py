"""The origin of a call made by one of our own runs: a signed header that our REST API takes into account.

Without it, a workflow whose webhook calls our own REST API would start each time at depth 0, and never end. A recipient
of the header can pass it on, which only makes what they start count as deeper; they cannot forge one. A system in
between may drop it; limits on requests bound that case.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.signing import signer

HEADER = "Runbook-Origin"
PURPOSE = b"origins of calls"  # of the derived key, so that its signatures are valid for nothing else
WRITTEN = re.compile(
    r"(?P<signed>(?P<execution>[a-z]{3}_[a-z0-9]{1,32});depth=(?P<depth>[0-9]{1,4}));by=(?P<by>[\w-]{1,64})",
    re.ASCII,
)


@dataclass(frozen=True)
class Origin:
    """The runbook or workflow execution that made the call, and the depth of what the call causes."""

    execution_id: str
    depth: int


@dataclass(frozen=True)
class Origins:
    """Writes and reads origins. `secret`: the Slack signing secret, which `web` and the workers share; without it there
    are no origins.
    """

    secret: str = field(default="", repr=False)

    def headers(self, origin: Origin) -> Mapping[str, str]:
        """Return the header `Runbook-Origin: wfx_…;depth=1;by=SIGNATURE`; none without a secret."""
        if not self.secret:
            return {}
        signed = f"{origin.execution_id};depth={origin.depth}"
        return {HEADER: f"{signed};by={signer(self.secret, PURPOSE).get_signature(signed).decode()}"}

    def read(self, value: str | None) -> Origin | None:
        """Return the origin in a header's value; None if there is none or we did not write it."""
        found = WRITTEN.fullmatch(value or "")
        if found is None or not self.secret:
            return None
        if not signer(self.secret, PURPOSE).verify_signature(found["signed"], found["by"]):
            return None
        return Origin(found["execution"], int(found["depth"]))
