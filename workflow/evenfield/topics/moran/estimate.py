"""Spatial association of income and growth in every year, and where clusters and zones
lie on the map.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field
from scipy.sparse import csr_array

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.map_pairs import bivariate_moran_test, join_counts
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial_statistics import MapTests, local_moran_tests, map_tests
from evenfield.shared.rows import Kind, Results, Rows, stacked
from evenfield.shared.samples import (
    basis_warning,
    joined,
    one_text,
    periods_of,
    sample_rows,
)
from evenfield.shared.settings import SchemeInfo, check_names
from evenfield.shared.spec import UnitsSpec, read
from evenfield.shared.trajectories import (
    Trajectories,
    aligned,
    grouping,
    span_labels,
    trajectories,
    whole_span,
)
from evenfield.study.study import Study

KINDS = {
    "moran": Kind("moran", "moran", "stat", "index"),
    "geary": Kind("geary", "geary", "stat", "index"),
    "local": Kind("local_moran", "significant_units", "stat", "units"),
    "join": Kind("join_count", "links_between", "stat", "links"),
    "pair": Kind("bivariate_moran", "neighbours", "stat", "index"),
}
GROUPS = ("cluster", "sez")
P_TYPE = "permutation of units, two-sided; adjusted over all years by the largest |z|"
NO_EFFECT = (
    "association, not a spillover: the unit's own clusters and zones are not held fixed"
)
LABELS = (
    "spec_id unit_scheme kind variable controls unit year sample_id quadrant basis"
).split()
NUMBERS = "value expected band_low band_high p_value p_adjusted q_value".split()


class MoranSpec(UnitsSpec):
    """One specification of spatial association by year."""

    regions: str = Field(
        "",
        description=(
            "Column of units.csv whose means are also taken out; none when empty."
        ),
    )
    taxonomies: list[str] = Field(
        [], description="Taxonomies whose clusters and zones are placed on the map."
    )
    discovery_rate: float = Field(
        0.05,
        gt=0,
        lt=1,
        description="False discovery rate at which a local Moran counts.",
    )


Section = list[MoranSpec]


@dataclass(frozen=True)
class Map:
    """The map of one specification: its units, who neighbours whom, and what its rows
    share.
    """

    study: Study
    spec: MoranSpec
    info: SchemeInfo
    units: tuple[str, ...]
    W: csr_array  # (N, N) in the order of the units
    weights: str
    note: str  # that the weights were cut to a sample

    def stream(self, *what: str) -> tuple[np.random.Generator, str]:
        """Return the random stream of one test and its seed in words."""
        # The draws of a published number belong to its draw id, which keeps the topic's
        # first name.
        draw_id = ":".join(["pattern", self.spec.id, *what])
        seed = self.study.config["inference"]["seed"]
        return generator_for(seed, draw_id), f"{seed}:{draw_id}"

    def rows(self, note: str, **shared: Any) -> Rows:
        """Return a builder of rows, all of them in the role of the specification."""
        return Rows(
            KINDS, self.spec.role, joined(note, self.note), **shared, w_id=self.weights
        )


def check_data(study: Study, __: Section, spec: MoranSpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    where = f"estimates.moran.{spec.id}"
    income, _ = whole_span(study, spec, where)
    if spec.regions:
        _regions(study, spec, income.units, where)


def estimate(study: Study) -> Results:
    """Test spatial association in every year for every specification."""
    out = Results()
    parts = []
    fits = []
    for spec in read(Section, study.config, "moran"):
        where = f"estimates.moran.{spec.id}"
        income, info = whole_span(study, spec, where)
        growth = _growth(
            study.table("panel", spec.unit_scheme, ("basis",)), income, where
        )
        weights = study.weights(scheme=spec.unit_scheme)
        W, note = weights.among(income.units)
        on = Map(
            study,
            spec,
            info,
            income.units,
            W,
            str(weights.spec.get("weights", "")),
            note,
        )
        for maps in _variables(on, income, growth, where):
            rows, series = _map_tests(on, *maps)
            out.estimates += rows
            parts += series
        out.estimates += _cells(on, where)
        fit = {
            "spec_id": spec.id,
            "unit_scheme": spec.unit_scheme,
            "sample_id": spec.sample,
            "n_units": len(income.units),
            "regions": spec.regions,
            "taxonomies": spec.taxonomies,
        }
        fits.append(
            fit | {"income_years": _ends(income), "growth_years": _ends(growth)}
        )
    out.series["series"] = stacked(parts, LABELS, NUMBERS)
    out.fit = {
        key: study.config["inference"][key]
        for key in ("conf_level", "permutations", "seed")
    }
    out.fit["specs"] = fits
    return out


def _growth(
    panel: pd.DataFrame, income: Trajectories, where: str
) -> Trajectories | None:
    # ASSUME: growth from one observation to the next; the year in which proxy output
    # meets official output has none.
    if "growth_pct" not in panel or panel["growth_pct"].isna().all():
        return None
    return aligned(trajectories(panel, "growth_pct", income.units, where), income.units)


def _ends(data: Trajectories | None) -> list[int]:
    return [] if data is None else [int(data.years[0]), int(data.years[-1])]


def _regions(
    study: Study, spec: MoranSpec, units: Sequence[str], where: str
) -> tuple[np.ndarray, list[str]]:
    """Return codes and names of the regions of some units."""
    frame = study.table("units", spec.unit_scheme)
    check_names([spec.regions], frame.columns, f"{where}.regions")
    return grouping(frame, spec.regions, units, f"{where}.regions")


def _variables(
    on: Map, income: Trajectories, growth: Trajectories | None, where: str
) -> Iterator[tuple[str, str, Trajectories, np.ndarray | None]]:
    """Yield outcome, what is taken out of it first, values, and regressors with their
    constant, (N, K) or (T, N, K).
    """
    plain = {"log_income": income} | ({"growth": growth} if growth else {})
    for name, data in plain.items():
        yield name, "none", data, None
    if on.spec.regions:
        codes, names = _regions(on.study, on.spec, on.units, where)
        for name, data in plain.items():
            yield name, on.spec.regions, data, np.eye(len(names))[codes]
    if growth:
        start = income.values[:, np.searchsorted(income.years, growth.years) - 1].T
        yield (
            "growth",
            "log_income_start",
            growth,
            np.stack([np.ones_like(start), start], axis=2),
        )


def _map_tests(
    on: Map, name: str, controls: str, data: Trajectories, X: np.ndarray | None
) -> tuple[list[Any], list[pd.DataFrame]]:
    spec = on.spec
    inference = on.study.config["inference"]
    labels, note = span_labels("moran", spec, data, on.info)
    rng, seed = on.stream(spec.unit_scheme, spec.sample, name, controls)
    rows = on.rows(note, **labels, outcome=name, controls_id=controls, seed=seed)
    named = {
        "spec_id": spec.id,
        "sample_id": spec.sample,
        "unit_scheme": spec.unit_scheme,
        "variable": name,
        "controls": controls,
    }
    series = []
    try:
        tests = map_tests(
            data.values,
            on.W,
            rng,
            inference["permutations"],
            inference["conf_level"],
            X,
        )
    except NumericsError as error:
        rows.undefined(["moran", "geary"], error, role=spec.role)
    else:
        rows.note = on.note
        for kind, test in zip(("moran", "geary"), tests, strict=True):
            _add_years(rows, kind, test, data, spec.role)
            reach = test.sup_t * test.std_error
            band = {
                "expected": test.mean,
                "band_low": test.mean - reach,
                "band_high": test.mean + reach,
                "value": test.statistic,
                "p_value": test.p_value,
                "p_adjusted": test.p_joint,
            }
            frame = pd.DataFrame({"year": data.years, "basis": data.basis, **band})
            series.append(frame.assign(**named, kind=kind, unit="", quadrant=""))
    if controls == "none":
        series += [
            frame.assign(**named, kind="local")
            for frame in _local(on, name, data, rows, labels, note)
        ]
    return rows.estimates, series


def _add_years(
    rows: Rows, kind: str, test: MapTests, data: Trajectories, role: str
) -> None:
    labels = {
        "se_type": "permutation",
        "p_type": P_TYPE,
        "role": role,
        "n_periods": 1,
        "n_obs": len(data.units),
    }
    z = (test.statistic - test.mean) / test.std_error
    columns = {
        "estimate": test.statistic,
        "std_error": test.std_error,
        "statistic": z,
        "p_value": test.p_value,
        "p_adjusted": test.p_joint,
    }
    for t, year in enumerate(data.years):
        numbers = {key: float(values[t]) for key, values in columns.items()}
        rows.add(
            kind, period=str(year), output_basis=data.basis[t], **labels, **numbers
        )


def _local(
    on: Map,
    name: str,
    data: Trajectories,
    rows: Rows,
    labels: dict[str, Any],
    note: str,
) -> list[pd.DataFrame]:
    spec = on.spec
    rng, seed = on.stream(spec.unit_scheme, spec.sample, name, "local")
    own = on.rows(note, **labels, outcome=name, seed=seed)
    try:
        tests = local_moran_tests(
            data.values, on.W, rng, on.study.config["inference"]["permutations"]
        )
    except NumericsError as error:
        own.undefined(["local"], error)
        rows.estimates += own.estimates
        return []
    own.note = on.note
    p_type = f"false discovery rate {spec.discovery_rate:g} within the year"
    counts = (tests.q_value <= spec.discovery_rate).sum(axis=0)
    for year, basis, count in zip(data.years, data.basis, counts, strict=True):
        here = {
            "period": str(year),
            "output_basis": basis,
            "n_periods": 1,
            "n_obs": len(data.units),
        }
        own.add("local", p_type, estimate=float(count), **here)
    rows.estimates += own.estimates
    cells = {
        "value": tests.statistic,
        "p_value": tests.p_value,
        "q_value": tests.q_value,
        "quadrant": tests.quadrant,
    }
    frame = pd.DataFrame({key: values.ravel() for key, values in cells.items()})
    years = len(data.years)
    units = len(data.units)
    each_year = {
        "year": np.tile(data.years, units),
        "basis": np.tile(np.array(data.basis, dtype=object), units),
    }
    return [frame.assign(unit=np.repeat(data.units, years), **each_year)]


def _cells(on: Map, where: str) -> list[Any]:
    """Place the clusters and zones of every taxonomy and period on the map."""
    spec = on.spec
    estimates = []
    cells = on.study.table("cells", spec.unit_scheme, ("taxonomy",))
    periods = on.study.table("periods", spec.unit_scheme, ("basis",))
    check_names(spec.taxonomies, cells["taxonomy"].unique(), f"{where}.taxonomies")
    for taxonomy in spec.taxonomies:
        for period in periods_of(periods):
            at = f"{where} {taxonomy} {period}"
            own = cells[cells["taxonomy"].eq(taxonomy) & cells["period"].eq(period)]
            marks = sample_rows(own, on.units, GROUPS, at)
            grown = sample_rows(
                periods[periods["period"].eq(period)],
                on.units,
                ["growth_pct_per_year"],
                at,
            )
            labels: dict[str, Any] = {
                "family": "moran",
                "spec_id": spec.id,
                "sample_id": spec.sample,
                "unit_scheme": spec.unit_scheme,
                "period": period,
                "treatment_def": taxonomy,
                "n_obs": len(grown),
                "n_units": len(grown),
            }
            for group in GROUPS:
                values = marks[group].to_numpy(float)
                rows = on.rows(
                    "", **labels, contrast=group, n_treated=int(values.sum())
                )
                _add_joins(on, rows, values)
                _add_pair(on, rows, values, grown)
                estimates += rows.estimates
    return estimates


def _group_stream(on: Map, rows: Rows, what: str) -> tuple[np.random.Generator, str]:
    names = ("unit_scheme", "sample_id", "treatment_def", "contrast", "period")
    return on.stream(*(rows.shared[name] for name in names), what)


def _add_joins(on: Map, rows: Rows, marks: np.ndarray) -> None:
    # Where clusters and zones lie does not depend on how output is measured.
    labels = {"outcome": rows.shared["contrast"], "role": on.spec.role}
    rows.note = ""
    rng, seed = _group_stream(on, rows, "joins")
    try:
        links = join_counts(
            marks, on.W, rng, on.study.config["inference"]["permutations"]
        )
    except NumericsError as error:
        return rows.undefined(["join"], error, **labels)
    kind = "all placements" if links.exact else "random placements"
    labels |= {
        "p_type": f"{links.subsets} {kind} of as many marks, one-sided (more links)",
        "seed": "" if links.exact else seed,
    }
    links_text = f"{links.expected:.3g} links expected, {links.one} to other units"
    return rows.add(
        "join", links_text, estimate=float(links.both), p_value=links.p_value, **labels
    )


def _add_pair(on: Map, rows: Rows, marks: np.ndarray, grown: pd.DataFrame) -> None:
    basis = one_text(grown["basis"])
    growth = grown["growth_pct_per_year"].to_numpy(float)
    rows.note = joined(basis_warning(basis, on.info.first_official), on.note)
    labels = {
        "outcome": "growth",
        "term": f"neighbours_{rows.shared['contrast']}",
        "output_basis": basis,
        "role": on.spec.role,
    }
    rng, seed = _group_stream(on, rows, "pair")
    try:
        test = bivariate_moran_test(
            growth, marks, on.W, rng, on.study.config["inference"]["permutations"]
        )
    except NumericsError as error:
        return rows.undefined(["pair"], error, **labels)
    numbers = {
        "estimate": test.statistic,
        "std_error": test.std_error,
        "p_value": test.p_value,
    }
    labels |= {
        "se_type": "permutation",
        "p_type": "permutation of the marks, two-sided",
        "seed": seed,
    }
    return rows.add("pair", NO_EFFECT, **numbers, **labels)
