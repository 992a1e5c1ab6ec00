"""The connection to a sales channel."""
