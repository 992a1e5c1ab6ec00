"""Call limits."""
