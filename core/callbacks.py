"""The addresses that outside systems call back: signed, so that only who was given one can use it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from itsdangerous import BadSignature

from core.errors import ConfigurationError, NotFound
from core.signing import signer

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
        return signer(self.secret, PURPOSE).sign(f"{execution_id}.{step_id}").decode()

    def read(self, token: str) -> tuple[str, str]:
        """The execution and the step that a token was made for. Raises NotFound for one that we did not make."""
        if not self.secret:  # anybody could have signed
            raise NotFound("There is no such callback.")
        try:
            name = signer(self.secret, PURPOSE).unsign(token).decode()
        except BadSignature as error:
            raise NotFound("There is no such callback.") from error
        execution_id, _, step_id = name.partition(".")
        return execution_id, step_id
