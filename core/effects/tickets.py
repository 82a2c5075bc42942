"""Tickets in other systems: created once, looked up again when in doubt, and linked to the incident."""

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
from core.services.runs.links import Link
from core.values.execution import Failed, Json, StepResult, Succeeded, Uncertain

LIMIT = timedelta(seconds=60)
SHOWN = 500  # characters of a refusal
Call = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True)
class Ticket:
    """A ticket: the key that people know it by (`OPS-12`) and its URL."""

    key: str
    url: str


class TicketRefused(RunbookError):
    """The other system refused to create the ticket."""

    response: HttpResponse | None = None
    """Its response, if there was one."""


class Tracker(Protocol):
    """Creates one ticket in one system, and finds it there."""

    def find(self, call: Call) -> Ticket | None:
        """Return the ticket that an earlier attempt created, or None. Raises TicketRefused if the search fails."""

    def create(self, call: Call) -> Ticket:
        """Create the ticket. Raises TicketRefused."""


def prepare_ticket(tracker: Tracker, shown: Json, context: Context, limit: timedelta | None) -> Outside:
    """Return the ticket's creation, ready to be done. If an earlier attempt may have created it, look it up first.

    `shown`: the request as people may see it. Requests go only to the hosts that the secrets in them allow, and
    secrets are masked in responses.
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
    """The search for an existing ticket failed, so it is not known whether there is one."""


def _found(tracker: Tracker, call: Call) -> Ticket | None:
    try:
        return tracker.find(call)
    except (NotSent, NoAnswer, RunbookError) as error:
        raise _NotSearched(
            f"It is not known whether an earlier attempt created the ticket: {error}"
        ) from error


def _linked(ticket: Ticket) -> Succeeded:
    link = Link(ticket.key, ticket.url).as_output()
    return Succeeded({"key": ticket.key, "url": ticket.url, "link": link})


def refused(system: str, response: HttpResponse) -> TicketRefused:
    """Return the error for a refusal, with what the system answered."""
    text = " ".join(response.text.split())[:SHOWN] if response.is_json else no_json(response)
    error = TicketRefused(f"{system} answered {response.status}: {text}")
    error.response = response
    return error
