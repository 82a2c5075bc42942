"""`python -m fuzz.in_turn FOLDER NAME,NAME… [options of libFuzzer]`: fuzz parsers one after the other.

Each is a fork of this process, since importing what it needs with instruments takes seconds. For each that has ended,
`[NAME, exit status]` is printed; what it said is in `FOLDER/NAME.log`.
"""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from fuzz.parsers import fuzz


def main(folder: Path, names: Sequence[str], options: Sequence[str]) -> None:
    for name in names:
        pid = os.fork()
        if pid == 0:
            _fuzz(folder, name, options)
            os._exit(1)  # libFuzzer ends the process, so this is not reached
        _, status = os.waitpid(pid, 0)
        print(json.dumps([name, os.waitstatus_to_exitcode(status)]), flush=True)


def _fuzz(folder: Path, name: str, options: Sequence[str]) -> None:
    log = os.open(folder / f"{name}.log", os.O_WRONLY | os.O_CREAT, 0o600)
    for stream in (1, 2):
        os.dup2(log, stream)
    fuzz(name, [str(folder / f"corpus-{name}"), *options, f"-artifact_prefix={folder}/{name}-"])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2].split(","), sys.argv[3:])
