"""The tests mirror the package; rules of the house itself are in test_house.py."""
