"""Munnell's panel and the weights of 48 states."""

from functools import cache

import libpysal
import numpy as np
from linearmodels.datasets import munnell

from evenfield.numerics.spatial_panel.network import Network, network
from evenfield.numerics.spatial_panel.panel import BalancedPanel, panel_from_rows

NAMES = ["ln_pcap", "ln_pc", "ln_emp", "unemp"]


@cache
def munnell_panel() -> tuple[BalancedPanel, Network]:
    data = munnell.load()
    X = np.column_stack([np.log(data[["P_CAP", "PC", "EMP"]]), data["UNEMP"]])
    panel = panel_from_rows(data["STATE"].tolist(), data["YR"].tolist(), np.log(data["GSP"]).to_numpy(), X, NAMES)
    file = libpysal.io.open(libpysal.examples.get_path("states48.gal"))
    links = file.read()
    file.close()
    matrix = np.zeros((48, 48))
    for unit, others in links.neighbors.items():
        matrix[int(unit), [int(other) for other in others]] = 1.0
    return panel, network(sorted(data["STATE"].unique()), matrix / matrix.sum(axis=1, keepdims=True))
