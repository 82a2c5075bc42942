"""`/healthz`: the process answers. `/readyz`: it can serve requests."""

from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.pages.cached import Answer, Page, cached
from core.clock import elapsed
from core.decisions.heartbeats import WITHOUT_REDIS
from core.decisions.installation import Schema
from core.errors import Unavailable
from core.services.operations.health import check_fits, present_processes
from core.unit_of_work import UnitOfWorkFactory

Answers = Callable[[], bool]
Elapsed = Callable[[], float]
UNREACHABLE = "The database cannot be reached."


async def healthz(_request: Request) -> Response:
    """Answer 200. Async, so that it answers even when all threads are busy."""
    return PlainTextResponse("ok\n")


def readyz(
    unit_of_work: UnitOfWorkFactory,
    newest_revision: str | None,
    redis_answers: Answers = lambda: True,
    now: Elapsed = elapsed,
) -> Page:
    """Return the page that answers 503, with the reason, while requests should go to another instance.

    A missing Redis does not make it 503, because no other instance of `web` could do better: the 200 says what does
    not work without it. An answer is cached for a second.
    """

    def ask() -> Answer:
        try:
            schema = check_ready(unit_of_work, newest_revision)
            with unit_of_work.begin() as work:
                present = [str(each) for each in present_processes(work)]
        except Unavailable as error:
            return Answer(f"{error}\n", 503)
        except SQLAlchemyError:
            return Answer(f"{UNREACHABLE}\n", 503)
        redis = "answers" if redis_answers() else f"away: {WITHOUT_REDIS}"
        lines = ["ready", f"database: at migration {schema.revision}", f"redis: {redis}", *present]
        return Answer("\n".join(lines) + "\n")

    return cached(ask, now)


def check_ready(unit_of_work: UnitOfWorkFactory, newest_revision: str | None) -> Schema:
    """Raise Unavailable unless the database is reachable and writable, and its schema fits this release."""
    try:
        with unit_of_work.begin() as work:
            return check_fits(work, newest_revision or "")
    except SQLAlchemyError as error:
        raise Unavailable(UNREACHABLE, hint="DATABASE_URL says where it is.") from error
