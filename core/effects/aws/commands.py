"""Commands of Systems Manager, sent to instances and followed to their end.

SendCommand has no token that makes it idempotent, so the mark is the command's comment, and ListCommands finds it.

Sources: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html,
…/API_ListCommands.html, …/API_ListCommandInvocations.html, …/API_GetCommandInvocation.html, …/API_CancelCommand.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from core.effects.aws.ssm import Console, call, member, structures
from core.effects.job_values import Candidate, Job
from core.effects.remote import Session, Unclear
from core.values.execution import Json

ENDED = frozenset({"Success", "Cancelled", "Failed", "TimedOut"})
PAGE, MOST_PAGES = 50, 10
RECENT, KEPT = timedelta(days=1), timedelta(days=30)  # AWS keeps the history for 30 days
MOST_INSTANCES = 50
OUTPUT, LONGEST, SHORTEST = 65_536, 8_192, 1_024  # characters: of all instances, and of one


@dataclass(frozen=True)
class Commands:
    """Sends the command `body`."""

    console: Console
    body: Mapping[str, Json]
    is_idempotent: ClassVar[bool] = False

    def start(self, session: Session, mark: str) -> Job:
        return self._job(member(call(session, "SendCommand", {**self.body, "Comment": mark}), "Command"))

    def recent(self, session: Session) -> Sequence[Candidate]:
        """Return the commands with this document since yesterday; after a restore, all that AWS still knows."""
        since = session.context.now - (KEPT if session.context.maybe_done else RECENT)
        name = str(self.body["DocumentName"])
        filters: list[Json] = [{"key": "InvokedAfter", "value": since.strftime("%Y-%m-%dT%H:%M:%SZ")}]
        if ":" not in name:  # the filter takes names, not the ARN of a shared document
            filters.append({"key": "DocumentName", "value": name})
        asked: dict[str, Json] = {"MaxResults": PAGE, "Filters": filters}
        found: list[Candidate] = []
        for _ in range(MOST_PAGES):
            answer = call(session, "ListCommands", asked)
            found += [
                Candidate(str(command.get("Comment")), self._job(command))
                for command in structures(answer, "Commands")
            ]
            if not answer.get("NextToken"):
                break
            asked = {**asked, "NextToken": answer["NextToken"]}
        return found

    def look(self, session: Session, job: Job) -> Job:
        listed = structures(call(session, "ListCommands", {"CommandId": job.id}), "Commands")
        if not listed:
            raise Unclear("AWS does not show the command.")
        if str(listed[0].get("Status")) not in ENDED:
            return self._job(listed[0])
        return self._job(listed[0], {"instances": self._outputs(session, job.id)})

    def cancel(self, session: Session, job: Job) -> None:
        call(session, "CancelCommand", {"CommandId": job.id})

    def _job(self, command: Mapping[str, Json], results: Mapping[str, Json] | None = None) -> Job:
        """Return the command as a job. It has ended once its `results` are known, which a look finds out."""
        id_, status = command.get("CommandId"), str(command.get("Status"))
        if not isinstance(id_, str):
            raise Unclear("AWS sent a command that cannot be read.")
        more, is_over = results or {}, results is not None
        return Job(
            id=id_,
            url=self.console.link(f"run-command/{id_}"),
            status=status,
            succeeded=status == "Success" if is_over else None,
            detail={**command, **more},
            results=more,
        )

    # What the instances said --------------------------------------------------------------------------

    def _outputs(self, session: Session, id_: str) -> Json:
        """Return the result of each instance by its id, the ends of its outputs bounded."""
        names = self._instances(session, id_)
        share = max(SHORTEST, min(LONGEST, OUTPUT // max(len(names), 1)))
        return {name: self._output(session, id_, name, share) for name in names}

    def _instances(self, session: Session, id_: str) -> list[str]:
        given = self.body.get("InstanceIds")
        if isinstance(given, list):
            return [str(name) for name in given]
        answer = call(session, "ListCommandInvocations", {"CommandId": id_, "MaxResults": MOST_INSTANCES})
        return [str(each.get("InstanceId")) for each in structures(answer, "CommandInvocations")]

    def _output(self, session: Session, id_: str, name: str, share: int) -> Json:
        found = call(session, "GetCommandInvocation", {"CommandId": id_, "InstanceId": name})
        return {
            "status": found.get("StatusDetails") or found.get("Status"),
            "exit_code": found.get("ResponseCode"),
            "stdout": str(found.get("StandardOutputContent") or "")[-share:],
            "stderr": str(found.get("StandardErrorContent") or "")[-share:],
        }
