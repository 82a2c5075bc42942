"""A process that has the embedded servers of a home until its standard input ends; prints their addresses."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from cli.embedded import embedded_services


def main() -> None:
    with embedded_services(Path(sys.argv[1])) as services:
        print(json.dumps(asdict(services)), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
