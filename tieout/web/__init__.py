"""Pages: the same verbs for people with a browser."""
