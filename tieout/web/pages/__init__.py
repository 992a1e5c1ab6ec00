"""One file a page; its ROUTES say where it is found and which right it needs."""
