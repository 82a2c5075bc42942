"""HashiCorp Vault as a source of secrets. Requires the extra `vault`, and is imported only where Vault is configured.

It is read through its KV engine, version 2 (https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2).
"""

import time
from collections.abc import Callable
from pathlib import Path

import hvac
import requests
from hvac.exceptions import Forbidden, InvalidPath, Unauthorized, VaultError

from core.errors import ConfigurationError, NotFound, Unavailable
from core.io.secret_sources import read_file

SECONDS = 5.0  # per call
FRESH_SECONDS = 10.0  # how long a secret that was read is cached


class VaultSecrets:
    """Reads from one Vault. `token`: the token itself, or the file that contains it, which is read for each request.

    Secrets are cached for a few seconds, in this process and nowhere else.
    """

    def __init__(
        self,
        address: str,
        token: str | Path,
        *,
        namespace: str = "",
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = hvac.Client(url=address, timeout=SECONDS, namespace=namespace or None)
        self._token, self._now = token, now
        self._known: dict[str, tuple[float, dict[str, str]]] = {}

    def read(self, place: str, field: str) -> str:
        """Return the field of the secret at MOUNT/PATH.

        Raises NotFound if there is none, ConfigurationError if the token may not read it, Unavailable if Vault does not
        answer. No message reveals a secret.
        """
        value = self._fields(place).get(field)
        if not value:
            raise NotFound(f"Vault has no field {field} at {place}.")
        return value

    def _fields(self, place: str) -> dict[str, str]:
        until, fields = self._known.get(place, (0.0, {}))
        if self._now() >= until:
            fields = self._ask(place)
            self._known[place] = (self._now() + FRESH_SECONDS, fields)
        return fields

    def _ask(self, place: str) -> dict[str, str]:
        mount, _, path = place.partition("/")
        given = self._token
        self._client.token = read_file(given, "VAULT_TOKEN_FILE") if isinstance(given, Path) else given
        try:
            answer = self._client.secrets.kv.v2.read_secret_version(
                path=path, mount_point=mount, raise_on_deleted_version=True
            )
            data = answer["data"]["data"]
            return {name: value for name, value in data.items() if isinstance(value, str)}
        except InvalidPath:
            raise NotFound(f"Vault has nothing at {place}.") from None
        except (Forbidden, Unauthorized):
            hint = "VAULT_TOKEN or VAULT_TOKEN_FILE needs a policy that allows reading it."
            raise ConfigurationError(f"Vault does not allow us to read {place}.", hint=hint) from None
        except (VaultError, requests.RequestException) as error:
            raise Unavailable(f"Vault did not return {place}: {type(error).__name__}.") from None
        except (KeyError, TypeError, AttributeError, ValueError):
            raise Unavailable(f"Vault's answer for {place} was not understood.") from None
