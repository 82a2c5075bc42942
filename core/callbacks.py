"""The addresses that outside systems call back: signed, so that only who was given one can use it."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from core.errors import ConfigurationError, NotFound

PURPOSE = b"callbacks of steps"  # of the derived key, so that no signature serves anything else


@dataclass(frozen=True)
class CallbackLinks:
    """`secret` is the Slack signing secret, which `web` and workers share; a key derived from it signs."""

    public_url: str = ""
    secret: str = field(default="", repr=False)

    def check_usable(self) -> None:
        """Raise ConfigurationError where nobody could call back."""
        for name, value in (("PUBLIC_URL", self.public_url), ("SLACK_SIGNING_SECRET", self.secret)):
            if not value:
                raise ConfigurationError(
                    f"A callback needs an address that is signed: {name} is not set.",
                    hint=f"Set {name} for the workers and for web, to the same value.",
                )

    def urls(self, execution_id: str, step_ids: Iterable[str]) -> Mapping[str, str]:
        """The address for each step, by its id. Raises ConfigurationError where there are steps, and no addresses."""
        ids = list(step_ids)
        if ids:
            self.check_usable()
        base = f"{self.public_url.rstrip('/')}/api/callbacks/"
        return {step_id: base + self.token(execution_id, step_id) for step_id in ids}

    def token(self, execution_id: str, step_id: str) -> str:
        """`rbx_….STEP.SIGNATURE`."""
        name = f"{execution_id}.{step_id}"
        return f"{name}.{self._signature(name)}"

    def read(self, token: str) -> tuple[str, str]:
        """The execution and the step that a token was made for. Raises NotFound for one that we did not make."""
        name, _, signature = token.rpartition(".")
        execution_id, _, step_id = name.partition(".")
        if not self.secret or not hmac.compare_digest(self._signature(name).encode(), signature.encode()):
            raise NotFound("There is no such callback.")
        return execution_id, step_id

    def _signature(self, name: str) -> str:
        key = hmac.digest(self.secret.encode(), PURPOSE, hashlib.sha256)
        return base64.urlsafe_b64encode(hmac.digest(key, name.encode(), hashlib.sha256)).decode().rstrip("=")
