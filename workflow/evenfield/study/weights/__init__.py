"""Floor 3: who is a neighbour of whom, and exposures W times cells and doses."""
