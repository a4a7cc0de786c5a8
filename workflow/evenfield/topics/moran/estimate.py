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

from evenfield.models.moran import (
    LocalTests,
    association,
    bivariate_association,
    local_association,
    marked_links,
)
from evenfield.models.rows import Row
from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.shared.estimates import Estimate, asking
from evenfield.shared.rows import Kind, Results, Rows, stacked
from evenfield.shared.samples import (
    basis_warning,
    joined,
    links_fields,
    one_text,
    periods_of,
    sample_rows,
)
from evenfield.shared.settings import SchemeInfo, check_names
from evenfield.shared.spec import UnitsSpec, read
from evenfield.shared.streams import stream
from evenfield.shared.trajectories import (
    Trajectories,
    aligned,
    grouping,
    span_labels,
    trajectories,
    whole_span,
)
from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.study import Study
from evenfield.study.study_config import InferenceSettings, TaxonomyName, WeightsName

# Estimator, term, effect type and unit of measure of each kind of row.
KINDS = {
    "moran": Kind("moran", "moran", "stat", "index"),
    "geary": Kind("geary", "geary", "stat", "index"),
    "local": Kind("local_moran", "significant_units", "stat", "units"),
    "join": Kind("join_count", "links_between", "stat", "links"),
    "pair": Kind("bivariate_moran", "neighbours", "stat", "index"),
}
GROUPS = ["cluster", "sez"]
ALIKE = 1e-12  # log points between the richest and the poorest unit
GROWTH = "growth_pct_per_year"
P_TYPE = "permutation of units, two-sided; adjusted over all years by the largest |z|"
NO_EFFECT = (
    "association, not a spillover: the unit's own clusters and zones are not held fixed"
)
LABELS = (
    "spec_id unit_scheme kind variable controls unit year sample_id quadrant basis"
).split()
NUMBERS = "value expected band_low band_high p_value p_adjusted q_value".split()
# Outcome, what is taken out of it first, values, and the regressors that take it out.
Variable = tuple[str, str, Trajectories, Array | None]


class MoranSpec(UnitsSpec):
    """One specification of spatial association by year."""

    regions: str = ""
    """Column of units.csv whose means are also taken out; none when empty."""
    weights: WeightsName = ""
    """Spatial weights; the primary ones when empty."""
    taxonomies: list[TaxonomyName] = []
    """Taxonomies whose clusters and zones are placed on the map."""
    discovery_rate: float = Field(0.05, gt=0, lt=1)
    """False discovery rate at which a local Moran counts."""


Section = list[MoranSpec]


@dataclass(frozen=True)
class Map:
    """The map of one specification: its units, who neighbours whom, and what its rows
    share.
    """

    spec: MoranSpec
    info: SchemeInfo
    units: tuple[str, ...]
    W: csr_array  # (N, N) in the order of the units
    weights: str
    cut: str  # that the weights were cut to a sample
    inference: InferenceSettings

    @property
    def draws(self) -> int:
        """Number of permutations."""
        return self.inference.permutations

    def stream(self, *parts: object) -> tuple[np.random.Generator, str]:
        """Return the random stream of one test and its seed in words."""
        # The draws of a published number belong to its draw id, which keeps the topic's
        # first name.
        return stream(self.inference, "pattern", self.spec, *parts)

    def rows(self, note: str, **shared: object) -> Rows:
        """Return a builder of rows, all of them in the role of the specification."""
        note = joined(note, self.cut)
        return Rows(KINDS, self.spec.role, note, **shared, w_id=self.weights)


