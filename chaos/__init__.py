"""The chaos bench: real processes, seeded faults, and an independent checker of the product's promises."""
