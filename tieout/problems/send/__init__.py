"""From the click to the proof: unknown, stuck."""
