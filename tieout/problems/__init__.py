"""What can be wrong: one file a problem, one folder a family."""
