"""Moran's I and local Moran with permutations, contiguity on a lattice."""

from typing import Any

import numpy as np
from spatial_panel import SHAPES, lattice, pysal

from evenfield.models.moran import local_association
from evenfield.numerics.moran import morans_i_test
from evenfield.study.spatial_weights import row_standardised

TITLE = "Moran's I and local Moran, 999 permutations"
TEXT = """One map; weights are row-standardised contiguity but where the line says unequal. esda's local Moran is
compiled by numba, one thread (first call: with the compilation). The permutations differ, so statistics agree and
p-values agree within the error of the draws. Ours shuffles as NumPy does; a local Moran draws only as many places
as a unit has neighbours, and one more."""
DRAWS = 999


def cases(smoke: bool) -> Any:
    for n in (300,) if smoke else SHAPES:
        unequal = lattice(*SHAPES[n])
        y = np.random.default_rng(n).normal(size=n)
        y = y + unequal @ y
        links = unequal.copy()
        links.data[:] = 1
        yield from pair(n, row_standardised(links), y, {})
        if n == max(SHAPES):
            *_, local = pair(n, unequal, y, {})
            yield local | {"what": f"local Moran, {n:,} units, unequal weights"}


def pair(n: int, W: Any, y: np.ndarray, retained: dict[str, Any]) -> Any:
    def theirs(kind: str, **how: Any) -> Any:
        import esda

        if "w" not in retained:
            retained["w"] = pysal(W)
        np.random.seed(1)
        return getattr(esda, kind)(y, retained["w"], permutations=DRAWS, **how)

    def check(result: dict[str, Any]) -> None:
        if "esda" in result:
            np.testing.assert_allclose(
                result["ours"].statistic, result["esda"].I, rtol=1e-9
            )

    def check_local(result: dict[str, Any]) -> None:
        if "esda" in result:
            selected = result["ours"]
            other = result["esda"]
            np.testing.assert_allclose(selected.statistic[:, 0], other.Is, rtol=1e-9)
            assert (
                np.corrcoef(selected.p_value[:, 0], np.minimum(2 * other.p_sim, 1))[
                    0, 1
                ]
                > 0.99
            )

    grows = n <= 2800
    yield {"what": f"Moran's I, {n:,} units", "ours": lambda: morans_i_test(y, W, np.random.default_rng(1), DRAWS),
           "peers": {"esda": lambda: theirs("Moran")}, "check": check, "units": n,
           "grows": "Moran's I" if grows else None}  # fmt: skip
    yield {"what": f"local Moran, {n:,} units",
           "ours": lambda: local_association(y[:, None], W, np.random.default_rng(1), DRAWS),
           "peers": {"esda": lambda: theirs("Moran_Local", n_jobs=1, keep_simulations=False)}, "check": check_local,
           "units": n, "grows": "local Moran" if grows else None}  # fmt: skip
