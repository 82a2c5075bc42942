"""The strikes, one module per kind of fault. Each repairs what it broke; the process group restarts killed processes."""
