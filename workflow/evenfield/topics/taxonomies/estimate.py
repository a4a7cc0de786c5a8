"""Which grouping of units describes growth best: two labels, four cells or a continuous
plane.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from evenfield.models.groupings import tested_gain
from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.influence import effective_clusters
from evenfield.numerics.prediction_error import (
    Predictor,
    leave_one_out_mse,
    predictor,
    schwarz_criterion,
)
from evenfield.shared.contrasts.contrasts import BASES
from evenfield.shared.contrasts.geographies import Geographies, study_geographies
from evenfield.shared.estimates import NAN, Estimate, asking
from evenfield.shared.rows import Results, stacked
from evenfield.shared.samples import complete, joined
from evenfield.shared.settings import check_names
from evenfield.shared.spec import Id, Role, Spec, read
from evenfield.shared.tables.rows import only
from evenfield.study.errors import counted
from evenfield.study.files import Record
from evenfield.study.study import Study
from evenfield.study.study_config import HypothesisName, SampleName

GROWTH = "growth_pct_per_year"
# What the plane shows: how much grew from below, how much was made from above, growth.
AXES = ["endogenous", "exogenous", GROWTH]
NONE = "no groups"
DICHOTOMY = "dichotomy"
MIXED = "four cells"
PLANE = "plane"
UNITS = {
    "loo_gain": "share",
    "bic_gain": "BIC points",
}
SCORES = {
    "loo_mse": (leave_one_out_mse, "(pp/yr)^2"),
    "bic": (schwarz_criterion, "BIC points"),
}
NAMES = {
    "free": "",
    "stratified": "_stratified",
    "connected": "_connected",
}


class TaxonomiesSpec(Spec):
    """One outcome on which taxonomies are compared."""

    id: Id
    endogenous: str = ""
    """Measure of clusters.csv on one axis of the plane; empty for none."""
    exogenous: str = ""
    """Type of zone whose mean number is the other axis; empty for none."""
    hypothesis: HypothesisName = ""
    """Hypothesis or claim that the comparison speaks to."""
    plane_hypothesis: HypothesisName = ""
    """The same for the plane."""
    sample: SampleName = "all"
    """Sample."""
    role: Role = "robustness"
    """Role in the tables."""


Section = list[TaxonomiesSpec]


def check_data(study: Study, _: Section, spec: TaxonomiesSpec) -> None:
    """Refuse axes of the plane that the tables do not have."""
    where = f"estimates.taxonomies.{spec.id}"
    measures = study.ingested("clusters")["measure"].unique()
    if spec.endogenous and len(measures):
        check_names([spec.endogenous], measures, f"{where}.endogenous")
    types = study.table("doses")["zone_type"].unique()
    if spec.exogenous and len(types):
        check_names([spec.exogenous], types, f"{where}.exogenous")


def estimate(study: Study) -> Results:
    """Score groupings by prediction of units left out and by BIC, period by period.

    Notes
    -----
    Dichotomy: G_i = a + c C_i + s S_i + e_i. Four cells: the same plus d C_i S_i, which
    equals one mean a cell; with units in neither cell as the base it is also the
    three-way grouping (cluster only, SEZ only, both). Plane: a + c E_i + s X_i + d E_i
    X_i with a cluster measure E and a number of zones X. Labels are permuted by whole
    rows.
    """
    main = study.config.taxonomy.primary
    geographies = study_geographies(study)
    out = Results()
    left_out = []
    planes = []
    described = study.description()
    for spec in read(Section, study.config, "taxonomies"):
        for item in [item for item in described["periods"] if item["role"] == "main"]:
            period = item["period"]
            table, note = growth_of(study, spec, period)
            row = _row(study, spec, item, note)
            primary = spec.role == "primary"
            # Only the deciding comparison is made under every taxonomy.
            for taxonomy in study.config.taxonomy.all if primary else [main]:
                role = spec.role if taxonomy == main else "robustness"
                named = replace(row, role=role, treatment_def=taxonomy)
                cells = cells_of(study, taxonomy, period).reindex(table.index)
                out.estimates += _cell_rows(
                    geographies, named, table, cells, scores=taxonomy == main
                )
            plane, reason = plane_of(study, spec, item, table)
            if reason:
                part = f"{spec.id}, {period}, plane"
                left_out.append({"part": part, "reason": reason})
                continue
            planes.append(plane.reset_index().assign(spec_id=spec.id, period=period))
            named = replace(
                row,
                role="exploratory",
                hypothesis=spec.plane_hypothesis,
                treatment_def=f"{spec.endogenous} x {spec.exogenous}",
                n_treated=len(plane),
            )
            cells = cells_of(study, main, period).reindex(plane.index)
            out.estimates += _plane_rows(geographies, named, plane, cells)
    out.series["plane"] = stacked(planes, ["spec_id", "period", "unit"], AXES)
    out.fit = {"left_out": left_out}
    return out


def growth_of(
    study: Study, spec: TaxonomiesSpec, period: str
) -> tuple[pd.DataFrame, str]:
    """Return growth in a period by unit, and which units lack it."""
    growth = only(study.table("periods"), period=period).set_index("unit")
    members = growth.loc[study.description()["samples"][spec.sample], [GROWTH]]
    return complete(members, [GROWTH])


def _row(study: Study, spec: TaxonomiesSpec, item: Record, note: str) -> Estimate:
    described = study.description()
    return Estimate(
        hypothesis=spec.hypothesis,
        family="taxonomies",
        estimator="",
        spec_id=spec.id,
        outcome=GROWTH,
        term="",
        effect_type="stat",
        sample_id=spec.sample,
        unit_scheme=str(described["unit_scheme"]),
        period=str(item["period"]),
        estimate=NAN,
        output_basis=item["basis"],
        seed=str(study.config.inference.seed),
        data_hash=str(described["data_hash"]),
        warning=joined(note, BASES.get(item["basis"], "")),
    )


def cells_of(study: Study, taxonomy: str, period: str) -> pd.DataFrame:
    """Return the cells of a taxonomy in a period by unit."""
    cells = only(study.table("cells"), taxonomy=taxonomy, period=period)
    return cells.set_index("unit").sort_index()


def _cell_rows(
    geographies: Geographies,
    base: Estimate,
    table: pd.DataFrame,
    cells: pd.DataFrame,
    *,
    scores: bool,
) -> list[Estimate]:
    one = np.ones(len(cells))
    C = cells["cluster"].to_numpy(float)
    S = cells["sez"].to_numpy(float)
    models = {NONE: one[:, None], DICHOTOMY: np.column_stack([one, C, S])}
    # d C S is what a mixed form adds to both labels: four means, one for each cell.
    models[MIXED] = np.column_stack([models[DICHOTOMY], C * S])
    # The smallest cell decides what can be told apart.
    counts = cells["cell"].value_counts().sort_index()
    sizes = ", ".join(f"{name} {count}" for name, count in counts.items())
    base = replace(
        base,
        n_treated=int(counts.min()),
        warning=joined(base.warning, f"cells: {sizes}"),
    )
    return _compared(
        geographies, base, table, models, MIXED, list(models) if scores else []
    )


def _plane_rows(
    geographies: Geographies, base: Estimate, plane: pd.DataFrame, cells: pd.DataFrame
) -> list[Estimate]:
    one = np.ones(len(plane))
    E = plane["endogenous"].to_numpy(float)
    X = plane["exogenous"].to_numpy(float)
    models = {
        DICHOTOMY: np.column_stack([one, cells[["cluster", "sez"]].to_numpy(float)])
    }
    # The same equation with amounts in the place of labels.
    models[PLANE] = np.column_stack([one, E, X, E * X])
    return _compared(geographies, base, plane, models, PLANE, [PLANE])


def _compared(
    geographies: Geographies,
    base: Estimate,
    table: pd.DataFrame,
    X: dict[str, Array],
    large: str,
    scored: list[str],
) -> list[Estimate]:
    units = table.index.to_numpy(str)
    y = table[GROWTH].to_numpy(float)
    base = replace(
        base,
        term=large,
        contrast=f"{large} - {DICHOTOMY}",
        n_obs=len(table),
        n_units=len(table),
    )
    try:
        models = {name: predictor(columns, units) for name, columns in X.items()}
    except NumericsError as error:
        # A unit alone in its cell has leverage one; an empty cell makes C S collinear.
        base = replace(base, warning=joined(base.warning, f"not defined: {error}"))
        return [
            replace(base, estimator=name, unit_of_measure=unit)
            for name, unit in UNITS.items()
        ]
    # How many units the product rests on: with two units in a cell it is a handful.
    product = np.eye(X[large].shape[1])[-1]
    base = replace(base, g_star=effective_clusters(X[large], units, product))
    draw_id = f"{base.unit_scheme}:{base.sample_id}"
    # The first regressor after the constant is the group that connected draws move.
    labels = X[large][:, 1:]
    rows = []
    for name, unit in UNITS.items():
        for scheme in NAMES if base.role == "primary" else ("free",):
            role = "ladder" if NAMES[scheme] else base.role
            row = replace(
                base,
                estimator=f"{name}{NAMES[scheme]}",
                asked=asking(gain=name, scheme=scheme),
                role=role,
                unit_of_measure=unit,
            )
            try:
                draws = geographies.draws(scheme, units, labels, draw_id)
            except NumericsError as error:
                rows.append(replace(row, warning=f"not defined: {error}"))
                continue
            found = tested_gain(name, y, models[DICHOTOMY], models[large], draws.source)
            p_type = f"{scheme} permutation of labels, one-sided, {found.draws} draws"
            rows.append(
                replace(
                    row,
                    estimate=found.estimate,
                    p_value=found.p_value,
                    p_type=p_type,
                )
            )
    for name in SCORES:
        rows += [_score(base, name, term, y, models[term]) for term in scored]
    return rows


def _score(
    base: Estimate, name: str, term: str, y: Array, model: Predictor
) -> Estimate:
    score, unit = SCORES[name]
    return replace(
        base,
        hypothesis="",
        role="exploratory",
        contrast="",
        estimator=name,
        term=term,
        estimate=float(score(y, model)),
        unit_of_measure=unit,
        # Number of coefficients, each of which costs ln N in BIC.
        df=float(model.K),
    )


def plane_of(
    study: Study, spec: TaxonomiesSpec, item: Record, table: pd.DataFrame
) -> tuple[pd.DataFrame, str]:
    """Return growth with both measures, and why they cannot be used."""
    if not spec.endogenous or not spec.exogenous:
        return table, "no continuous measures named in the config"
    clusters = only(study.ingested("clusters"), measure=spec.endogenous)
    doses = only(study.table("doses"), zone_type=spec.exogenous)
    inside = doses["year"].between(item["start"], item["end"])
    zones = doses[inside].groupby("unit")["zones"].mean()
    plane = table.assign(
        endogenous=clusters.set_index("unit")["value"].reindex(table.index),
        exogenous=zones.reindex(table.index),
    )
    both = plane[["endogenous", "exogenous"]]
    measures = f"{spec.endogenous} or {{}}zones of type {spec.exogenous}"
    without = int(both.isna().any(axis=1).sum())
    if without:
        lacking = counted(without, "unit lacks", "units lack")
        return plane, f"{lacking} {measures.format('')}"
    if both.nunique().min() < 2:
        return plane, f"{measures.format('the number of ')} does not vary"
    return plane, ""
