"""How runs begin: by people and by workflows, with their locks and bounds."""
