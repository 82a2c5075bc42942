"""Controlling the sandbox: faults, the log, the app's settings, and what Slack does only occasionally."""

from dataclasses import asdict, dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from slack_sandbox.delivery.call_log import Acknowledgement, Delivery, Numbered
from slack_sandbox.interactions.elements import VERIFICATION_TOKEN
from slack_sandbox.people.answers import number_after, refused
from slack_sandbox.people.requests import (
    AppChange,
    Body,
    ClockMove,
    Disconnection,
    DisturbanceChange,
    FaultList,
)
from slack_sandbox.people.watching import messages_in
from slack_sandbox.sandbox import Sandbox
from slack_sandbox.transcript import transcript
from slack_sandbox.values import Json, SlackError, new_secret


@dataclass(frozen=True)
class Directing:
    sandbox: Sandbox

    async def show_faults(self, _request: Request) -> Json:
        return {"ok": True, "faults": [fault.model_dump() for fault in self.sandbox.faults.left]}

    async def replace_faults(self, request: Request, body: FaultList) -> Json:
        self.sandbox.faults.replace(body.faults)
        return await self.show_faults(request)

    async def show_disturbances(self, _request: Request) -> Json:
        return {"ok": True, **asdict(self.sandbox.courier.disturbances)}

    async def disturb(self, request: Request, body: DisturbanceChange) -> Json:
        for name, value in body.model_dump(exclude_none=True).items():
            setattr(self.sandbox.courier.disturbances, name, value)
        return await self.show_disturbances(request)

    async def show_clock(self, _request: Request) -> Json:
        clock = self.sandbox.clock
        return {"ok": True, "now": clock().isoformat(), "moved_by": clock.moved_by.total_seconds()}

    async def move_clock(self, request: Request, body: ClockMove) -> Json:
        """Triggers and response URLs grow old at once, and scheduled messages fall due."""
        self.sandbox.clock.move(body.seconds)
        return await self.show_clock(request)

    async def reset(self, _request: Request, _body: Body) -> Json:
        self.sandbox.reset()
        return {"ok": True}

    async def export(self, request: Request) -> Response:
        """One channel as Markdown, for somebody who may see it."""
        workspace, asked = self.sandbox.workspace, request.query_params
        try:
            channel = workspace.channel_for(
                workspace.person(asked.get("user", "")).id, asked.get("channel", "")
            )
        except SlackError as error:
            return refused(error)
        headers = {"Content-Disposition": f'attachment; filename="{channel.id}.md"'}
        text = transcript(workspace, channel)
        return Response(text, media_type="text/markdown; charset=utf-8", headers=headers)

    async def show_log(self, request: Request) -> Json:
        """Calls and deliveries with a number above ``after``, and every channel's messages as they are now."""
        after = number_after(request.query_params.get("after", "")) or 0
        workspace = self.sandbox.workspace
        return {
            "ok": True,
            "calls": [_entry(call) for call in self.sandbox.calls.after(after)],
            "deliveries": [_entry(delivery) for delivery in self.sandbox.courier.log.after(after)],
            "messages": {
                channel.id: messages_in(workspace, channel) for channel in workspace.channels.values()
            },
        }

    async def repeat_delivery(self, request: Request, _body: Body) -> Json:
        """Deliver the same thing once more, as Slack may: without any sign that it is a repetition."""
        record = self.sandbox.courier.log.find(int(request.path_params["n"]))
        if record is None:
            raise SlackError("not_found", sentence="There was no delivery of this number.")
        courier = self.sandbox.seen_by(record.delivery.payload.get("api_app_id")).courier
        return _outcome(await courier.deliver(replace(record.delivery, retry=0)))

    async def change_app(self, _request: Request, body: AppChange) -> Json:
        installation = self.sandbox.seen_by(body.app_id).installation
        courier = installation.courier
        if body.request_url is not None:
            courier.http.request_url = body.request_url or None
        if body.options_load_url is not None:
            courier.http.options_load_url = body.options_load_url or None
        if body.socket_mode is not None:
            courier.socket_mode = body.socket_mode
        if body.scopes is not None:
            installation.scopes = body.scopes
        if body.revoked is not None:
            installation.revoked = body.revoked or None
        return {
            "ok": True,
            "request_url": courier.http.request_url,
            "options_load_url": courier.http.options_load_url,
            "socket_mode": courier.socket_mode,
            "socket_connections": courier.sockets.connected,
        }

    async def verify_url(self, _request: Request, _body: Body) -> Json:
        """https://docs.slack.dev/reference/events/url_verification"""
        challenge = new_secret()
        payload = {"type": "url_verification", "token": VERIFICATION_TOKEN, "challenge": challenge}
        acknowledgement = await self.sandbox.courier.http.deliver(Delivery("events_api", payload))
        answer = acknowledgement.answer
        said = answer.get("challenge") if isinstance(answer, dict) else answer
        if acknowledgement.accepted and said != challenge:
            sentence = "The app answered, but not with the challenge that it was sent."
            raise SlackError("challenge_failed", sentence=sentence)
        return _outcome(acknowledgement)

    async def disconnect_sockets(self, _request: Request, body: Disconnection) -> Json:
        return {"ok": True, "disconnected": await self.sandbox.courier.sockets.disconnect(body.reason)}


def _outcome(acknowledgement: Acknowledgement) -> Json:
    if acknowledgement.accepted:
        return {"ok": True}
    return {"ok": False, "error": acknowledgement.outcome, "message": acknowledgement.detail}


def _entry(entry: Numbered) -> Json:
    return {**asdict(entry), "at": entry.at.isoformat()}
