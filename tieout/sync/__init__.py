"""The verbs: read, decide in core, act, record."""
