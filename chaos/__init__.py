"""The chaos bench: real processes, seeded faults, and an independent checker that holds the promises against them."""
