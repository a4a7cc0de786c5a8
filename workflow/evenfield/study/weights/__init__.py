"""Who is a neighbour of whom, and exposures W times cells and doses."""
