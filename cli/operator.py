"""The operator: the actor of commands that work directly on the database and need no further permission."""

from core.decisions.people import Person
from core.statuses import PrincipalKind

OPERATOR = Person("operator", is_platform_admin=True, source="cli", kind=PrincipalKind.OPERATOR)
