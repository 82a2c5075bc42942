"""The step `dns`: look a name up."""

import socket
import threading
from typing import Literal

from core.definitions.fields import PublicText
from core.definitions.steps import StepDefinition
from core.definitions.templates import render_text
from core.execution.preparation import Context, Outside, Prepared
from core.values.execution import Failed, StepResult, Succeeded


class DnsStep(StepDefinition):
    """Look `host` up; it succeeds when the name has an address."""

    example = """
id: address
type: dns
host: "{{ params.cluster }}.db.example"
"""

    type: Literal["dns"]
    host: PublicText
    """The name."""

    def prepare(self, context: Context) -> Prepared:
        host = render_text(self.host, context.scope, ("host",))
        return Outside({"host": host}, lambda stop: look_up(host, stop))


def look_up(host: str, _stop: threading.Event) -> StepResult:
    try:
        answers = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_STREAM)
    except OSError as error:
        return Failed(f"{host} has no address: {error}.")
    return Succeeded({"addresses": [str(answer[4][0]) for answer in answers]})
