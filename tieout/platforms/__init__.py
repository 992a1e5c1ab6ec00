"""Where books are kept: one folder a platform."""
