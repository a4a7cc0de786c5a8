"""Tables: one file, one table."""
