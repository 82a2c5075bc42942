"""The pages of the library: what runbooks and workflows do, their versions, and how their runs went."""
