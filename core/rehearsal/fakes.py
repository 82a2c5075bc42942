"""The ports of a rehearsal, and of a plan: they answer what a case says, or nothing, and reach nothing."""

import json
import threading
from dataclasses import dataclass
from datetime import timedelta

from core.decisions.execution import Failed, StepResult, Succeeded
from core.definitions.cases import FakeAnswer
from core.outside.http import HttpRequest, NoAnswer
from core.outside.process import Command, ProcessResult
from core.outside.response import HttpResponse, read_response
from core.outside.text import excerpt_of


@dataclass(frozen=True)
class FakeHttp:
    """Answers every call alike."""

    answer: FakeAnswer

    def call(self, request: HttpRequest, limit: timedelta, stop: threading.Event) -> HttpResponse:  # noqa: ARG002 as in the port
        """Raises NoAnswer where the case says so."""
        if self.answer.no_answer:
            raise NoAnswer(f"No whole answer within {limit.total_seconds():g} s.")
        return read_response(self.answer.status, self.answer.headers, [_body(self.answer)], request.mask)

    def close(self) -> None:
        """There is nothing to close."""


@dataclass(frozen=True)
class FakeProcesses:
    """Answers every command alike."""

    answer: FakeAnswer

    def run(self, command: Command, limit: timedelta, stop: threading.Event) -> ProcessResult:  # noqa: ARG002 as in the port
        """Without an answer the command was cut short, as after its time."""
        given = self.answer
        ended = "timeout" if given.no_answer else "exit"
        stdout, stderr = (
            excerpt_of(text.encode("utf-8", "surrogatepass"), command.mask)
            for text in (given.stdout, given.stderr)
        )
        return ProcessResult(given.exit_code, stdout, stderr, ended)

    limits_programs = True  # which may be run, the workers know; here none is

    def check(self, command: Command) -> None:
        """Any command may be answered."""


def outcome(answer: FakeAnswer) -> StepResult:
    """What a step comes to, where the case says that itself."""
    if answer.error is not None:
        return Failed(answer.error, answer.output)
    return Succeeded(answer.output, answer.saved)


def _body(answer: FakeAnswer) -> bytes:
    """As it would come over the wire: what is made of it is what is made of any answer."""
    if answer.text is not None:
        return answer.text.encode("utf-8", "surrogatepass")
    is_given = "json_body" in answer.model_fields_set
    return json.dumps(answer.json_body).encode() if is_given else b""
