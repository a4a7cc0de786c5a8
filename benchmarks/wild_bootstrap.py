"""Wild cluster bootstrap, 9,999 draws, 31 clusters: ours against wildboottest and pyfixest on the same data."""

from typing import Any

import numpy as np

from evenfield.numerics.inference.wild_bootstrap import WildBootstrap, wild_bootstrap, wild_draws
from evenfield.numerics.ols import fit_ols
from evenfield.numerics.random import generator_for

ID = "P5"
CLUSTERS, DRAWS = 31, 9999
SIZES = {
    "1240": {"rows": 1240, "dummies": 0, "kind": "11"},
    "1240-33": {"rows": 1240, "dummies": 0, "kind": "33"},
    "1240-years": {"rows": 1240, "dummies": 39, "kind": "11"},
    "310000": {"rows": 310_000, "dummies": 0, "kind": "11"},
}
GOALS = {"1240": {"wildboottest": 20.0, "pyfixest": 20.0}, "310000": {"wildboottest": 30.0, "pyfixest": 30.0}}
PEERS = ("wildboottest", "pyfixest", "wildboottest compiled once")
NEEDS = {"wildboottest": "wildboottest", "pyfixest": "pyfixest", "wildboottest compiled once": "wildboottest"}
SMOKE = ("1240", "1240-33")
# wildboottest 0.3.2 stops in type 33 with numpy 2.4: it puts an array into a number.
SKIP = {"1240-33": PEERS}


def setup(size: str) -> dict[str, Any]:
    spec = SIZES[size]
    rng, n = generator_for(1, f"benchmark:wild:{size}"), spec["rows"]
    clusters = np.arange(n) % CLUSTERS
    years = np.arange(n) // CLUSTERS
    x = rng.normal(size=(n, 3)) + rng.normal(size=(CLUSTERS, 3))[clusters]
    y = x @ [0.1, 0.2, 0.3] + rng.normal(size=n) + rng.normal(size=CLUSTERS)[clusters]
    dummies = (years[:, None] == np.arange(1, spec["dummies"] + 1)).astype(float)
    X = np.column_stack([x, np.ones(n), dummies])
    weights = (
        wild_draws(clusters, "rademacher", DRAWS, generator_for(1, "benchmark:draws")).weights.T.ravel().astype(float)
    )
    return {
        "weights": weights,
        "y": y,
        "x": x,
        "X": X,
        "clusters": clusters,
        "years": years,
        "kind": spec["kind"],
        "fe": spec["dummies"] > 0,
    }


def ours(data: dict[str, Any]) -> WildBootstrap:
    drawn = wild_draws(data["clusters"], "rademacher", DRAWS, generator_for(1, "benchmark:draws"))
    boot = wild_bootstrap(
        fit_ols(data["y"], data["X"]), np.eye(data["X"].shape[1])[0], data["clusters"], drawn, data["kind"]
    )
    boot.p_value()
    return boot


def ours_with_interval(data: dict[str, Any]) -> WildBootstrap:
    boot = ours(data)
    boot.interval()
    return boot


def wildboottest(data: dict[str, Any]) -> Any:
    """Run it on our weights, made beforehand, so that every bootstrap statistic can be compared."""
    from wildboottest.wildboottest import WildboottestCL

    R = np.eye(data["X"].shape[1])[0]
    boot = WildboottestCL(X=data["X"], Y=data["y"], cluster=data["clusters"], R=R, B=DRAWS, seed=1, parallel=False)
    boot.get_scores(bootstrap_type=data["kind"], impose_null=True)
    boot.get_weights(weights_type=lambda n, rng: data["weights"])  # noqa: ARG005
    for step in (boot.get_numer, boot.get_denom, boot.get_tboot, boot.get_vcov, boot.get_tstat, boot.get_pvalue):
        step()
    return boot


def pyfixest(data: dict[str, Any]) -> Any:
    """Time the bootstrap alone: the model is fitted once, outside."""
    if "model" not in data:
        import pandas as pd
        import pyfixest as pf

        frame = pd.DataFrame(data["x"], columns=["x1", "x2", "x3"])
        frame = frame.assign(y=data["y"], g=data["clusters"], t=data["years"])
        data["model"] = pf.feols("y ~ x1 + x2 + x3" + (" | t" if data["fe"] else ""), frame, vcov={"CRV1": "g"})
    return data["model"].wildboottest(param="x1", reps=DRAWS, cluster="g", seed=1, bootstrap_type=data["kind"])


def wildboottest_compiled_once(data: dict[str, Any]) -> Any:
    """Run wildboottest without its compilation on every call: what it would cost if it kept the compiled function."""
    import wildboottest.wildboottest as module

    original, kept = module.njit, data.setdefault("compiled", {})

    def njit(**options: Any) -> Any:
        return lambda function: kept.setdefault(function.__code__, original(**options)(function))

    module.njit = njit
    try:
        return wildboottest(data)
    finally:
        module.njit = original


IMPLEMENTATIONS = {
    "ours": ours,
    "ours+interval": ours_with_interval,
    "wildboottest": wildboottest,
    "pyfixest": pyfixest,
    "wildboottest compiled once": wildboottest_compiled_once,
}


def check(data: dict[str, Any], results: dict[str, Any]) -> None:
    """Same t; every bootstrap t from the same weights; p-values within Monte Carlo error of other weights."""
    mine = results["ours"]
    if "wildboottest" in results:
        theirs = results["wildboottest"]
        np.testing.assert_allclose(mine.statistics(), theirs.t_boot, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(mine.statistic(), np.ravel(theirs.t_stat)[0], rtol=1e-8)
        assert abs(mine.p_value() - float(theirs.pvalue)) < 2 / DRAWS
    if "pyfixest" in results:
        np.testing.assert_allclose(mine.statistic(), results["pyfixest"]["t value"], rtol=1e-8)
        error = 4 * np.sqrt(2 * 0.25 / DRAWS)
        assert abs(mine.p_value() - float(results["pyfixest"]["Pr(>|t|)"])) < error
