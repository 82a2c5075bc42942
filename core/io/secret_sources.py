"""The sources of secrets on this machine: environment variables and files."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from core.definitions.problems import suggest
from core.errors import ConfigurationError, NotFound
from core.values.secret_places import VARIABLE_PREFIX, is_of_the_system

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
