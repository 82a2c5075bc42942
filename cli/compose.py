"""The composition root: settings to services, services to processes. Nothing else builds these things."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from redis import Redis
from slack_bolt import App
from starlette.types import ASGIApp

from bot.app import create_bolt_app
from bot.pages.links import RunLinks
from bot.poster.poster import Poster
from bot.poster.slack import open_client
from bot.rest.settings import RestSettings
from bot.slack_http import slack_route
from bot.web import create_web
from cli.embedded import embedded_services
from core.callbacks import CallbackLinks
from core.clock import DatabaseClock
from core.database import open_engine
from core.definitions.secrets import EnvironmentSecrets
from core.execution.executor import Executor
from core.execution.preparation import Ports
from core.outside.egress import EgressPolicy
from core.outside.http import HttpCaller
from core.outside.process import ProcessRunner
from core.service import Service
from core.settings import Settings
from migrations.upgrade import newest_revision
from workers.doorbell import RqDoorbell, open_redis
from workers.worker import worker_name


@contextmanager
def reachable(settings: Settings) -> Iterator[Settings]:
    """The settings with both addresses set: where one is not, the embedded server is started for it."""
    with embedded_services(
        settings.home, database=settings.database_url is None, redis=settings.redis_url is None
    ) as services:
        yield settings.model_copy(
            update={
                "database_url": settings.database_url or services.database_url,
                "redis_url": settings.redis_url or services.redis_url,
            }
        )


@dataclass(frozen=True)
class Composition:
    """Everything that processes are made of, from settings with both addresses set."""

    settings: Settings
    service: Service
    redis: Redis

    @classmethod
    @contextmanager
    def of(cls, settings: Settings) -> Iterator["Composition"]:
        """For the length of the block; its connections are closed afterwards."""
        assert settings.database_url is not None
        assert settings.redis_url is not None
        engine = open_engine(settings.database_url)
        redis = open_redis(settings.redis_url)
        service = Service(engine, DatabaseClock(engine), RqDoorbell(redis), settings.platform_admins)
        try:
            yield cls(settings, service, redis)
        finally:
            redis.close()
            engine.dispose()

    def bolt_app(self) -> App:
        self.settings.need("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET")
        return create_bolt_app(
            self.service,
            signing_secret=self.settings.slack_signing_secret,
            token=self.settings.slack_bot_token,
            api_url=self.settings.slack_api_url,
            single_admin=self.is_single_admin,
        )

    @property
    def _links(self) -> RunLinks:
        return RunLinks(self.settings.public_url, self.settings.slack_signing_secret)

    @property
    def _callbacks(self) -> CallbackLinks:
        return CallbackLinks(self.settings.public_url, self.settings.slack_signing_secret)

    @property
    def is_single_admin(self) -> bool:
        return self.settings.single_admin == "on"

    def web_app(self) -> ASGIApp:
        secret = self.settings.slack_signing_secret
        return create_web(
            self.service,
            slack=slack_route(self.bolt_app(), secret),
            rest=RestSettings(self.is_single_admin, self._callbacks),
            links=self._links,
            newest_revision=newest_revision(),
        )

    def poster(self) -> Poster:
        self.settings.need("SLACK_BOT_TOKEN")
        client = open_client(self.settings.slack_bot_token, self.settings.slack_api_url)
        return Poster(self.service, client, self._links)

    def executor(self, environ: Mapping[str, str]) -> Executor:
        runner = ProcessRunner(command_path(environ)) if self.settings.shell == "on" else None
        http = HttpCaller(EgressPolicy.parse(self.settings.egress_entries))
        ports = Ports(http, runner, EnvironmentSecrets(environ), callbacks=self._callbacks)
        return Executor(self.service, ports, worker_name())


def command_path(environ: Mapping[str, str]) -> str:
    """PATH for shell steps: the worker's own, behind the scripts installed beside this interpreter."""
    return os.pathsep.join([str(Path(sys.executable).parent), environ.get("PATH", os.defpath)])
