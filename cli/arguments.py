"""Arguments shared by the commands that work on files."""

from pathlib import Path
from typing import Annotated

import typer

Paths = Annotated[list[Path], typer.Argument(help="YAML or JSON files, or folders containing them.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
