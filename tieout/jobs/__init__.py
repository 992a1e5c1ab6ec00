"""Durable work: the only room that knows DBOS."""
