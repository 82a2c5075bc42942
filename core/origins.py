"""Where a call came from that one of our own runs made: it says so in a header, signed, and our REST counts it.

Without this a workflow whose webhook calls our own REST would begin anew each time, at depth 0, and never end. Whoever
receives the header can send it on, which only makes what they start count as deeper; they cannot make one up. A system
in between that leaves it out cannot be made to keep it: limits on requests bound what is left.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.signing import signer

HEADER = "Runbook-Origin"
PURPOSE = b"origins of calls"  # of the derived key, so that no signature serves anything else
WRITTEN = re.compile(
    r"(?P<said>(?P<execution>[a-z]{3}_[a-z0-9]{1,32});depth=(?P<depth>[0-9]{1,4}));by=(?P<by>[\w-]{1,64})",
    re.ASCII,
)


@dataclass(frozen=True)
class Origin:
    """The runbook or workflow execution that called, and how deep what it causes is."""

    execution_id: str
    depth: int


@dataclass(frozen=True)
class Origins:
    """`secret` is the Slack signing secret, which `web` and workers share. Without one nothing is said or believed."""

    secret: str = field(default="", repr=False)

    def headers(self, origin: Origin) -> Mapping[str, str]:
        """`Runbook-Origin: wfx_…;depth=1;by=SIGNATURE`."""
        if not self.secret:
            return {}
        said = f"{origin.execution_id};depth={origin.depth}"
        return {HEADER: f"{said};by={signer(self.secret, PURPOSE).get_signature(said).decode()}"}

    def read(self, value: str | None) -> Origin | None:
        """None where there is none, or one that we did not write."""
        found = WRITTEN.fullmatch(value or "")
        if found is None or not self.secret:
            return None
        if not signer(self.secret, PURPOSE).verify_signature(found["said"], found["by"]):
            return None
        return Origin(found["execution"], int(found["depth"]))
