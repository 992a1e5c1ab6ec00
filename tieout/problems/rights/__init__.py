"""What the person behind the connection may do in the books."""
