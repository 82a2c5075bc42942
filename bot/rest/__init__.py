"""The REST face: one router file a resource; every handler makes one call into core."""
