"""The `aws_ssm` step: send a command to instances, or start an automation, and follow it to its end."""

import shlex
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from core.definitions.fields import PublicText, PublicUrl, TemplateJson, TemplateText
from core.definitions.http_requests import render_url
from core.definitions.templates import as_text, placeholders, render, render_text
from core.effects.aws.automations import Automations
from core.effects.aws.commands import MOST_INSTANCES, Commands
from core.effects.aws.ssm import Console, endpoint_of, region_from, ssm_api
from core.effects.commands import render_arguments
from core.effects.job_steps import JobStep
from core.effects.job_values import JobSystem
from core.effects.remote import Api
from core.errors import InvalidInput
from core.execution.preparation import Context
from core.steps.shell import refuse_shell_string
from core.steps.ssh import Credential, name_of_secret
from core.values.execution import Json

SCRIPTS = ("AWS-RunShellScript", "AWS-RunPowerShellScript", "AWS-RunRemoteScript")
SHELL = "AWS-RunShellScript"
USES = {
    "argv": "send_command",
    "allow_options": "send_command",
    "instances": "send_command",
    "targets": "send_command",
    "max_concurrency": "send_command",
    "max_errors": "send_command",
}


class AwsSsmStep(JobStep):
    """Send a command to instances through AWS Systems Manager, or start an automation, and follow it to its end.

    It succeeds if the status is `Success`; `expect` and `save` see the command or the execution as `job`, with
    `job.instances` (each one's `status`, `exit_code`, `stdout` and `stderr`) or `job.outputs`.

    What it was started by: an automation gets a client token made of the step's key. If the answer or the worker is
    lost, it is started again with the same token, and AWS answers with the execution that there is. A command has no
    token: the step's key is its comment, and it is looked for among the newest 500 commands of its document since
    yesterday, for two minutes. If it is not among them, people are asked whether it was sent; it is never sent a second
    time without `retry: {safe: true}`.

    What it cannot know: how long AWS remembers a token, which AWS does not document; so after a restore of the database
    people are asked. Whether a command that was cancelled, or that AWS could not deliver in time, ran on an instance.

    Credentials: `access_key` and `secret_key`, as secrets. Without them the step acts as the worker (environment,
    ~/.aws, the role of its container or instance), if an operator has listed the team in RUNBOOK_AWS_TEAMS.
    RUNBOOK_EGRESS must allow the endpoint; it does not apply to how the worker finds its own identity. The worker's
    clock must be right within five minutes, or AWS refuses the signature. Sources:
    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html,
    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_StartAutomationExecution.html
    """

    system_name = "AWS"
    example: ClassVar[str] = """
id: reload
type: aws_ssm
action: send_command
region: eu-central-1
access_key: "{{ secrets.AWS_ACCESS_KEY }}"
secret_key: "{{ secrets.AWS_SECRET_KEY }}"
document: AWS-RunShellScript
argv: [systemctl, reload, "{{ params.cluster }}"]
targets: {"tag:Role": [pooler]}
max_concurrency: "2"
timeout: 10m
"""

    type: Literal["aws_ssm"]
    action: Literal["send_command", "start_automation"]
    """What is done."""
    region: PublicText
    """The region."""
    endpoint: PublicUrl | None = None
    """The URL of the service, if it is not the region's public one: that of a VPC endpoint."""
    access_key: Credential | None = None
    """The id of the access key, as one secret."""
    secret_key: Credential | None = None
    """The secret access key, as one secret."""
    session_token: Credential | None = None
    """The session token of temporary credentials, as one secret."""
    document: Annotated[PublicText, Field(min_length=1)]
    """The document's name or ARN. It must be literal."""
    document_version: PublicText | None = None
    """The version of the document; its default version if omitted."""
    parameters: dict[str, TemplateJson] = {}
    """The document's parameters. Each is a text or a list of texts. For the documents `AWS-RunShellScript`,
    `AWS-RunPowerShellScript` and `AWS-RunRemoteScript` they must be literal, so that no value becomes part of a script;
    give values to `argv`, or to the parameters of a document of your own."""
    argv: Annotated[tuple[TemplateText, ...], BeforeValidator(refuse_shell_string)] = ()
    """For `AWS-RunShellScript`: the program and its arguments, one item each. They are quoted for the shell, and become
    the parameter `commands`. The program must be literal."""
    allow_options: bool = False
    """Whether an argument that comes from a value may start with `-`."""
    instances: Annotated[tuple[PublicText, ...], Field(max_length=MOST_INSTANCES)] = ()
    """The ids of the instances, at most 50."""
    targets: Annotated[dict[str, TemplateJson], Field(max_length=5)] = {}
    """Or what selects them: `tag:NAME` or `resource-groups:Name`, each with a list of values."""
    max_concurrency: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,6}%?$")] | None = None
    """On how many instances the command runs at the same time: a number or a percentage."""
    max_errors: Annotated[str, Field(pattern=r"^[0-9]{1,7}%?$")] | None = None
    """After how many failures it is sent to no further instance: a number or a percentage."""

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        for problem in self._problems():
            raise PydanticCustomError("aws_ssm", "{problem}", {"problem": problem})
        return self

    def _problems(self) -> list[str]:
        is_command = self.action == "send_command"
        literal = not placeholders(self.document)
        scripted = any("{{" in str(value) for value in self.parameters.values())
        found = [
            f"{name} is not for the action {self.action}."
            for name in sorted(self.model_fields_set & USES.keys())
            if USES[name] != self.action
        ]
        checks = {
            "Write the document literally, so that no value chooses it.": not literal,
            "Give either instances or targets.": is_command and bool(self.instances) == bool(self.targets),
            "Give access_key and secret_key, or neither.": bool(self.access_key) != bool(self.secret_key),
            "session_token needs access_key and secret_key.": self.session_token is not None
            and not self.access_key,
            f"argv is for the document {SHELL}.": bool(self.argv) and self.document != SHELL,
            "Give either argv or parameters.commands.": bool(self.argv) and "commands" in self.parameters,
            "argv.0 is the program. Write it literally, so that no value chooses it.": bool(
                self.argv and placeholders(self.argv[0])
            ),
            "A value could become part of a script. Write parameters literally, and give values to argv.": (
                self._name in SCRIPTS and scripted
            ),
        }
        return [*found, *(problem for problem, is_so in checks.items() if is_so)]

    @property
    def _name(self) -> str:
        """The document's name, without the ARN around it."""
        return self.document.rpartition("/")[2]

    @property
    def finds_lost_attempts(self) -> bool:
        return True

    def shown(self, context: Context) -> Json:
        return {
            "method": "POST",
            "url": self._url(context) + "/",
            "action": self.action,
            "body": self._body(context.shown_scope),
            "credentials": name_of_secret(self.access_key) if self.access_key else "the worker's own",
            "key": context.key,
        }

    def api(self, context: Context) -> Api:
        return ssm_api(self._url(context), self._region(context), self._keys(context), context)

    def system(self, context: Context) -> JobSystem:
        console = Console(self._region(context))
        body = self._body(context.scope if context.progress is None else context.shown_scope)
        return Commands(console, body) if self.action == "send_command" else Automations(console, body)

    def _keys(self, context: Context) -> dict[str, str]:
        given = {
            "access_key": self.access_key,
            "secret_key": self.secret_key,
            "session_token": self.session_token,
        }
        return {
            name: render_text(template, context.scope, (name,)).strip()
            for name, template in given.items()
            if template is not None
        }

    def _region(self, context: Context) -> str:
        return region_from(render_text(self.region, context.shown_scope, ("region",)))

    def _url(self, context: Context) -> str:
        if self.endpoint is None:
            return endpoint_of(self._region(context))
        return render_url(self.endpoint, context.shown_scope, ("endpoint",)).rstrip("/")

    def _body(self, scope: Mapping[str, object]) -> dict[str, Json]:
        parameters = _lists(render(self.parameters, scope, ("parameters",)))
        if self.argv:
            parameters["commands"] = [shlex.join(render_arguments(self, scope))]
        version = None
        if self.document_version is not None:
            version = render_text(self.document_version, scope, ("document_version",))
        selectors = _lists(render(self.targets, scope, ("targets",)))
        targets: list[Json] = [{"Key": key, "Values": values} for key, values in selectors.items()]
        instances: list[Json] = [
            render_text(each, scope, ("instances", at)) for at, each in enumerate(self.instances)
        ]
        given: dict[str, Json] = {
            "DocumentName": self.document,
            "DocumentVersion": version,
            "Parameters": parameters or None,
            "InstanceIds": instances or None,
            "Targets": targets or None,
            "MaxConcurrency": self.max_concurrency,
            "MaxErrors": self.max_errors,
        }
        return {name: value for name, value in given.items() if value is not None}


def _lists(values: Json) -> dict[str, Json]:
    """Return the values as AWS takes them: lists of texts. Raises InvalidInput for an empty list, which selects all."""
    assert isinstance(values, dict)
    lists: dict[str, Json] = {}
    for name, value in values.items():
        items = value if isinstance(value, list) else [value]
        if not items:
            raise InvalidInput(f"{name} has no value.", field=name)
        lists[name] = [as_text(item) for item in items]
    return lists
