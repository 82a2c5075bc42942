"""Delivers to the app over Socket Mode or HTTP, and records each delivery."""

from dataclasses import dataclass

from slack_sandbox.delivery.call_log import Acknowledgement, Delivery, DeliveryRecord, Log
from slack_sandbox.delivery.http import HttpCarrier
from slack_sandbox.delivery.socket_mode import SocketModeCarrier
from slack_sandbox.values import Clock


@dataclass
class Courier:
    """Socket Mode when the app has it on and a connection is open, else the request URL."""

    http: HttpCarrier
    sockets: SocketModeCarrier
    socket_mode: bool
    clock: Clock
    log: Log[DeliveryRecord]

    async def deliver(self, delivery: Delivery) -> Acknowledgement:
        over_socket = self.socket_mode and self.sockets.connected > 0
        at = self.clock()
        acknowledgement = await (self.sockets if over_socket else self.http).deliver(delivery)
        record = DeliveryRecord(
            n=self.log.next_number(),
            at=at,
            delivery=delivery,
            over="socket" if over_socket else "http",
            outcome=acknowledgement.outcome,
            detail=acknowledgement.detail,
            seconds=(self.clock() - at).total_seconds(),
        )
        self.log.add(record)
        return acknowledgement
