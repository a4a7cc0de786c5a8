"""Floor 4, policy wing: how do cluster and zone regions differ. INPUT: results/panel/. OUTPUT: results/estimates/."""
