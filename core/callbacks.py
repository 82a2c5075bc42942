"""Callback URLs for outside systems, signed so that only the recipient of a URL can use it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from itsdangerous import BadSignature

from core.errors import ConfigurationError, NotFound
from core.signing import signer

PURPOSE = b"callbacks of steps"  # of the derived key, so that its signatures are valid for nothing else


@dataclass(frozen=True)
class CallbackLinks:
    """Creates and verifies callback URLs. `secret`: the Slack signing secret, which `web` and the workers share; a
    derived key signs.
    """

    public_url: str = ""
    secret: str = field(default="", repr=False)

    def check_usable(self) -> None:
        """Raise ConfigurationError if callbacks cannot be used with these settings."""
        for name, value in (("PUBLIC_URL", self.public_url), ("SLACK_SIGNING_SECRET", self.secret)):
            if not value:
                raise ConfigurationError(
                    f"A callback needs a signed URL, but {name} is not set.",
                    hint=f"Set {name} to the same value for the workers and for web.",
                )

    def urls(self, execution_id: str, step_ids: Iterable[str]) -> Mapping[str, str]:
        """Return the URL for each step, by step id. Raises ConfigurationError if there are steps but callbacks cannot
        be used.
        """
        ids = list(step_ids)
        if ids:
            self.check_usable()
        base = f"{self.public_url.rstrip('/')}/api/callbacks/"
        return {step_id: base + self.token(execution_id, step_id) for step_id in ids}

    def token(self, execution_id: str, step_id: str) -> str:
        """Return `rbx_….STEP.SIGNATURE`."""
        return signer(self.secret, PURPOSE).sign(f"{execution_id}.{step_id}").decode()

    def read(self, token: str) -> tuple[str, str]:
        """Return the execution and the step of a token. Raises NotFound for a token that we did not create."""
        if not self.secret:  # then anybody could have signed it
            raise NotFound("There is no such callback.")
        try:
            name = signer(self.secret, PURPOSE).unsign(token).decode()
        except BadSignature as error:
            raise NotFound("There is no such callback.") from error
        execution_id, _, step_id = name.partition(".")
        return execution_id, step_id
