"""Tests of the QuickBooks client."""
