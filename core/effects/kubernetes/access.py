"""The API of a cluster, with the credentials that a kubeconfig or a token gives."""

import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta

from core.effects.remote import LIMIT, Api, Session, credentials
from core.errors import ConfigurationError, InvalidInput
from core.execution.preparation import Context
from core.io.tls import Access, Tls


@dataclass(frozen=True)
class Credentials:
    """What the step gives: a kubeconfig, and which of its contexts; or a token. `authority`: PEM."""

    kubeconfig: str | None = field(default=None, repr=False)
    context: str | None = None
    token: str | None = field(default=None, repr=False)
    authority: str | None = field(default=None, repr=False)
    insecure: bool = False


@dataclass(frozen=True)
class ClusterApi(Api):
    """A cluster's API. Its credentials are read when it is called: before, they may be made up."""

    given: Credentials = field(default_factory=Credentials)

    def session(self, context: Context, stop: threading.Event, limit: timedelta = LIMIT) -> Session:
        """Return the calls of one look. Raises InvalidInput for credentials that cannot be used."""
        if not self.url.startswith("https://") and not self.given.insecure:
            raise InvalidInput(
                f"{self.url} is not https, so anybody could read the token.",
                hint="Write https://, or say insecure_skip_tls_verify: true.",
                field="url",
            )
        access = self._access(context)
        headers = credentials("Authorization", f"Bearer {access.token}") if access.token else {}
        api = Api(self.name, self.url, headers, access.tls)
        masker = context.masker_with(*access.secrets)
        return api.session(replace(context, masker=masker), stop, limit)

    def _access(self, context: Context) -> Access:
        given = self.given
        if given.kubeconfig is None:
            token = given.token.strip() if given.token else None
            return Access(Tls(given.authority, verifies=not given.insecure), token)
        if context.ports.clusters is None:
            raise ConfigurationError("This process reads no kubeconfig.")
        return context.ports.clusters(given.kubeconfig, self.url, given.context, insecure=given.insecure)
