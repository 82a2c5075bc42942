"""Lines that OpenSSH's own ssh-keygen has written."""

import base64
import subprocess
from pathlib import Path

import pytest

from core.io.known_hosts import HostKey, known_keys, name_of
from tests.servers.programs import program


@pytest.mark.parametrize("port", [22, 2222])
def test_names_that_ssh_keygen_has_hashed(tmp_path: Path, port: int) -> None:
    def keygen(*arguments: str) -> None:
        subprocess.run([program("ssh-keygen"), *arguments], check=True, capture_output=True)

    keygen("-q", "-t", "ed25519", "-N", "", "-f", f"{tmp_path}/key")
    kind, blob, *_ = (tmp_path / "key.pub").read_text("ascii").split()
    file = tmp_path / "known_hosts"
    file.write_text(f"{name_of('db.example', port)} {kind} {blob}\n")
    keygen("-H", "-f", str(file))
    text = file.read_text("ascii")
    assert "db.example" not in text
    assert known_keys(text, "db.example", port) == (HostKey(kind, base64.b64decode(blob)),)
    assert known_keys(text, "other.example", port) == ()
