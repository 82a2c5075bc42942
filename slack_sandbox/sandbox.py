"""The parts of a running sandbox, composed from its configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from slack_sandbox.config import AppConfig, WorkspaceConfig
from slack_sandbox.delivery.call_log import ApiCall, DeliveryRecord, Log
from slack_sandbox.delivery.courier import Courier
from slack_sandbox.delivery.disturbances import Disturbances
from slack_sandbox.delivery.events import EventDispatcher, event_callback, subscription_of
from slack_sandbox.delivery.http import HttpCarrier
from slack_sandbox.delivery.socket_mode import SocketModeCarrier
from slack_sandbox.faults import Faults
from slack_sandbox.inspector import Inspector
from slack_sandbox.movable_clock import MovableClock
from slack_sandbox.oauth import Grants
from slack_sandbox.openid import Identities
from slack_sandbox.rate_limits import RateLimits
from slack_sandbox.response_urls import ResponseUrls
from slack_sandbox.stream import EventStream
from slack_sandbox.triggers import Triggers
from slack_sandbox.values import Clock, Json, utc_now
from slack_sandbox.workspace.models import Audience
from slack_sandbox.workspace.state import Workspace


@dataclass
class Installation:
    """One app in the workspace: how it is reached, and what it may do."""

    app: AppConfig
    courier: Courier
    dispatcher: EventDispatcher
    rate_limits: RateLimits = field(default_factory=RateLimits)
    triggers: Triggers = field(default_factory=Triggers)
    scopes: tuple[str, ...] | None = None
    """What the bot token was granted; None: everything."""
    revoked: str | None = None
    """Slack's name for why the token no longer works: ``token_revoked`` or ``account_inactive``."""

    def reset(self) -> None:
        self.rate_limits, self.triggers = RateLimits(), Triggers()
        self.scopes, self.revoked = self.app.scopes, None
        self.courier.disturbances = Disturbances()


@dataclass
class Announcements:
    """Sends changes to people over the event stream, and to each app that subscribed to them."""

    config: WorkspaceConfig
    stream: EventStream
    installations: Mapping[str, Installation]
    clock: Clock

    def to_people(self, kind: str, data: Json, audience: Audience) -> None:
        self.stream.publish(kind, data, audience)

    def to_app(self, event: Json, app_id: str | None = None) -> None:
        now = self.clock()
        named = {"event_ts": f"{now.timestamp():.6f}", **event}
        for installation in self.installations.values():
            app = installation.app
            if app_id in (None, app.id) and subscription_of(event) in app.events:
                installation.dispatcher.send(event_callback(self.config.team, app, named, now))


@dataclass
class Sandbox:
    """A running sandbox, looked at as one of its apps: see ``seen_by``."""

    config: WorkspaceConfig
    clock: MovableClock
    workspace: Workspace
    stream: EventStream
    installations: Mapping[str, Installation]
    installation: Installation
    response_urls: ResponseUrls
    faults: Faults
    calls: Log[ApiCall]
    inspector: Inspector
    grants: Grants = field(default_factory=Grants)
    identities: Identities = field(default_factory=Identities)

    def seen_by(self, app_id: str | None) -> "Sandbox":
        """The same sandbox, as this app meets it; as the first one when there is no such app."""
        workspace = self.workspace.seen_by(app_id)
        return replace(self, workspace=workspace, installation=self.installations[workspace.app.id])

    def installation_of(self, token: str) -> Installation | None:
        """The app whose bot token or app-level token this is."""
        for installation in self.installations.values():
            if token in (installation.app.bot_token, installation.app.app_token):
                return installation
        return None

    @property
    def courier(self) -> Courier:
        return self.installation.courier

    @property
    def dispatcher(self) -> EventDispatcher:
        return self.installation.dispatcher

    @property
    def triggers(self) -> Triggers:
        return self.installation.triggers

    @property
    def rate_limits(self) -> RateLimits:
        return self.installation.rate_limits

    def reset(self) -> None:
        """Back to the configuration: channels, messages, files, views, logs and faults are gone."""
        self.workspace = Workspace(self.config, self.workspace.announcer, self.clock())
        self.response_urls, self.faults, self.calls = ResponseUrls(), Faults(), Log()
        self.grants = Grants()
        deliveries: Log[DeliveryRecord] = Log()
        for installation in self.installations.values():
            installation.reset()
            installation.courier.log = deliveries
        self.inspector.clear()
        self.stream.publish("reset", {}, None)

    def notice(self, user: str, text: str) -> None:
        """Show one person an error, as Slackbot would."""
        self.stream.publish("notice", {"level": "error", "text": text}, frozenset([user]))

    async def disconnect(self) -> None:
        """Close all waiting connections, so that the server can stop."""
        self.stream.close()
        self.inspector.close()
        for installation in self.installations.values():
            installation.dispatcher.close()
            await installation.courier.sockets.disconnect("refresh_requested")

    async def close(self) -> None:
        """Let go of the connections to the apps."""
        for installation in self.installations.values():
            await installation.courier.http.close()


def build_sandbox(config: WorkspaceConfig, real_clock: Clock = utc_now) -> Sandbox:
    stream, clock = EventStream(), MovableClock(real_clock)
    deliveries: Log[DeliveryRecord] = Log()
    secrets = (secret for app in config.apps for secret in (app.bot_token, app.app_token, app.signing_secret))
    log = Logs(deliveries, Inspector(secrets))
    installations = {app.id: install(config, app, clock, log) for app in config.apps}
    announcements = Announcements(config, stream, installations, clock)
    return Sandbox(
        config=config,
        clock=clock,
        workspace=Workspace(config, announcements, clock()),
        stream=stream,
        installations=installations,
        installation=installations[config.app.id],
        response_urls=ResponseUrls(),
        faults=Faults(),
        calls=Log(),
        inspector=log.inspector,
    )


@dataclass(frozen=True)
class Logs:
    """What records each delivery."""

    deliveries: Log[DeliveryRecord]
    inspector: Inspector


def install(config: WorkspaceConfig, app: AppConfig, clock: MovableClock, log: Logs) -> Installation:
    """Signatures keep the real time: an app refuses those that are older than five minutes."""
    within = config.acknowledge_within
    http = HttpCarrier(app.request_url, app.signing_secret, clock.real, within, app.options_load_url)
    courier = Courier(
        http, SocketModeCarrier(app.id, within), app.socket_mode, clock, log.deliveries, log.inspector
    )
    return Installation(app, courier, EventDispatcher(courier, config.event_retry_delays), scopes=app.scopes)
