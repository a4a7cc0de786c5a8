"""Floor 0: words, types, schemas, errors and canonical files that every floor shares."""
