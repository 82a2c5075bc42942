"""Who types at the database itself, on the machine: the operator, who needs nobody's permission."""

from core.decisions.people import Person
from core.statuses import PrincipalKind

OPERATOR = Person("operator", is_platform_admin=True, source="cli", kind=PrincipalKind.OPERATOR)
