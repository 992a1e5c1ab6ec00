"""What a sales channel gave."""
