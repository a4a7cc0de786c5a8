"""Floor 5, policy. INPUT: results/estimates/, results/panel/. OUTPUT: results/tables/, results/figures/."""
