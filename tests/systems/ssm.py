"""Systems Manager of AWS, played from https://docs.aws.amazon.com/systems-manager/latest/APIReference/: SendCommand,
ListCommands, ListCommandInvocations, GetCommandInvocation, CancelCommand, and StartAutomationExecution (with client
tokens), GetAutomationExecution, StopAutomationExecution. moto (test_aws_ssm.py) has the commands as well, which end at
once there, and no automations.
"""

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from tests.systems.play import Answer, Call, JobPlay

SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=AKIATEST/\d{8}/eu-central-1/ssm/aws4_request, "
    r"SignedHeaders=\S+, Signature=[0-9a-f]{64}"
)
LONGEST_COMMENT = 100
READS = ("List", "Get")


@dataclass
class Ssm(JobPlay):
    """`outputs`: what every instance prints. `automations`: the parameters of each by its client token."""

    results: tuple[str, ...] = ("instances",)
    outputs: str = "reloaded\n"
    automations: dict[str, tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=dict)

    def handle(self, call: Call) -> Answer | None:
        """Every call is a POST; those that only read are not lost as changes are."""
        if self._action(call).startswith(READS):
            self.calls.append(call)
            during, self.during_a_look = self.during_a_look, None
            if during is not None:
                during()
            return self.looks or self.answer(call)
        return super().handle(call)

    def answer(self, call: Call) -> Answer:
        if not SIGNED.fullmatch(call.headers.get("authorization", "")):
            return error("IncompleteSignatureException")
        assert call.headers["content-type"] == "application/x-amz-json-1.1"
        handler = getattr(self, f"_{self._action(call)}", None)
        return error("UnknownOperationException") if handler is None else handler(call.json)

    def _action(self, call: Call) -> str:
        return call.headers.get("x-amz-target", "").removeprefix("AmazonSSM.")

    # Commands ------------------------------------------------------------------------------------------

    def _SendCommand(self, body: dict[str, Any]) -> Answer:  # noqa: N802 as the action
        assert len(body["Comment"]) <= LONGEST_COMMENT
        assert ("InstanceIds" in body) != ("Targets" in body)
        assert all(isinstance(each, list) for each in body.get("Parameters", {}).values())
        command = {"CommandId": str(uuid4()), "Status": "Pending", **body}
        self.jobs.append({"mark": body["Comment"], "command": command})
        return Answer(200, {"Command": command})

    def _ListCommands(self, body: dict[str, Any]) -> Answer:  # noqa: N802 as the action
        commands = [job["command"] for job in reversed(self.jobs) if "command" in job]
        if "CommandId" in body:
            return Answer(
                200, {"Commands": [each for each in commands if each["CommandId"] == body["CommandId"]]}
            )
        wanted = {each["key"]: each["value"] for each in body["Filters"]}
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", wanted["InvokedAfter"])
        found = [each for each in commands if each["DocumentName"] == wanted["DocumentName"]]
        start = int(body.get("NextToken", "0"))
        page = [] if self.hidden else found[start : start + 1]  # of the smallest size
        more = {"NextToken": str(start + 1)} if start + 1 < len(found) else {}
        return Answer(200, {"Commands": page, **more})

    def _ListCommandInvocations(self, body: dict[str, Any]) -> Answer:  # noqa: N802 as the action
        return Answer(200, {"CommandInvocations": [{"InstanceId": f"i-{number}"} for number in range(2)]})

    def _GetCommandInvocation(self, body: dict[str, Any]) -> Answer:  # noqa: N802 as the action
        status = self._command(body)["Status"]
        said = {"StandardOutputContent": self.outputs, "StandardErrorContent": ""}
        return Answer(200, {"Status": status, "StatusDetails": status, "ResponseCode": 0, **said})

    def _CancelCommand(self, body: dict[str, Any]) -> Answer:  # noqa: N802 as the action
        self.cancelled.append(self._command(body)["CommandId"])
        return Answer(200, {})

    def _command(self, body: dict[str, Any]) -> dict[str, Any]:
        (found,) = [job["command"] for job in self.jobs if job["command"]["CommandId"] == body["CommandId"]]
        return dict(found)

    # Automations -----------------------------------------------------------------------------------------

    def _StartAutomationExecution(self, body: dict[str, Any]) -> Answer:  # noqa: N802 as the action
        token = body.pop("ClientToken")
        assert str(UUID(token)) == token
        if token in self.automations:
            before, execution = self.automations[token]
            if before != body:
                return error("IdempotentParameterMismatch")
        else:
            id_ = {"AutomationExecutionId": str(uuid4())}
            execution = {**id_, "AutomationExecutionStatus": "InProgress", **body}
            self.automations[token] = (body, execution)
            self.jobs.append({"mark": token, "execution": execution})
        return Answer(200, {"AutomationExecutionId": execution["AutomationExecutionId"]})

    def _GetAutomationExecution(self, body: dict[str, Any]) -> Answer:  # noqa: N802 as the action
        return Answer(200, {"AutomationExecution": self._execution(body)})

    def _StopAutomationExecution(self, body: dict[str, Any]) -> Answer:  # noqa: N802 as the action
        assert body["Type"] == "Cancel"
        self.cancelled.append(self._execution(body)["AutomationExecutionId"])
        return Answer(200, {})

    def _execution(self, body: dict[str, Any]) -> dict[str, Any]:
        id_ = body["AutomationExecutionId"]
        (found,) = [job["execution"] for job in self.jobs if job["execution"]["AutomationExecutionId"] == id_]
        return dict(found)

    def end(self, *, well: bool = True) -> None:
        job, status = self.jobs[-1], "Success" if well else "Failed"
        if "command" in job:
            job["command"]["Status"] = status
        else:
            steps = [{"StepName": "restart", "StepStatus": status}]
            ended = {"AutomationExecutionStatus": status, "Outputs": {"restart.Id": ["7"]}}
            job["execution"] |= {
                **ended,
                "StepExecutions": steps,
                "FailureMessage": "" if well else "It broke",
            }

    def step(self, more: str = "", *, keyed: bool = True) -> str:
        assert keyed
        return f"""
    - id: deploy
      type: aws_ssm
      action: send_command
      region: eu-central-1
      endpoint: {self.url}
      access_key: "{{{{ secrets.ACCESS }}}}"
      secret_key: "{{{{ secrets.TOKEN }}}}"
      document: AWS-RunShellScript
      argv: [systemctl, reload, orders]
      instances: [i-1, i-2]
      save: {{result: job.Status}}
      {more}
    """

    def automation(self, more: str = "") -> str:
        return f"""
    - id: deploy
      type: aws_ssm
      action: start_automation
      region: eu-central-1
      endpoint: {self.url}
      access_key: "{{{{ secrets.ACCESS }}}}"
      secret_key: "{{{{ secrets.TOKEN }}}}"
      document: AWS-RestartEC2Instance
      parameters: {{InstanceId: [i-1], Note: "{{{{ incident.title }}}}"}}
      {more}
    """


def error(name: str) -> Answer:
    return Answer(400, {"__type": name, "message": "no"})
