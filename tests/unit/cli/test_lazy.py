"""Commands that are imported when they are used."""

import gc

from cli.lazy import ImportedCommands, Lazy


def test_garbage_is_collected_again_once_a_command_is_imported() -> None:
    """`cli.main.main` switches it off before."""
    gc.disable()
    try:
        assert ImportedCommands({"schema": Lazy("cli.schema", "")})["schema"].name == "schema"
        assert gc.isenabled()
    finally:
        gc.enable()
