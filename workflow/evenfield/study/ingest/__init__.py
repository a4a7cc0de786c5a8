"""Raw tables to tidy tables, checked against the dictionary and hashed."""
