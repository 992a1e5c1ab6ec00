"""Books kept in Xero."""
