"""The sources of secrets: environment variables, files, and HashiCorp Vault.

Vault is read through its KV engine, version 2 (https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2), and
requires the extra `vault`.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

import hvac
import requests
from hvac.exceptions import Forbidden, InvalidPath, Unauthorized, VaultError

from core.definitions.problems import suggest
from core.definitions.secret import VARIABLE_PREFIX, is_of_the_system
from core.errors import ConfigurationError, NotFound, Unavailable

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


FILE_SUFFIX = "_FILE"
_LARGEST_FILE = 65_536


class EnvironmentSecrets:
    """Reads `RUNBOOK_SECRET_<NAME>`, or the file that `RUNBOOK_SECRET_<NAME>_FILE` names.

    The variables are copied at once, so that the process can remove them from its environment.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Take the environment, usually `os.environ`; no file is read yet."""
        self._environ = {name: value for name, value in environ.items() if name.startswith(VARIABLE_PREFIX)}

    def read(self, variable: str) -> str:
        """Return the secret. A single newline at the end of a file is not part of it.

        Raises NotFound if it is not set, and ConfigurationError if it is empty or its file cannot be read.
        """
        if variable in self._environ:
            value = self._environ[variable]
        elif variable + FILE_SUFFIX in self._environ:
            value = read_file(Path(self._environ[variable + FILE_SUFFIX]), f"{variable}{FILE_SUFFIX}")
        else:
            near = suggest(variable, self.variables(), plural="Variables that are set")
            hint = f"Set it, or {variable}{FILE_SUFFIX}, for the workers. {near}"
            raise NotFound(f"{variable} is not set.", hint=hint)
        if not value:
            raise ConfigurationError(f"{variable} is empty.", hint="Give it a value.")
        return value

    def variables(self) -> list[str]:
        """Return the variables of the secrets that are set."""
        # X_FILE counts as a secret of its own only if X is set as well; otherwise it names the file of X.
        return sorted({name.removesuffix(FILE_SUFFIX) for name in self._environ} - {VARIABLE_PREFIX[:-1]})

    def values(self) -> list[str]:
        """Return every secret that can be read, for masking."""
        found = []
        for variable in self.variables():
            try:
                found.append(self.read(variable))
            except (NotFound, ConfigurationError):
                continue
        return found


class FileSecrets:
    """Reads files. `folders`: where they must be; if empty, anywhere except in the kernel's virtual file systems."""

    def __init__(self, folders: tuple[Path, ...] = ()) -> None:
        self._folders = tuple(folder.resolve() for folder in folders)

    def read(self, path: str) -> str:
        """Return the file's text. Raises ConfigurationError if it cannot be read, is not allowed, or is empty."""
        place = Path(path).resolve()
        if is_of_the_system(PurePosixPath(place)) or not self._holds(place):
            hint = "RUNBOOK_SECRET_FOLDERS lists the folders in which secrets may be."
            raise ConfigurationError(f"{path} is not in a folder from which secrets are read.", hint=hint)
        value = read_file(place, path)
        if not value:
            raise ConfigurationError(f"{path} is empty.")
        return value

    def _holds(self, place: Path) -> bool:
        return not self._folders or any(place.is_relative_to(folder) for folder in self._folders)


def read_file(path: Path, called: str) -> str:
    """Read a file. Raises ConfigurationError, which names the file by `called` and never reveals its contents."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            text = file.read(_LARGEST_FILE + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(f"The file of {called} cannot be read: {reason}.") from None
    if len(text) > _LARGEST_FILE:
        raise ConfigurationError(f"The file of {called} is larger than {_LARGEST_FILE} characters.")
    return text.removesuffix("\n").removesuffix("\r")
