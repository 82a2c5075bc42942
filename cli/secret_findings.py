"""What the doctor finds of secrets: those that nobody declared, and those that cannot be read here."""

from collections.abc import Iterator, Mapping

from cli.compose import Composition
from cli.findings import Finding
from cli.secret_ways import secret_values
from cli.secrets import hosts_of
from core.definitions.secret import VARIABLE_PREFIX, EnvironmentSource, SecretDefinition
from core.errors import RunbookError
from core.execution.secrets import SecretValues
from core.services.access.secret_suggestions import misused_secrets, suggested_secrets
from core.services.access.secrets import declared_secrets

SUGGEST = "`runbook secrets suggest` prints declarations."


def secrets(composition: Composition, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Asked where the database can be read."""
    with composition.service.transaction() as work:
        declared = declared_secrets(work.session)
        undeclared = [str(each["name"]) for each in suggested_secrets(work, hosts_of(environ))]
        misused = misused_secrets(work)
    try:
        values = secret_values(composition.settings, environ)
    except RunbookError as error:
        yield Finding("secrets", False, error.message, error.hint or "")
        return
    if undeclared:
        yield Finding("secrets", False, f"Used, and not declared: {', '.join(undeclared)}.", SUGGEST)
    for sentence in misused:
        yield Finding("secrets", False, sentence, "Change the definition: that step fails.")
    missing = list(_missing(declared, values))
    for sentence in missing:
        yield Finding("secrets", False, sentence, "Set it where the workers run, if that is not here.")
    if not (undeclared or misused or missing):
        yield Finding("secrets", True, _well(declared, values))


def _missing(declared: Mapping[str, SecretDefinition], values: SecretValues) -> Iterator[str]:
    for name, definition in declared.items():
        try:
            values.read(definition.source)
        except RunbookError as error:
            yield f"{name}: {error.message}"


def _well(declared: Mapping[str, SecretDefinition], values: SecretValues) -> str:
    used = {each.source.env for each in declared.values() if isinstance(each.source, EnvironmentSource)}
    idle = [name.removeprefix(VARIABLE_PREFIX) for name in values.environment.variables() if name not in used]
    set_too = f" Set, and not declared, so used by nobody: {', '.join(idle)}." if idle else ""
    return f"{len(declared)} declared, and all can be read.{set_too}"
