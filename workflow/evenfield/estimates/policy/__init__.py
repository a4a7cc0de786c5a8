"""Policy wing: how cluster and zone regions differ in levels, factor use, balance, wages and programmes."""
