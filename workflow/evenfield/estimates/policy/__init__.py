"""Policy wing: group contrasts of cluster and zone regions in levels, factor use, balance, fading, wages and programmes."""
