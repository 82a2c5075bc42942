"""Calls of Systems Manager, and what its two kinds of jobs have in common.

Sources: https://docs.aws.amazon.com/systems-manager/latest/APIReference/Welcome.html,
https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from core.effects.remote import Api, Session, Unclear
from core.errors import ConfigurationError, InvalidInput
from core.execution.preparation import Context
from core.io.aws_scope import AwsKeys, AwsScope
from core.io.http import HttpRequest
from core.values.execution import Json

REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}")
KIND = "application/x-amz-json-1.1"
CHINA = "cn-"


def endpoint_of(region: str) -> str:
    """Return the service's address in a region: https://docs.aws.amazon.com/general/latest/gr/ssm.html"""
    return f"https://ssm.{region}.amazonaws.com{'.cn' if region.startswith(CHINA) else ''}"


def region_from(text: str) -> str:
    """Return the region. Raises InvalidInput for what is no name of a region, which is part of the host's name."""
    if not REGION.fullmatch(text):
        raise InvalidInput(
            f"{text!r} is not a region of AWS.", hint="Write one such as eu-central-1.", field="region"
        )
    return text


def ssm_api(url: str, region: str, keys: Mapping[str, str], context: Context) -> Api:
    """Return the API. Each request is signed when it is sent, with the step's keys, or as the worker.

    `keys`: `access_key`, `secret_key` and perhaps `session_token`; empty for the worker's own identity.
    """
    found = AwsKeys(**keys) if keys else None

    def sign(request: HttpRequest, stop: threading.Event) -> HttpRequest:
        if context.ports.aws is None:
            raise ConfigurationError(
                "Steps of type aws_ssm need the extra aws.",
                hint="Install it on the workers: pip install runbook[aws]",
            )
        return context.ports.aws.signed(request, AwsScope("ssm", region, context.team, found), stop)

    return Api("AWS", url, sign=sign)


@dataclass(frozen=True)
class Console:
    """Where people see a job."""

    region: str

    def link(self, place: str) -> str:
        domain = "amazonaws.cn" if self.region.startswith(CHINA) else "aws.amazon.com"
        return f"https://{self.region}.console.{domain}/systems-manager/{place}?region={self.region}"


def call(session: Session, action: str, body: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return the answer to an action. Raises Refused, Unclear, and what the HTTP port raises."""
    headers = {"X-Amz-Target": f"AmazonSSM.{action}"}
    response = session.checked(session.send("POST", "/", body=dict(body), kind=KIND, headers=headers))
    answer = session.json_of(response)
    if not isinstance(answer, dict):
        raise Unclear(f"AWS sent an answer to {action} that cannot be read.")
    return answer


def member(answer: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    """Return the structure in an answer. Raises Unclear if there is none."""
    found = answer.get(name)
    if not isinstance(found, dict):
        raise Unclear(f"AWS sent an answer without {name}.")
    return found


def structures(answer: Mapping[str, Json], name: str) -> list[Mapping[str, Json]]:
    """Return the structures of a list in an answer."""
    found = answer.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
