"""Compose the sources of secrets from settings and the environment."""

import importlib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from cli.compose import Composition
from core.errors import ConfigurationError
from core.execution.secrets import SecretValues, VaultPort, WorkerSecrets
from core.io.secret_sources import EnvironmentSecrets, FileSecrets
from core.services.access.secrets import Declarations
from core.settings import Settings


def worker_secrets(composition: Composition, environ: Mapping[str, str]) -> WorkerSecrets:
    """Return the worker's secrets, with a copy of those in `environ`. Raises ConfigurationError."""
    values = secret_values(composition.settings, environ)
    return WorkerSecrets(
        values, Declarations(composition.unit_of_work.engine), composition.settings.credentials
    )


def secret_values(settings: Settings, environ: Mapping[str, str]) -> SecretValues:
    """Return the sources of secret values. Raises ConfigurationError if Vault is configured but cannot be used."""
    folders = tuple(map(Path, settings.secret_folder_entries))
    return SecretValues(EnvironmentSecrets(environ), FileSecrets(folders), _vault(settings))


def _vault(settings: Settings) -> VaultPort | None:
    """Return the Vault client, or None; its library is an optional extra and slow to import."""
    if not settings.vault_addr:
        return None
    token = Path(settings.vault_token_file) if settings.vault_token_file else settings.vault_token
    if not token:
        raise ConfigurationError(
            "VAULT_ADDR is set, but there is no token.", hint="Set VAULT_TOKEN or VAULT_TOKEN_FILE."
        )
    if find_spec("hvac") is None:
        raise ConfigurationError(
            "VAULT_ADDR is set, but hvac is not installed.", hint="Install runbook[vault]."
        )
    module = importlib.import_module("core.io.vault")
    vault: VaultPort = module.VaultSecrets(settings.vault_addr, token, namespace=settings.vault_namespace)
    return vault
