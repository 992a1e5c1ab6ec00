"""Bad weather, by seed."""
