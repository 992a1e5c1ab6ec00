"""Making the connection."""
