"""The way between Tieout and the books."""
