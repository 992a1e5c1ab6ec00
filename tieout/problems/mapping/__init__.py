"""Accounts: which one a kind of amount books to."""
