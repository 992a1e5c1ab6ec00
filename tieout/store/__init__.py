"""Everything that is kept: tables and the functions over them; the only room that builds a query."""
