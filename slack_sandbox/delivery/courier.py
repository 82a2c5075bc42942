"""Delivers to the app over Socket Mode or HTTP, and records each delivery."""

import asyncio
from dataclasses import dataclass, field

from slack_sandbox.delivery.call_log import Acknowledgement, Delivery, DeliveryRecord, Log
from slack_sandbox.delivery.disturbances import Disturbances
from slack_sandbox.delivery.http import HttpCarrier
from slack_sandbox.delivery.socket_mode import SocketModeCarrier
from slack_sandbox.inspector import Exchange, Inspector, title_of
from slack_sandbox.values import Clock


@dataclass
class Courier:
    """Socket Mode when the app has it on and a connection is open, else the request URL."""

    http: HttpCarrier
    sockets: SocketModeCarrier
    socket_mode: bool
    clock: Clock
    log: Log[DeliveryRecord]
    inspector: Inspector
    disturbances: Disturbances = field(default_factory=Disturbances)

    async def deliver(self, delivery: Delivery) -> Acknowledgement:
        """Deliver it, and once more at the same time where the sandbox was told to."""
        if not self.disturbances.doubles(delivery):
            return await self._deliver(delivery)
        first, _ = await asyncio.gather(self._deliver(delivery), self._deliver(delivery))
        return first

    async def _deliver(self, delivery: Delivery) -> Acknowledgement:
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
        self.inspector.add(exchange_of(record, acknowledgement))
        return acknowledgement


def exchange_of(record: DeliveryRecord, acknowledgement: Acknowledgement) -> Exchange:
    kind, title = title_of(record.delivery.payload)
    retry = (
        f" (retry {record.delivery.retry}: {record.delivery.retry_reason})" if record.delivery.retry else ""
    )
    return Exchange(
        at=record.at,
        kind=kind,
        title=f"{title}{retry}",
        outcome=record.outcome,
        failed=not acknowledgement.accepted,
        seconds=record.seconds,
        request=record.delivery.payload,
        answer=acknowledgement.answer,
        detail=record.detail,
        over=record.over,
        status=acknowledgement.status,
    )
