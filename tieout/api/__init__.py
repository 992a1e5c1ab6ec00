"""The REST contract: the same verbs for programs."""
