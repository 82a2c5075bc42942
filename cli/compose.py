"""The composition root: settings to services. What each process makes of them is in cli.roles."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from redis import Redis
from redis.exceptions import RedisError

from bot.pages.links import RunLinks
from cli.addresses import engine_at, redis_at
from cli.embedded import embedded_services
from core.announcing import Announcer
from core.callbacks import CallbackLinks
from core.clock import DatabaseClock
from core.database import open_engine
from core.limits import STANDARD
from core.origins import Origins
from core.settings import Settings
from core.unit_of_work import UnitOfWorkFactory
from workers.job_queue import RqJobQueue
from workers.witness import RedisWitness

SLACK_POOL = 4  # connections, and as many more where they are needed; each is opened at its first use
SLACK_PATIENCE = 1.5  # seconds, of the 3 that Slack waits


@contextmanager
def reachable(settings: Settings) -> Iterator[Settings]:
    """The settings with both addresses set: where one is not, the embedded server is started for it."""
    with embedded_services(
        settings.home, database=settings.database_url is None, redis=settings.redis_url is None
    ) as services:
        yield settings.model_copy(
            update={
                "database_url": settings.database_url or services.database_url,
                "database_owner_url": settings.database_owner_url or services.owner_url or None,
                "redis_url": settings.redis_url or services.redis_url,
            }
        )


@dataclass(frozen=True)
class Composition:
    """What every process is made of, from settings with both addresses set."""

    settings: Settings
    unit_of_work: UnitOfWorkFactory
    redis: Redis
    slack_service: UnitOfWorkFactory
    """For what Slack waits for: it has connections of its own, which REST cannot take up, and little patience."""

    @classmethod
    @contextmanager
    def of(cls, settings: Settings) -> Iterator["Composition"]:
        """For the length of the block; its connections are closed afterwards.

        Nothing is connected to yet. Raises ConfigurationError for an address that is none.
        """
        assert settings.database_url is not None
        assert settings.redis_url is not None
        engine = engine_at("DATABASE_URL", settings.database_url)
        redis = redis_at("REDIS_URL", settings.redis_url)
        unit_of_work = UnitOfWorkFactory(
            engine,
            DatabaseClock(engine),
            RqJobQueue(redis),
            settings.platform_admins,
            STANDARD.times(settings.limits),
            RedisWitness(redis),
            announcer := Announcer(engine),
        )
        slack_engine = open_engine(settings.database_url, pool_size=SLACK_POOL, patience=SLACK_PATIENCE)
        try:
            yield cls(settings, unit_of_work, redis, replace(unit_of_work, engine=slack_engine))
        finally:
            announcer.close()
            redis.close()
            engine.dispose()
            slack_engine.dispose()

    def redis_answers(self) -> bool:
        """Whether it does, within the half second that the doorbell gives it."""
        try:
            return bool(self.redis.ping())
        except RedisError:
            return False

    @property
    def links(self) -> RunLinks:
        return RunLinks(self.settings.public_url, self.settings.slack_signing_secret)

    @property
    def callbacks(self) -> CallbackLinks:
        return CallbackLinks(self.settings.public_url, self.settings.slack_signing_secret)

    @property
    def origins(self) -> Origins:
        return Origins(self.settings.slack_signing_secret)

    @property
    def is_single_admin(self) -> bool:
        return self.settings.single_admin == "on"
