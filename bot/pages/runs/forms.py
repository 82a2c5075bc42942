"""What people decide on a run's page: the same calls as those of the buttons in Slack, with the same rights."""

import re
from dataclasses import dataclass

from starlette.responses import Response

from bot.cards.gate import REASON_LENGTH
from bot.pages.access.readers import Visit
from bot.pages.posted_forms import Deed, once, status_of
from bot.pages.runs.page import CHILDREN_ON_A_PAGE, RunPage, find_run
from bot.pages.runs.reading import read_run
from bot.pages.site import Site, see_other
from bot.rest.paging import PageRequest
from core.errors import InvalidInput, NotFound, RunbookError
from core.services.runs.approvals import StaleApproval, decide_gate, find_gate, show_anew
from core.services.runs.control import VERDICTS, InDoubt, StaleVerdict, cancel, give_verdict
from core.services.runs.finding import find_execution
from core.services.runs.retries import retry
from core.services.shared import notices
from core.services.shared.notices import NoticeKind
from core.tables import RunbookExecution
from core.unit_of_work import UnitOfWork

ATTEMPT = re.compile(r"[0-9]{1,9}")
NO_REASON = "Write a few words: the others will want to know why."
TOO_LONG = f"At most {REASON_LENGTH} characters can be stored."


@dataclass(frozen=True)
class RunForms:
    """`page`: shows the run again, with the reason, where something was refused."""

    site: Site
    page: RunPage

    def approve(self, visit: Visit) -> Response:
        return self._done(visit, lambda work, by: _decide(work, by, approved=True))

    def reject(self, visit: Visit) -> Response:
        return self._done(visit, lambda work, by: _decide(work, by, approved=False))

    def cancel(self, visit: Visit) -> Response:
        return self._done(visit, _cancel)

    def retry(self, visit: Visit) -> Response:
        return self._done(visit, _retry)

    def verdict(self, visit: Visit) -> Response:
        return self._done(visit, _verdict)

    def _done(self, visit: Visit, deed: Deed) -> Response:
        try:
            return see_other(self.site.unit_of_work.run(lambda work: once(work, visit, deed)))
        except StaleApproval as stale:
            with self.site.unit_of_work.begin() as work:
                show_anew(work, stale.approval_id)
            return self._refused(visit, stale)
        except StaleVerdict as stale:
            with self.site.unit_of_work.begin() as work:
                notices.mark_dirty(work, stale.execution_id, NoticeKind.VERDICT)
            return self._refused(visit, stale)
        except NotFound:
            raise
        except RunbookError as error:
            return self._refused(visit, error)

    def _refused(self, visit: Visit, error: RunbookError) -> Response:
        """Return the run as it stands now, with the reason. Somebody who may not see it gets the bare refusal."""
        status = status_of(error)
        try:
            with self.site.unit_of_work.begin() as work:
                seen = read_run(work, visit.person, _run_of(work, visit), PageRequest(CHILDREN_ON_A_PAGE))
        except NotFound:
            raise error from None
        return self.page.render(visit, seen, status, trouble=str(error))


def _run_of(work: UnitOfWork, visit: Visit) -> RunbookExecution:
    """Return the run that the form is about. Raises NotFound."""
    if "execution_id" in visit.request.path_params:
        return find_run(work, visit)
    gate = find_gate(work, visit.person, visit.request.path_params["approval_id"])
    return find_execution(work, visit.person, gate.execution_id)


def _decide(work: UnitOfWork, visit: Visit, *, approved: bool) -> str:
    """Decide the gate of the form, as its buttons in Slack do: what was shown is what is decided."""
    gate_id, seen = visit.request.path_params["approval_id"], visit.fields.get("seen", "")
    reason = _reason(visit, is_needed=not approved)
    gate = decide_gate(work, visit.person, gate_id, approved=approved, reason=reason, seen=seen)
    said = "approve" if approved else "reject"
    try:
        return _back(find_execution(work, visit.person, gate.execution_id).id, said)
    except NotFound:  # whom the gate names may decide it, and not see the rest of another team's run
        return f"/approvals?said={said}"


def _reason(visit: Visit, *, is_needed: bool) -> str:
    written = visit.fields.get("reason", "").replace("\r\n", "\n").strip()
    if is_needed and not written:
        raise InvalidInput(NO_REASON, field="reason")
    if len(written) > REASON_LENGTH:
        raise InvalidInput(f"{TOO_LONG} This has {len(written):,}.", field="reason")
    return written


def _cancel(work: UnitOfWork, visit: Visit) -> str:
    return _back(cancel(work, visit.person, find_run(work, visit).id).id, "cancel")


def _retry(work: UnitOfWork, visit: Visit) -> str:
    """Retry the run, and go on to the new one. One person's clicks here and in Slack are one request."""
    old = find_run(work, visit).id
    key = f"slack:run.retry:{old}:{visit.person.slack_user_id}"
    return _back(retry(work, visit.person, old, request_key=key).id, "retry")


def _verdict(work: UnitOfWork, visit: Visit) -> str:
    answer, attempt = visit.fields.get("verdict", ""), visit.fields.get("attempt", "")
    if answer not in VERDICTS or not ATTEMPT.fullmatch(attempt):
        raise InvalidInput(
            "The form does not say which answer is meant. Open the page again.", field="verdict"
        )
    about = InDoubt(visit.fields.get("step", ""), int(attempt))
    return _back(give_verdict(work, visit.person, find_run(work, visit).id, answer, about).id, answer)


def _back(execution_id: str, said: str) -> str:
    return f"/runs/{execution_id}?said={said}"
