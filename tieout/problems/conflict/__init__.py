"""Documents that are otherwise in the books than they were planned."""
