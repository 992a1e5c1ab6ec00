"""Where sales happen: one file or folder a channel."""
