"""Bank accounts: where the money of a payout arrives, or leaves from."""
