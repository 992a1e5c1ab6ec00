"""What the books mean: pure code that touches no file, no network and no clock."""
