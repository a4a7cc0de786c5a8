"""Conley's panel variance with serial lags: neighbours and variance from coordinates,
12 neighbours at every size.
"""

from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from evenfield.numerics.inference.conley import conley_panel_inference, spatial_kernel
from evenfield.numerics.ols import fit_ols

TITLE = "Conley's errors of a panel, 3 serial lags, 40 years"
TEXT = """pyfixest 0.60 has no Conley errors. The reference is our own: SciPy's sparse distances between points on
the sphere and the double sum by year. It does the same as ours, on rows that it takes as sorted and complete,
without looking."""
LAGS = 3
YEARS = 40
NEIGHBOURS = 12
EARTH = 6371.0


def cases(smoke: bool) -> Any:
    for n in (300,) if smoke else (300, 2800, 10_000):
        rng = np.random.default_rng(n)
        lat = rng.uniform(0, 30, n)
        lon = rng.uniform(0, 30, n)
        x = rng.normal(size=(n * YEARS, 3))
        area = 2 * np.pi * EARTH**2 * np.sin(np.radians(30)) * 30 / 360
        fit = fit_ols(x @ [0.1, 0.2, 0.3] + rng.normal(size=n * YEARS), x)
        yield case(fit, lat, lon, float(np.sqrt(NEIGHBOURS * area / n / np.pi)))


def case(fit: Any, lat: np.ndarray, lon: np.ndarray, cutoff: float) -> dict[str, Any]:
    n = len(lat)
    units = np.repeat(np.arange(n), YEARS)
    years = np.tile(np.arange(YEARS), n)

    def ours() -> Any:
        kernel = spatial_kernel(np.arange(n), lat, lon, cutoff)
        return conley_panel_inference(
            fit, np.array([1.0, 0.0, 0.0]), units, years, kernel, LAGS
        )

    def reference() -> float:
        a = np.radians(lat)
        b = np.radians(lon)
        tree = cKDTree(
            np.column_stack([np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)])
        )
        pairs = tree.sparse_distance_matrix(
            tree, 2 * np.sin(cutoff / EARTH / 2), output_type="coo_matrix"
        )
        weights = np.maximum(1 - 2 * EARTH * np.arcsin(pairs.data / 2) / cutoff, 0.0)
        s = ((fit.X @ fit.bread[0]) * fit.u_hat).reshape(n, YEARS)
        variance = (
            s * (csr_array((weights, (pairs.row, pairs.col)), shape=(n, n)) @ s)
        ).sum()
        for lag in range(1, LAGS + 1):
            variance += 2 * (1 - lag / (LAGS + 1)) * (s[:, lag:] * s[:, :-lag]).sum()
        return float(np.sqrt(variance))

    def check(result: dict[str, Any]) -> None:
        for other in [result[name] for name in result if name != "ours"]:
            np.testing.assert_allclose(result["ours"].std_error, other, rtol=1e-9)

    grows = "Conley" if n <= 2800 else None
    return {"what": f"{n:,} units", "ours": ours, "peers": {"own sparse reference": reference}, "check": check,
            "units": n, "grows": grows}  # fmt: skip
