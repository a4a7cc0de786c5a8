"""Wild cluster bootstrap, 31 clusters: least squares, draws, every bootstrap t and the
p-value.
"""

from typing import Any

import numpy as np

from evenfield.numerics.inference.cluster_robust import encoded
from evenfield.numerics.inference.wild_bootstrap import (
    WildBootstrap,
    wild_bootstrap,
    wild_draws,
)
from evenfield.numerics.ols import fit_ols

TITLE = "Wild cluster bootstrap, 9,999 draws, 31 clusters"
TEXT = """wildboottest and pyfixest, which calls it, compile their loop in each call. "Compiled once" keeps the
compiled function, which the release does not do. pyfixest is given its fitted model; ours includes the fit."""
CLUSTERS = 31
DRAWS = 9999


def cases(smoke: bool) -> Any:
    for rows in (1240,) if smoke else (1240, 310_000):
        rng = np.random.default_rng(rows)
        clusters = np.arange(rows) % CLUSTERS
        x = rng.normal(size=(rows, 3)) + rng.normal(size=(CLUSTERS, 3))[clusters]
        y = (
            x @ [0.1, 0.2, 0.3]
            + rng.normal(size=rows)
            + rng.normal(size=CLUSTERS)[clusters]
        )
        yield case(np.column_stack([x, np.ones(rows)]), y, clusters)


def case(X: np.ndarray, y: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    retained: dict[Any, Any] = {}

    def ours() -> WildBootstrap:
        clusters = encoded(labels)
        drawn = wild_draws(clusters, "rademacher", DRAWS, np.random.default_rng(1))
        boot = wild_bootstrap(fit_ols(y, X), np.eye(4)[0], clusters, drawn, "11")
        boot.p_value()
        return boot

    weights = ours().draws.weights.T.ravel().astype(float)

    def wildboottest() -> Any:
        """On our draws, made beforehand, so that every bootstrap t can be compared."""
        from wildboottest.wildboottest import WildboottestCL

        boot = WildboottestCL(
            X=X, Y=y, cluster=labels, R=np.eye(4)[0], B=DRAWS, seed=1, parallel=False
        )
        boot.get_scores(bootstrap_type="11", impose_null=True)
        boot.get_weights(weights_type=lambda n, rng: weights)  # noqa: ARG005
        for step in (
            boot.get_numer,
            boot.get_denom,
            boot.get_tboot,
            boot.get_vcov,
            boot.get_tstat,
            boot.get_pvalue,
        ):
            step()
        return boot

    def compiled_once() -> Any:
        import wildboottest.wildboottest as module

        original = module.njit
        module.njit = lambda **how: (
            lambda f: retained.setdefault(f.__code__, original(**how)(f))
        )
        try:
            return wildboottest()
        finally:
            module.njit = original

    def pyfixest() -> Any:
        import pandas as pd
        import pyfixest as pf

        if "model" not in retained:
            frame = pd.DataFrame(X[:, :3], columns=["x1", "x2", "x3"]).assign(
                y=y, g=labels
            )
            retained["model"] = pf.feols("y ~ x1 + x2 + x3", frame, vcov={"CRV1": "g"})
        return retained["model"].wildboottest(
            param="x1", reps=DRAWS, cluster="g", seed=1, bootstrap_type="11"
        )

    def check(result: dict[str, Any]) -> None:
        selected = result.pop("ours")
        for name, other in result.items():
            if name == "pyfixest":
                np.testing.assert_allclose(
                    selected.statistic(), other["t value"], rtol=1e-8
                )
                assert abs(selected.p_value() - float(other["Pr(>|t|)"])) < 4 * np.sqrt(
                    0.5 / DRAWS
                )
            else:
                np.testing.assert_allclose(
                    selected.statistics(), other.t_boot, rtol=1e-7, atol=1e-9
                )
                assert abs(selected.p_value() - float(other.pvalue)) < 2 / DRAWS

    peers = {
        "wildboottest compiled once": compiled_once,
        "wildboottest": wildboottest,
        "pyfixest": pyfixest,
    }
    asked = {
        "wildboottest compiled once": 1.0,
        **({"wildboottest": 20.0, "pyfixest": 20.0} if len(y) < 5000 else {}),
    }
    return {
        "what": f"{len(y):,} rows",
        "ours": ours,
        "peers": peers,
        "check": check,
        "asked": asked,
    }
