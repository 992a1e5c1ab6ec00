"""Bad inputs, one test a row of the reliability specification, with its id."""
