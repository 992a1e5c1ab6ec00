"""Tests of the channels: samples with their expected output, the acceptance list, the malformed classes."""
