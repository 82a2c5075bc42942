"""``python -m slack_sandbox --port 3100 --workspace FILE``"""

import argparse
import sys
from contextlib import suppress
from pathlib import Path

from slack_sandbox.config import WorkspaceConfig, WorkspaceFileError, load_workspace
from slack_sandbox.serving import SandboxServer, listen

DEFAULT_PORT = 3100


def main(arguments: list[str] | None = None) -> int:
    """Run until interrupted. Returns the exit status: 0 stopped, 1 refused."""
    parser = argparse.ArgumentParser(
        prog="slack_sandbox", description="A Slack workspace on your own machine."
    )
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes any free one (default: 3100)")
    parser.add_argument(
        "--workspace", type=Path, help="a YAML or JSON file; left out: a small demo workspace"
    )
    options = parser.parse_args(arguments)
    try:
        config = load_workspace(options.workspace) if options.workspace else WorkspaceConfig()
        listener, origin = listen(options.port)
    except (WorkspaceFileError, OSError) as error:
        print(f"slack_sandbox: {error}", file=sys.stderr)
        return 1
    print(f"Slack sandbox: {origin}", flush=True)
    with suppress(KeyboardInterrupt):
        SandboxServer(config).run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
