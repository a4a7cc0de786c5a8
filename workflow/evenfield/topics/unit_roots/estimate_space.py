"""Dependence over space: spatial unit roots, weak dependence and the distance at which
correlation halves.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial import haversine_km
from evenfield.numerics.spatial_unit_root import (
    HalfLifeTests,
    SpatialPersistence,
    half_life_set,
    half_life_tests,
    spatial_persistence,
    spatial_unit_root_test,
    weak_dependence_test,
)
from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.rows import Kind, Rows
from evenfield.shared.samples import (
    basis_warning,
    one_text,
    periods_of,
    sample_rows,
    sample_units,
)
from evenfield.shared.settings import scheme_infos
from evenfield.study.study import Study
from evenfield.study.table_files import content_hash

KINDS = {
    name: Kind(name, name, "stat", "likelihood ratio") for name in ("lfur", "lfst")
}
KINDS |= {
    "spatial_half_life": Kind(
        "spatial_half_life", "spatial_half_life", "half_life", "km"
    )
}
MAPS = {"log_income": "log_income_start", "growth": "growth_pct_per_year"}
MOST_DRAWS = 4999


def space_rows(study: Study, spec: Any) -> list[Estimate]:
    """Test initial income and growth of every period for persistence in space."""
    info = scheme_infos([study.description(spec.unit_scheme)])[spec.unit_scheme]
    where = f"estimates.unit_roots.{spec.id}"
    inference = study.config["inference"]
    units = list(sample_units(info, spec.sample, where))
    lost = ""
    tests = None
    draw_id = f"preflight:{spec.id}:{spec.unit_scheme}:{spec.sample}:half_life"
    try:
        units, tests = _places(
            study.table("units", spec.unit_scheme), units, draw_id, inference
        )
    except NumericsError as error:
        lost = str(error)
    made = []
    frame = study.table("periods", spec.unit_scheme)
    for period in periods_of(frame):
        data = sample_rows(
            frame[frame["period"].eq(period)],
            units,
            tuple(MAPS.values()),
            f"{where} {period}",
        )
        basis = one_text(data["basis"])
        shared = {
            "family": "unit_roots",
            "spec_id": spec.id,
            "sample_id": spec.sample,
            "unit_scheme": spec.unit_scheme,
        }
        shared |= {"period": period, "output_basis": basis}
        for outcome, column in MAPS.items():
            hashed = content_hash(data[["unit", column]])
            note = basis_warning(basis, info.first_official)
            own = {
                **shared,
                "outcome": outcome,
                "n_obs": len(data),
                "n_units": len(data),
                "data_hash": hashed,
            }
            rows = Rows(KINDS, spec.role, note, **own)
            try:
                if tests is None:
                    raise NumericsError(lost)
                _add_map(
                    rows,
                    data[column].to_numpy(float),
                    tests,
                    inference["conf_level"],
                    f"{inference['seed']}:{draw_id}",
                )
            except NumericsError as error:
                rows.made = []
                rows.undefined(list(KINDS), error, effect_type="stat", role=spec.role)
            made += rows.made
    return made


def _places(
    units: pd.DataFrame,
    order: Sequence[str],
    draw_id: str,
    inference: Mapping[str, Any],
) -> tuple[list[str], tuple[SpatialPersistence, HalfLifeTests]]:
    """Return the units in the order of their distances, and the tests that depend on
    these alone.
    """
    if not {"lat", "lon"} <= set(units.columns):
        raise NumericsError("the units have no coordinates")
    where = units.set_index("unit").reindex(sorted(order))[["lat", "lon"]].astype(float)
    if where.isna().any(axis=None):
        raise NumericsError(
            f"{int(where.isna().any(axis=1).sum())} units have no coordinates"
        )
    where = where.reset_index().sort_values(["lat", "lon", "unit"])
    space = spatial_persistence(
        haversine_km(where["lat"].to_numpy(), where["lon"].to_numpy())
    )
    rng = generator_for(inference["seed"], draw_id)
    return list(where["unit"]), (
        space,
        half_life_tests(space, rng, min(inference["permutations"], MOST_DRAWS)),
    )


def _add_map(
    rows: Rows,
    y: np.ndarray,
    tests: tuple[SpatialPersistence, HalfLifeTests],
    level: float,
    seed: str,
) -> None:
    nulls = {"lfur": "spatial unit root", "lfst": "weak spatial dependence"}
    found = {
        "lfur": spatial_unit_root_test(y, tests[0]),
        "lfst": weak_dependence_test(y, tests[0]),
    }
    for name, test in found.items():
        numbers = {
            "estimate": test.statistic,
            "statistic": test.statistic,
            "p_value": test.p_value,
        }
        rows.add(
            name,
            **numbers,
            role=rows.role,
            p_type=f"exact by quadrature; null: {nulls[name]}",
        )
    half = half_life_set(y, tests[1], level)
    words = "unbounded: a spatial unit root is not rejected" if half.unbounded else ""
    nothing = "every half-life is rejected" if np.isnan(half.low) else ""
    numbers = {
        "estimate": NAN,
        "conf_low": half.low,
        "conf_high": half.high,
        "conf_level": level,
    }
    rows.add(
        "spatial_half_life",
        "an interval has no point estimate",
        words,
        nothing,
        **numbers,
        seed=seed,
    )
