"""Amazon settlement reports."""
