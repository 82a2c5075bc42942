"""The step `deploy`: start a deployment and follow it to its end."""

import threading
from datetime import timedelta
from typing import Literal

from core.definitions.fields import PublicText, PublicUrl
from core.definitions.http_requests import render_url
from core.definitions.steps import StepDefinition
from core.definitions.templates import render_text
from core.execution.preparation import Context, Outside, Prepared
from core.io.http import HttpRequest, NoAnswer, NotSent
from core.values.execution import Failed, InProgress, Json, StepResult, Succeeded, Uncertain

LIMIT, EVERY = timedelta(seconds=30), timedelta(seconds=10)


class DeployStep(StepDefinition):
    """Deploy `version`; it succeeds when the deployment has ended well."""

    acts_through = "http"
    keeps_secrets_to_hosts = True
    example = """
id: deployed
type: deploy
url: https://deploy.example
version: "{{ params.version }}"
"""

    type: Literal["deploy"]
    url: PublicUrl
    """The deployment service."""
    version: PublicText
    """The version."""

    def prepare(self, context: Context) -> Prepared:
        url = render_url(self.url, context.shown_scope, ("url",)) + "/deployments"
        version = render_text(self.version, context.shown_scope, ("version",))
        shown: Json = {"url": url, "version": version}
        if context.progress is None:
            return Outside(shown, lambda stop: start(url, version, context, stop))
        return Outside(shown, lambda stop: look(f"{url}/{context.progress}", context, stop))


def start(url: str, version: str, context: Context, stop: threading.Event) -> StepResult:
    request = HttpRequest("POST", url, query={"version": version}, carried=context.carried)
    try:
        answer = context.ports.http.call(request, LIMIT, stop)
    except NotSent as error:
        return Failed(str(error))
    except NoAnswer as error:
        return Uncertain(str(error))
    if answer.status >= 500 or not isinstance(answer.json, dict):
        return Uncertain(f"Answered {answer.status}")
    if answer.status >= 400:
        return Failed(f"Answered {answer.status}")
    return InProgress(answer.json["id"], EVERY, "The deployment has started.")


def look(url: str, context: Context, stop: threading.Event) -> StepResult:
    request = HttpRequest("GET", url, carried=context.carried)
    try:
        state = context.ports.http.call(request, LIMIT, stop).json
    except (NotSent, NoAnswer) as error:
        return InProgress(context.progress, EVERY, str(error))
    output = context.masker.mask_value(state)
    match state:
        case {"status": "done"}:
            return Succeeded(output)
        case {"status": "failed"}:
            return Failed("The deployment failed.", output)
    return InProgress(context.progress, EVERY, "The deployment goes on.", output)
