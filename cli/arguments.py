"""What the commands take that work on files."""

from pathlib import Path
from typing import Annotated

import typer

Paths = Annotated[list[Path], typer.Argument(help="YAML or JSON files, or folders of them.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
