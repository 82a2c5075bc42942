"""Starting a runbook, for both addresses that do."""

from collections.abc import Mapping
from http import HTTPStatus

from pydantic import JsonValue
from starlette.responses import Response

from bot.rest.answers import ExecutionAnswer
from bot.rest.field_names import fields_below
from bot.rest.idempotency import Post
from core.service import Work
from core.services.incidents import find_incident
from core.services.reading import view_execution
from core.services.runbook_starts import Start, start_by_person
from core.services.runbooks import find_runbook


def start(post: Post, incident: str, runbook: str, parameters: Mapping[str, JsonValue]) -> Response:
    """Start the runbook for the incident, both by reference; 201 with the execution."""

    def act(work: Work) -> ExecutionAnswer:
        person = post.caller.person
        wanted = Start(
            runbook=find_runbook(work, person, runbook),
            incident=find_incident(work, person, incident),
            parameters=parameters,
            request_key=post.request_key,
        )
        with fields_below("parameters"):
            row = start_by_person(work, person, wanted)
        return ExecutionAnswer(execution=view_execution(work, row))

    return post.once(act, HTTPStatus.CREATED)
