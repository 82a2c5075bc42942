"""Outside I/O: calls to other machines and programs, with total deadlines and bounded answers."""
