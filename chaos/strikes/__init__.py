"""The strikes, one module per kind of fault. Each repairs what it broke; killed processes are restarted anyway."""
