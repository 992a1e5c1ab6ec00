"""The authorisation: tokens, permissions, what ends them."""
