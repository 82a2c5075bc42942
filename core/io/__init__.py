"""The ways to other machines and to programs, with total deadlines and bounded answers."""
