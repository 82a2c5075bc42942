"""The processes of the Procfile, a module each, so that none loads what only another needs."""
