"""The same verbs, typed: one file a group of commands."""
