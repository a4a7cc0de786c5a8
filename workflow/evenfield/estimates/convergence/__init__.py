"""Are the units converging? Beta, sigma and relative income."""
