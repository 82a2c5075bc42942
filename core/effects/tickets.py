"""Tickets in other systems: created once, found again after a doubt, linked on the incident."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from core.effects.calls import masked_response
from core.errors import RunbookError
from core.execution.preparation import Context, Outside
from core.io.attempts import Deadline
from core.io.http import HttpRequest, NoAnswer, NotSent
from core.io.response import HttpResponse, no_json, retry_after
from core.services.runs.changes import Link
from core.values.execution import Failed, Json, StepResult, Succeeded, Uncertain

LIMIT = timedelta(seconds=60)
SHOWN = 500  # characters of a refusal
Call = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True)
class Ticket:
    """What a person calls the ticket (`OPS-12`), and where it is."""

    key: str
    url: str


class TicketRefused(RunbookError):
    """The other system made no ticket."""

    response: HttpResponse | None = None
    """What it answered."""


class Tracker(Protocol):
    """A ticket that is wanted, in the system that it is wanted in."""

    def find(self, call: Call) -> Ticket | None:
        """The ticket that an earlier attempt made. Raises TicketRefused where the system does not say."""

    def create(self, call: Call) -> Ticket:
        """Raises TicketRefused."""


def prepare_ticket(tracker: Tracker, shown: Json, context: Context, limit: timedelta | None) -> Outside:
    """Create the ticket; if an attempt may have been made before, only where it is not found there.

    It goes where the secrets may go that were rendered before. What it is answered has none of them in it.
    """

    def act(stop: threading.Event) -> StepResult:
        deadline = Deadline.after(limit or LIMIT)

        def call(request: HttpRequest) -> HttpResponse:
            sent = replace(request, carried=context.carried, mask=context.masker)
            return masked_response(context.ports.http.call(sent, deadline.left(), stop), context.masker)

        try:
            found = _found(tracker, call) if context.attempt > 1 or context.maybe_done else None
            return _linked(found or tracker.create(call))
        except _NotSearched as error:
            return Uncertain(context.masker.mask(str(error)))
        except (NotSent, RunbookError) as error:
            return Failed(context.masker.mask(str(error)), retry_after=_wait(error, context))
        except NoAnswer as error:
            return Uncertain(context.masker.mask(str(error)))

    return Outside(context.masker.mask_value(shown), act)


def _wait(error: Exception, context: Context) -> timedelta | None:
    response = error.response if isinstance(error, TicketRefused) else None
    return retry_after(response, context.now) if response is not None else None


class _NotSearched(RunbookError):
    """It could not be found out whether there is a ticket already."""


def _found(tracker: Tracker, call: Call) -> Ticket | None:
    try:
        return tracker.find(call)
    except (NotSent, NoAnswer, RunbookError) as error:
        raise _NotSearched(f"Whether an attempt before made the ticket is not known: {error}") from error


def _linked(ticket: Ticket) -> Succeeded:
    link = Link(ticket.key, ticket.url).as_output()
    return Succeeded({"key": ticket.key, "url": ticket.url, "link": link})


def refused(system: str, response: HttpResponse) -> TicketRefused:
    """What the system said against it."""
    text = " ".join(response.text.split())[:SHOWN] if response.is_json else no_json(response)
    error = TicketRefused(f"{system} answered {response.status}: {text}")
    error.response = response
    return error
