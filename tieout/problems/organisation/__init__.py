"""The books as such: their subscription, their edition."""
