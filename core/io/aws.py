"""Signatures of requests to AWS (Signature Version 4), and the worker's own identity there. Requires the extra `aws`.

botocore only signs. It sends nothing of what a step does: core.io.http does, with its egress policy, its total deadline
and its account of what was sent, and nothing is retried behind a step's back. What botocore asks for the worker's own
identity (environment, ~/.aws, a container's endpoint, the instance's metadata) is configured by the operator alone, and
RUNBOOK_EGRESS does not apply to it.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html,
https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html

This module is imported only by processes that act.
"""

import threading
from dataclasses import replace
from datetime import timedelta

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import BotoCoreError

from core.errors import ConfigurationError, NotAllowed
from core.io.aws_scope import AwsScope
from core.io.http import HttpRequest
from core.io.outside_calls import OutsideCall, call_outside

LIMIT = timedelta(seconds=10)  # for finding the worker's own identity
HOW = "Give access_key and secret_key, or list the team in the workers' RUNBOOK_AWS_TEAMS."


class AwsSigner:
    """Signs with a step's keys, or with the worker's own identity for the `teams` that may use it (`*`: all)."""

    def __init__(self, teams: frozenset[str]) -> None:
        self._teams, self._lock = teams, threading.Lock()
        self._session: botocore.session.Session | None = None

    def signed(self, request: HttpRequest, scope: AwsScope, stop: threading.Event) -> HttpRequest:
        """Return the request with its signature.

        Raises NotAllowed if the team may not use the worker's identity, ConfigurationError if the worker has none, and
        NotSent if it was not found in time.
        """
        keys = scope.keys
        found = (
            Credentials(keys.access_key, keys.secret_key, keys.session_token)
            if keys
            else self._own(scope, stop)
        )
        unsigned = AWSRequest(request.method, request.url, dict(request.headers), request.content or b"")
        SigV4Auth(found, scope.service, scope.region).add_auth(unsigned)
        return replace(request, headers=dict(unsigned.headers.items()))

    def _own(self, scope: AwsScope, stop: threading.Event) -> ReadOnlyCredentials:
        if not self._teams & {scope.team, "*"}:
            raise NotAllowed(
                f"Runbooks of the team {scope.team} may not act with the worker's own identity in AWS.",
                hint=HOW,
            )
        return call_outside(self._find, LIMIT, stop, "aws")

    def _find(self, _call: OutsideCall) -> ReadOnlyCredentials:
        """Return the worker's credentials, refreshed if they end soon."""
        with self._lock:
            if self._session is None:
                self._session = botocore.session.Session()
            try:
                found = self._session.get_credentials()
                if found is not None:
                    frozen: ReadOnlyCredentials = found.get_frozen_credentials()
                    return frozen
            except BotoCoreError as error:
                raise ConfigurationError(f"The worker's identity in AWS cannot be read: {error}") from None
        raise ConfigurationError("The worker has no identity in AWS.", hint=HOW)
