"""Page, paper, named numbers and manifest, from the results of a run."""
