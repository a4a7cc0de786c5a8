"""Conley's panel variance with 3 serial lags: time and memory as units grow at a constant number of neighbours."""

from typing import Any

import numpy as np

from evenfield.numerics.inference.cluster_robust import RobustInference
from evenfield.numerics.inference.conley import conley_panel_inference, spatial_kernel
from evenfield.numerics.ols import fit_ols
from evenfield.numerics.random import generator_for

ID = "P6"
LAGS, YEARS, NEIGHBOURS = 3, 40, 12
SIZES = {"300": {"units": 300}, "2800": {"units": 2800}, "10000": {"units": 10_000}}
GOALS = {"2800": {"peak_bytes": 200e6, "exponent_below": 1.3}}
PEERS = ("dense",)
SKIP = {"10000": PEERS}
SMOKE = ("300", "2800")


def setup(size: str) -> dict[str, Any]:
    N = SIZES[size]["units"]
    rng = generator_for(1, f"benchmark:conley:{size}")
    lat, lon = rng.uniform(0, 30, N), rng.uniform(0, 30, N)
    area = 2 * np.pi * 6371.0**2 * np.sin(np.radians(30)) * 30 / 360
    units, years = np.repeat(np.arange(N), YEARS), np.tile(np.arange(YEARS), N)
    x = rng.normal(size=(N * YEARS, 3))
    cutoff = float(np.sqrt(NEIGHBOURS * area / N / np.pi))
    fit = fit_ols(x @ [0.1, 0.2, 0.3] + rng.normal(size=N * YEARS), x)
    return {"fit": fit, "names": np.arange(N), "lat": lat, "lon": lon, "units": units, "years": years, "cutoff": cutoff}


def ours(data: dict[str, Any]) -> RobustInference:
    """Neighbours and variance, from coordinates."""
    kernel = spatial_kernel(data["names"], data["lat"], data["lon"], data["cutoff"])
    return conley_panel_inference(data["fit"], np.array([1.0, 0.0, 0.0]), data["units"], data["years"], kernel, LAGS)


def dense(data: dict[str, Any]) -> float:
    """Return the same standard error from the full N x N matrix, as naive programs do."""
    from evenfield.numerics.spatial import haversine_km

    fit, N = data["fit"], len(data["names"])
    s = ((fit.X @ fit.bread[0]) * fit.u_hat).reshape(N, YEARS)
    K = np.maximum(1 - haversine_km(data["lat"], data["lon"]) / data["cutoff"], 0.0)
    variance = (s * (K @ s)).sum()
    for lag in range(1, LAGS + 1):
        variance += 2 * (1 - lag / (LAGS + 1)) * (s[:, lag:] * s[:, :-lag]).sum()
    return float(np.sqrt(variance))


IMPLEMENTATIONS = {"ours": ours, "dense": dense}


def check(data: dict[str, Any], results: dict[str, Any]) -> None:
    """The sparse sum equals the dense one."""
    if "dense" in results:
        np.testing.assert_allclose(results["ours"].std_error, results["dense"], rtol=1e-9)
