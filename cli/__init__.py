"""The command line and the composition root: builds settings, the engine and the processes."""
