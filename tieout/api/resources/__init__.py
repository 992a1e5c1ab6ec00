"""One file a resource; each says its addresses in ROUTES."""
