"""The processes of the Procfile, one module each, so that none imports what only another needs."""
