"""Floor 1: raw tables to tidy tables, checked against the dictionary and hashed."""
