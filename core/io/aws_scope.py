"""For whom and what a request to AWS is signed, as a value. core.io.aws signs it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class AwsKeys:
    """The credentials of an identity in AWS. `session_token`: of temporary ones."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class AwsScope:
    """What a signature covers. `keys`: None for the worker's own identity, which `team` must be allowed to use."""

    service: str
    region: str
    team: str
    keys: AwsKeys | None = None
