"""Run a module that exits when the process that started it exits, for whatever reason.

python -m cli.attached PARENT_PID MODULE ARGUMENT…
"""

import ctypes
import os
import runpy
import signal
import sys

from cli.secret_handover import receive

PR_SET_PDEATHSIG = 1  # linux/prctl.h; other systems have no equivalent and do without


def attach(parent: int) -> None:
    """Ask the kernel to send this process SIGTERM when its parent dies. Exits at once if it already has."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(0)


def main() -> None:
    receive()
    attach(int(sys.argv[1]))
    module = sys.argv[2]
    sys.argv = [module, *sys.argv[3:]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