def check_data(study: Study, __: Section, spec: MoranSpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    where = f"estimates.moran.{spec.id}"
    income, _ = whole_span(study, spec, where)
    alike = income.years[np.ptp(income.values, axis=0) < ALIKE]
    if len(alike):
        raise EstimateError(
            f"{where}: income is the same in all units in {first_examples([*map(str, alike)])}",
            "incomes that differ in every year",
            "correct panel.income, or leave Moran's I out",
        )
    if spec.regions:
        regions_of(study, spec, income.units, where)


def estimate(study: Study) -> Results:
    """Test spatial association in every year for every specification.

    Notes
    -----
    I = (N / 1'W1) z'Wz / z'z of the deviations z from the mean (Moran 1950), c of
    Geary (1954) beside it, both against permutations of units over the map; the same
    permutation moves a unit in all years, so that p can be adjusted for looking at
    every year.
    """
    out = Results()
    parts = []
    fits = []
    inference = study.config.inference
    for spec in read(Section, study.config, "moran"):
        where = f"estimates.moran.{spec.id}"
        income, info = whole_span(study, spec, where)
        # Levels stay alike for long; growth shows whether neighbours move together now.
        growth = growth_of(study, spec, income, where)
        weights = study.weights(spec.weights, scheme=spec.unit_scheme)
        W, cut = weights.among(income.units)
        on = Map(
            spec=spec,
            info=info,
            units=income.units,
            W=W,
            weights=str(weights.spec.get("weights", "")),
            cut=cut,
            inference=inference,
        )
        for variable in _variables(study, on, income, growth):
            rows, series = _map_tests(on, *variable)
            out.estimates += rows
            parts += series
        out.estimates += _cells(study, on)
        fits.append(
            {
                **spec.labels,
                "n_units": len(income.units),
                "regions": spec.regions,
                "taxonomies": spec.taxonomies,
                "income_years": _ends(income),
                "growth_years": _ends(growth),
            }
        )
    out.series["series"] = stacked(parts, LABELS, NUMBERS)
    out.fit = inference.fields("permutations", "seed")
    out.fit["specs"] = fits
    return out


def growth_of(
    study: Study, spec: MoranSpec, income: Trajectories, where: str
) -> Trajectories | None:
    """Return growth by unit and year; nothing where the panel has none."""
    # ASSUME: growth from one observation to the next; the year in which proxy output
    # meets official output has none.
    panel = study.table("panel", spec.unit_scheme)
    if "growth_pct" not in panel or panel["growth_pct"].isna().all():
        return None
    return aligned(trajectories(panel, "growth_pct", income.units, where), income.units)


def income_at_start(income: Trajectories, growth: Trajectories) -> Array:
    """Return income at the date before each growth, (N, T)."""
    return income.values[:, np.searchsorted(income.years, growth.years) - 1]


def _ends(data: Trajectories | None) -> list[int]:
    return [] if data is None else data.years[[0, -1]].tolist()


def regions_of(
    study: Study, spec: MoranSpec, units: Sequence[str], where: str
) -> tuple[Array, list[str]]:
    """Return codes and names of the regions of some units."""
    frame = study.table("units", spec.unit_scheme)
    check_names([spec.regions], frame.columns, f"{where}.regions")
    return grouping(frame, spec.regions, units, f"{where}.regions")


def _variables(
    study: Study, on: Map, income: Trajectories, growth: Trajectories | None
) -> Iterator[Variable]:
    """Yield what is tested; regressors hold their constant, (N, K) or (T, N, K)."""
    outcomes = {"log_income": income}
    if growth:
        outcomes["growth"] = growth
    for name, data in outcomes.items():
        yield name, "none", data, None
    # Neighbours may be alike because they share a region: I of the residuals from the
    # means of regions says what is left.
    if on.spec.regions:
        where = f"estimates.moran.{on.spec.id}"
        codes, names = regions_of(study, on.spec, on.units, where)
        for name, data in outcomes.items():
            yield name, on.spec.regions, data, np.eye(len(names))[codes]
    # Or because poor neighbours catch up alike.
    if growth:
        start = income_at_start(income, growth).T  # every year has its own line
        X = np.stack([np.ones_like(start), start], axis=2)
        yield "growth", "log_income_start", growth, X


def _map_tests(
    on: Map, name: str, controls: str, data: Trajectories, X: Array | None
) -> tuple[list[Estimate], list[pd.DataFrame]]:
    """Return the rows of a variable by year, and its series."""
    spec = on.spec
    labels, note = span_labels("moran", spec, data, on.info)
    labels |= {"outcome": name, "controls_id": controls}
    rng, seed = on.stream(name, controls)
    rows = on.rows(note, **labels, seed=seed)
    series = []
    for test in association(data.values, on.W, rng, on.draws, X):
        _add_by_year(on, rows, test.rows(), data, role=spec.role, p_type=P_TYPE)
        if not test.reason:
            by_year = {"kind": test.term, "year": data.years, "basis": data.basis}
            columns = by_year | test.series(on.inference.level)
            series.append(pd.DataFrame(columns))
    # Local tests are of the map as it is, not of residuals.
    if controls == "none":
        rng, seed = on.stream(name, "local")
        local = local_association(data.values, on.W, rng, on.draws)
        of_units = on.rows(note, **labels, seed=seed)
        # One test for each unit: the false discovery rate is held within the year.
        rate = spec.discovery_rate
        warning = f"false discovery rate {rate:g} within the year"
        _add_by_year(on, of_units, local.rows(rate), data, warning=warning)
        rows.estimates += of_units.estimates
        if not local.reason:
            series.append(_of_units(local, data))
    named = {**spec.labels, "variable": name, "controls": controls}
    return rows.estimates, [frame.assign(**named) for frame in series]


def _add_by_year(
    on: Map, rows: Rows, tests: list[Row], data: Trajectories, **labels: object
) -> None:
    """Add a row for each year, or one for the whole span that says why there is none."""
    level = on.inference.level
    if tests[0].test.reason:
        rows.add_tests(tests, level, {row.term: labels for row in tests})
        return
    rows.note = on.cut
    labels |= {"n_obs": len(data.units), "n_periods": 1}
    for row, year, basis in zip(tests, data.years, data.basis, strict=True):
        own = {
            "period": str(year),
            "output_basis": basis,
            "asked": asking(year=int(year)),
        }
        rows.add_tests([row], level, {row.term: labels | own})


def _of_units(tests: LocalTests, data: Trajectories) -> pd.DataFrame:
    """Return the local Moran of every unit and year."""
    # Statistics are (N, T), so unit after unit: units repeat and years recur.
    units = len(data.units)
    return pd.DataFrame(
        {
            "kind": "local",
            "unit": np.repeat(data.units, len(data.years)),
            "year": np.tile(data.years, units),
            "basis": np.tile(np.array(data.basis, dtype=object), units),
            "value": tests.statistic.ravel(),
            "p_value": tests.p_value.ravel(),
            "q_value": tests.q_value.ravel(),
            "quadrant": tests.quadrant.ravel(),
        }
    )


def marks_and_growth(
    study: Study, spec: MoranSpec, units: Sequence[str], taxonomy: str, period: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the clusters and zones of a taxonomy, and growth, in one period; a row a
    unit.
    """
    at = f"estimates.moran.{spec.id} {taxonomy} {period}"
    cells = study.table("cells", spec.unit_scheme)
    placed = cells["taxonomy"].eq(taxonomy) & cells["period"].eq(period)
    marks = sample_rows(cells[placed], units, GROUPS, at)
    periods = study.table("periods", spec.unit_scheme)
    own = periods[periods["period"].eq(period)]
    return marks, sample_rows(own, units, [GROWTH], at)


def _cells(study: Study, on: Map) -> list[Any]:
    """Place the clusters and zones of every taxonomy and period on the map."""
    spec = on.spec
    estimates = []
    periods = study.table("periods", spec.unit_scheme)
    for taxonomy in spec.taxonomies:
        for period in periods_of(periods):
            marks, grown = marks_and_growth(study, spec, on.units, taxonomy, period)
            for group in GROUPS:
                values = marks[group].to_numpy(float)
                rows = on.rows(
                    "",
                    **spec.labels,
                    family="moran",
                    period=period,
                    treatment_def=taxonomy,
                    contrast=group,
                    n_obs=len(grown),
                    n_units=len(grown),
                    n_treated=int(values.sum()),
                )
                case = (taxonomy, group, period)
                _add_joins(on, rows, values, case)
                _add_pair(on, rows, values, grown, case)
                estimates += rows.estimates
    return estimates


def _add_joins(on: Map, rows: Rows, marks: Array, case: tuple[str, str, str]) -> None:
    # Where clusters and zones lie does not depend on how output is measured.
    rows.note = ""
    group = rows.shared["contrast"]
    labels = {"outcome": group, "role": on.spec.role}
    rng, seed = on.stream(*case, "joins")
    try:
        links = marked_links(marks, on.W, rng, on.draws).counts
    except NumericsError as error:
        return rows.undefined(["join"], error, **labels)
    expected = f"{links.expected:.3g}"
    return rows.add(
        "join",
        f"{expected} links expected, {links.one} to other units",
        asked=asking(expected=expected),
        **labels,
        **links_fields(links, seed),
    )


def _add_pair(
    on: Map, rows: Rows, marks: Array, grown: pd.DataFrame, case: tuple[str, str, str]
) -> None:
    basis = one_text(grown["basis"])
    rows.note = joined(basis_warning(basis, on.info.first_official), on.cut)
    labels = {
        "outcome": "growth",
        "term": f"neighbours_{rows.shared['contrast']}",
        "output_basis": basis,
        "role": on.spec.role,
    }
    # Growth stays in its place, the marks of the neighbours are permuted.
    growth = grown[GROWTH].to_numpy(float)
    rng, seed = on.stream(*case, "pair")
    test = bivariate_association(growth, marks, on.W, rng, on.draws).test
    if test.reason:
        return rows.undefined(["pair"], test.reason, **labels)
    return rows.add(
        "pair",
        NO_EFFECT,
        **labels,
        estimate=test.estimate,
        std_error=test.std_error,
        p_value=test.p_value,
        se_type=test.se_type,
        p_type="permutation of the marks, two-sided",
        seed=seed,
    )
