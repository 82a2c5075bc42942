"""Deliveries that arrive twice, or in another order: Slack promises neither once nor in order.

https://docs.slack.dev/apis/events-api#retries
"""

from dataclasses import dataclass

from slack_sandbox.delivery.call_log import Delivery


@dataclass
class Disturbances:
    """What to do to the next deliveries: how many of them go out twice, how many events change places."""

    doubled: int = 0
    reordered: int = 0

    def doubles(self, _delivery: Delivery) -> bool:
        """Whether this one goes out a second time; counts it."""
        if self.doubled <= 0:
            return False
        self.doubled -= 1
        return True

    def holds_back(self) -> bool:
        """Whether this event waits until the next one was delivered; counts it."""
        if self.reordered <= 0:
            return False
        self.reordered -= 1
        return True
