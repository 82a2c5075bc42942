"""What the REST face is told when it is made."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RestSettings:
    """`single_admin`: a platform admin may approve a definition that they wrote (RUNBOOK_SINGLE_ADMIN)."""

    single_admin: bool = False
