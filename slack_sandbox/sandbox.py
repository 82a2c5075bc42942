"""The parts of a running sandbox, composed from its configuration."""

from dataclasses import dataclass

from slack_sandbox.config import WorkspaceConfig
from slack_sandbox.delivery.call_log import ApiCall, DeliveryRecord, Log
from slack_sandbox.delivery.courier import Courier
from slack_sandbox.delivery.disturbances import Disturbances
from slack_sandbox.delivery.events import EventDispatcher, event_callback, subscription_of
from slack_sandbox.delivery.http import HttpCarrier
from slack_sandbox.delivery.socket_mode import SocketModeCarrier
from slack_sandbox.faults import Faults
from slack_sandbox.movable_clock import MovableClock
from slack_sandbox.rate_limits import RateLimits
from slack_sandbox.response_urls import ResponseUrls
from slack_sandbox.stream import EventStream
from slack_sandbox.triggers import Triggers
from slack_sandbox.values import Clock, Json, utc_now
from slack_sandbox.workspace.models import Audience
from slack_sandbox.workspace.state import Workspace


@dataclass
class Announcements:
    """Sends changes to people over the event stream, and to the app if it subscribed to them."""

    config: WorkspaceConfig
    stream: EventStream
    dispatcher: EventDispatcher
    clock: Clock

    def to_people(self, kind: str, data: Json, audience: Audience) -> None:
        self.stream.publish(kind, data, audience)

    def to_app(self, event: Json) -> None:
        if subscription_of(event) not in self.config.app.events:
            return
        now = self.clock()
        named = {"event_ts": f"{now.timestamp():.6f}", **event}
        self.dispatcher.send(event_callback(self.config.team, self.config.app, named, now))


@dataclass
class Sandbox:
    config: WorkspaceConfig
    clock: MovableClock
    workspace: Workspace
    stream: EventStream
    courier: Courier
    dispatcher: EventDispatcher
    triggers: Triggers
    response_urls: ResponseUrls
    rate_limits: RateLimits
    faults: Faults
    calls: Log[ApiCall]
    scopes: tuple[str, ...] | None = None
    """What the bot token was granted; None: everything."""
    revoked: str | None = None
    """Slack's name for why the token no longer works: ``token_revoked`` or ``account_inactive``."""

    def reset(self) -> None:
        """Back to the configuration: channels, messages, files, views, logs and faults are gone."""
        self.workspace = Workspace(self.config, self.workspace.announcer, self.clock())
        self.triggers, self.response_urls = Triggers(), ResponseUrls()
        self.rate_limits, self.faults, self.calls = RateLimits(), Faults(), Log()
        self.courier.log = Log()
        self.courier.disturbances = Disturbances()
        self.scopes, self.revoked = self.config.app.scopes, None
        self.stream.publish("reset", {}, None)

    def notice(self, user: str, text: str) -> None:
        """Show one person an error, as Slackbot would."""
        self.stream.publish("notice", {"level": "error", "text": text}, frozenset([user]))

    async def disconnect(self) -> None:
        """Close all waiting connections, so that the server can stop."""
        self.stream.close()
        self.dispatcher.close()
        await self.courier.sockets.disconnect("refresh_requested")


def build_sandbox(config: WorkspaceConfig, real_clock: Clock = utc_now) -> Sandbox:
    """Signatures keep the real time: an app refuses those that are older than five minutes."""
    stream, clock = EventStream(), MovableClock(real_clock)
    app, within = config.app, config.acknowledge_within
    deliveries: Log[DeliveryRecord] = Log()
    http = HttpCarrier(app.request_url, app.signing_secret, real_clock, within, app.options_load_url)
    courier = Courier(http, SocketModeCarrier(app.id, within), app.socket_mode, clock, deliveries)
    dispatcher = EventDispatcher(courier, config.event_retry_delays)
    announcements = Announcements(config, stream, dispatcher, clock)
    return Sandbox(
        config=config,
        clock=clock,
        workspace=Workspace(config, announcements, clock()),
        stream=stream,
        courier=courier,
        dispatcher=dispatcher,
        triggers=Triggers(),
        response_urls=ResponseUrls(),
        rate_limits=RateLimits(),
        faults=Faults(),
        calls=Log(),
        scopes=app.scopes,
    )
