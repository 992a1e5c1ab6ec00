"""Who may do what: sign-in, roles and rights."""
