"""HashiCorp Vault: secrets of its KV engine, version 2.

https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2. Needs the extra `vault`.
"""

import time
from collections.abc import Callable
from pathlib import Path

import hvac
import requests
from hvac.exceptions import Forbidden, InvalidPath, Unauthorized, VaultError

from core.errors import ConfigurationError, NotFound, Unavailable

from .secret_sources import read_file

SECONDS = 5.0  # for one call
FRESH_SECONDS = 10.0  # as long a secret that was read is not read again


class VaultSecrets:
    """Reads from one Vault. `token`: the token itself, or the file where it is, which is read each time it is needed.

    What was read is kept for a few seconds, in this process and nowhere else.
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
        """Answer the field of the secret at MOUNT/PATH.

        Raises NotFound where there is none, ConfigurationError where the token may not read it, Unavailable where
        Vault does not answer. None of them says what a secret is.
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
            hint = "VAULT_TOKEN, or VAULT_TOKEN_FILE, needs a policy that reads it."
            raise ConfigurationError(f"Vault does not let us read {place}.", hint=hint) from None
        except (VaultError, requests.RequestException) as error:
            raise Unavailable(f"Vault does not give {place}: {type(error).__name__}.") from None
        except (KeyError, TypeError, AttributeError, ValueError):
            raise Unavailable(f"Vault's answer for {place} is not understood.") from None
