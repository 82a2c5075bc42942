"""The composition root: builds what every process needs from settings. The processes themselves are in cli.roles."""

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

SLACK_POOL = 4  # connections, plus as many again on demand; each is opened on first use
SLACK_PATIENCE = 1.5  # seconds of the 3 that Slack allows for an answer


@contextmanager
def reachable(settings: Settings) -> Iterator[Settings]:
    """Yield the settings with both addresses set, starting an embedded server for each one that is missing."""
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
    """The objects that every process is built from. Needs settings with both addresses set."""

    settings: Settings
    unit_of_work: UnitOfWorkFactory
    redis: Redis
    slack_service: UnitOfWorkFactory
    """For requests that Slack waits for: its own connections, which REST cannot exhaust, and short timeouts."""

    @classmethod
    @contextmanager
    def of(cls, settings: Settings) -> Iterator["Composition"]:
        """Yield a composition whose connections open on first use and are closed at the end of the block.

        Raises ConfigurationError if an address is invalid.
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
        """Return whether Redis answers a ping within the job queue's timeout of half a second."""
        try:
            return bool(self.redis.ping())
        except RedisError:
            return False

    @property
    def links(self) -> RunLinks:
        settings = self.settings
        can = bool(settings.slack_client_id)
        return RunLinks(settings.public_url, settings.slack_signing_secret, may_sign_in=can)

    @property
    def callbacks(self) -> CallbackLinks:
        return CallbackLinks(self.settings.public_url, self.settings.slack_signing_secret)

    @property
    def origins(self) -> Origins:
        return Origins(self.settings.slack_signing_secret)

    @property
    def is_single_admin(self) -> bool:
        return self.settings.single_admin == "on"
