"""Spatial panels: every specification with every model and weights, effects with
intervals, tests, selection.
"""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from evenfield.models.spatial_panel import (
    random_effects_tests,
    residual_tests,
    specification_tests,
)
from evenfield.numerics.at_work import told
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial import effective_neighbours
from evenfield.numerics.spatial_panel.columns import check_identified
from evenfield.numerics.spatial_panel.models import (
    PanelModel,
    SpatialPanelFit,
    fit_spatial_panel,
)
from evenfield.numerics.spatial_panel.network import network
from evenfield.numerics.spatial_panel.probabilities import COMPARED, model_probabilities
from evenfield.numerics.spatial_panel.reach import partition, reach
from evenfield.numerics.spatial_panel.selection import information_criteria
from evenfield.shared.estimates import Estimate, Fields
from evenfield.shared.rows import Kind, Results, Rows, gathered, stacked
from evenfield.shared.samples import joined
from evenfield.shared.spec import Role, read
from evenfield.shared.study_panel import UNITS, PanelSection, PanelSpec, study_panel
from evenfield.study.errors import EstimateError
from evenfield.study.rounding import round_results
from evenfield.study.study import Study
from evenfield.study.study_config import SampleName
from evenfield.topics.spatial_panel.estimate_rows import (
    DRAWS,
    UNIT_DRAWS,
    YEAR_DRAWS,
    YEARS_TOGETHER,
    Line,
    Setting,
    asked_by,
    clustered_effects,
    coefficients,
    other_inference,
    serial_note,
    tested_lines,
)

Model = Literal["SLX", "SAR", "SEM", "SDM", "SDEM", "SAC"]
KINDS = {
    "estimate": Kind("", "", "coef", ""),
    "test": Kind("test", "", "test", "statistic"),
    "height": Kind("", "", "stat", "natural log units"),
    "serial": Kind("", "residual autocorrelation", "stat", "correlation"),
    "moran": Kind("", "residual Moran", "stat", "Moran's I"),
    "probability": Kind("", "", "probability", "share"),
}
MOST_PAIRED = 1000  # units up to which effects between pairs are written
PERMUTATIONS = 999  # of units, for Moran's I of residuals
# Highest power of W by which effects of the main model are divided, from W^0 on.
POWERS = 6
# Models of the main specification whose effects between pairs are written for every W.
MAPPED = ("SLX", "SDM", "SDEM")
KEY = ["spec_id", "w_id", "estimator", "term"]
SERIES = {
    "reach": ([*KEY, "unit"], ["own", "received", "sent"]),
    "links": ([*KEY, "unit_i", "unit_j"], ["effect"]),
    "powers": ([*KEY, "power"], ["direct", "indirect", "total"]),
}
READING = [
    "SAR forces one ratio of indirect to direct effects on all regressors",
    (
        "rho is dependence between neighbours' outcomes; alone it is no evidence that a"
        " policy reached the neighbours"
    ),
    "with few units and dense weights read the effective number of neighbours first",
    (
        "time effects, or common factors, come out before anything is read as"
        " dependence between neighbours"
    ),
    "a coefficient of W x is not an indirect effect; read direct, indirect and total",
    "associations given unit and year effects; no row decides a hypothesis",
]


class SpatialPanelSpec(PanelSpec):
    """One specification, estimated with every model and all weights."""

    sample: SampleName = "all"
    """Sample of units, named under panel.samples."""
    models: tuple[Model, ...] = Field(
        ("SLX", "SAR", "SEM", "SDM", "SDEM"), min_length=1
    )
    """Models."""
    model: Model = "SDM"
    """The main model."""
    effects: Literal["pooled", "unit", "time", "two_way"] = "two_way"
    """Effects that are removed."""
    approach: Literal["lee_yu", "direct"] = "lee_yu"
    """Effects transformed away, or estimated (biased with dense weights)."""
    role: Role = "exploratory"
    """Role in the tables."""

    def form(self, model: str) -> PanelModel:
        """Return a model with the effects and the approach of the specification."""
        return PanelModel(model, self.effects, self.approach)


Section = PanelSection[SpatialPanelSpec]


def check_data(study: Study, section: Section, spec: SpatialPanelSpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    panel, _, _ = study_panel(study, section, spec, spec.sample)
    try:
        check_identified(panel, spec.effects)
    except NumericsError as error:
        raise EstimateError(
            f"{spec.id}: {error}",
            "regressors that vary beside the effects",
            "leave one out, or remove other effects",
        ) from error


def chunk(study: Study, number: int, of: int) -> Results:
    """Estimate one chunk's share of the specifications with every model and weights
    matrix.

    Notes
    -----
    Y_t = rho W Y_t + X_t b + W X_t th + mu + alpha_t 1 + u_t, u_t = lambda W u_t + e_t.
    Effects of regressor k are those of M_k = (I - rho W)^-1 (b_k I + th_k W). Elhorst
    (2014), Lee and Yu (2010), LeSage and Pace (2009).
    """
    section = read(Section, study.config, "spatial_panel")
    out = Results()
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in SERIES}
    own = section.specifications[number - 1 :: of]
    for spec in told(own, "specifications"):
        mapped = MAPPED if spec is section.specifications[0] else ()
        try:
            out.estimates += _specification(study, section, spec, parts, mapped)
        except NumericsError as error:
            expected = "a panel that carries the model"
            action = "change the specification"
            raise EstimateError(f"{spec.id}: {error}", expected, action) from error
    out.series = {
        name: stacked(parts[name], *columns) for name, columns in SERIES.items()
    }
    return out


def estimate(study: Study, chunks: Sequence[str | Path] = ()) -> Results:
    """Estimate all specifications, or join the chunks that did."""
    out = gathered(chunks) if chunks else chunk(study, 1, 1)
    out.series = {
        name: stacked([out.series[name]], *columns) for name, columns in SERIES.items()
    }
    out.fit = _summary(study, read(Section, study.config, "spatial_panel"))
    return out


def _specification(
    study: Study,
    section: Section,
    spec: SpatialPanelSpec,
    parts: dict[str, list[pd.DataFrame]],
    mapped: tuple[str, ...],
) -> list[Estimate]:
    """Return the rows of one specification; its series go to ``parts``."""
    panel, shared, note = study_panel(study, section, spec, spec.sample)
    shared |= {
        "family": "spatial_panel",
        "period": spec.span,
        "fe_id": f"{spec.effects}, {spec.approach}",
        "n_obs": len(panel.units) * len(panel.periods),
        "n_periods": len(panel.periods),
    }
    inference = study.config.inference
    # The main model is estimated even where `models` does not list it.
    models: list[str] = list(dict.fromkeys((*spec.models, spec.model)))
    builders = {}
    networks = {}
    for name, weights in study.all_weights.items():
        # Weights to units outside a sample are dropped, the others scaled up.
        matrix, cut = weights.among(panel.units)
        net = network(panel.units, matrix)
        rows = Rows(KINDS, "robustness", joined(note, cut), **shared, w_id=name)
        networks[name] = net
        builders[name] = rows
        setting = Setting(
            panel=panel,
            unit=UNITS.get(spec.outcome, ""),
            stream=f"spatial_panel:{spec.id}:{name}",
            level=inference.level,
            power=study.power,
            seed=inference.seed,
        )
        fits = {
            model: fit_spatial_panel(panel, net, spec.form(model)) for model in models
        }
        tests = specification_tests(panel, fits)
        # LM, LR and plain Wald tests take years as independent, so all carry this note.
        serial = serial_note(next(iter(fits.values())))
        _add(rows, "test", tested_lines(tests, serial))
        for model, fit in fits.items():
            main = (model, name) == (spec.model, spec.weights)
            # Main model and main weights alone have the specification's role.
            role = spec.role if main else "robustness"
            _add(rows, "estimate", coefficients(setting, fit))
            _add_fit(rows, setting, fit)
            _add(rows, "estimate", clustered_effects(setting, fit, role))
            # At the edge of its range a parameter has no error, so nothing that rests
            # on one is read.
            if fit.at_bound:
                continue
            if main:
                _add(rows, "estimate", other_inference(setting, fit))
                of_effects = random_effects_tests(panel, fit)
                _add(rows, "test", tested_lines(of_effects, ""))
            _add_series(parts, spec, name, fit, main or model in mapped)
    # Models (LeSage 2014) and weights (LeSage and Pace 2009, ch. 6) are compared by
    # their posterior probability, all of them with equal priors.
    compared = [model for model in models if model in COMPARED]
    shares = model_probabilities(panel, networks, spec.form("SDM"), compared)
    for (model, name), share in shares.items():
        builders[name].add(
            "probability",
            estimator=model.lower(),
            term=model,
            role="description",
            estimate=share,
        )
    return list(chain.from_iterable(rows.estimates for rows in builders.values()))


def _add(rows: Rows, kind: str, lines: list[Line]) -> None:
    # Tests rank models and are no evidence about a policy, so they describe.
    role = {"role": "description"} if kind == "test" else {}
    for line in lines:
        rows.add(kind, line.pop("warning"), **role, **line)


def _add_fit(rows: Rows, setting: Setting, fit: SpatialPanelFit) -> None:
    """Add likelihood, criteria and what is left in the residuals, over years and over
    the map.
    """
    labels = {"estimator": fit.model.model.lower(), "asked": asked_by(fit)}
    seed = setting.seed
    # sigma2 is a parameter here; `aic` of the library's fits leaves it out.
    aic, bic = information_criteria(fit)
    criteria = {
        "log likelihood": fit.log_likelihood,
        "AIC": aic,
        "BIC": bic,
    }
    for name, value in criteria.items():
        rows.add("height", **labels, term=name, estimate=value)
    # Units change places with their whole paths, which keeps what years share.
    rng = generator_for(seed, f"{setting.stream}:{fit.model.model}:moran")
    serial, moran = residual_tests(fit, rng, PERMUTATIONS)
    rows.add("serial", **labels, estimate=serial.statistic)
    rows.add(
        "moran",
        **labels,
        estimate=moran.statistic,
        p_value=moran.p_value,
        p_type=f"{PERMUTATIONS} permutations of units with their paths",
        seed=str(seed),
    )


def _add_series(
    parts: dict[str, list[pd.DataFrame]],
    spec: SpatialPanelSpec,
    weights: str,
    fit: SpatialPanelFit,
    linked: bool,
) -> None:
    """Add effects by unit; of the main model by power of W; where ``linked``, by pair
    of units.
    """
    model = fit.model.model
    for term in fit.regressors:
        reached = reach(fit, term)
        series = {
            "reach": {
                "unit": reached.units,
                "own": reached.own,
                "received": reached.received,
                "sent": reached.sent,
            }
        }
        # (I - rho W)^-1 = I + rho W + rho^2 W^2 + ...: neighbours, theirs, and so on.
        if model == spec.model:
            direct, indirect, total = partition(fit, term, POWERS).T
            series["powers"] = {
                "power": np.arange(POWERS + 1),
                "direct": direct,
                "indirect": indirect,
                "total": total,
            }
        n = len(reached.units)
        # Row i of M_k is what unit i receives from each j, so unit_j changes fastest.
        if linked and n <= MOST_PAIRED:
            series["links"] = {
                "unit_i": np.repeat(reached.units, n),
                "unit_j": reached.units * n,
                "effect": reached.matrix.ravel(),
            }
        key = dict(zip(KEY, (spec.id, weights, model.lower(), term), strict=True))
        for name, columns in series.items():
            parts[name].append(pd.DataFrame({**key, **columns}))


def _summary(study: Study, section: Section) -> Fields:
    # Variables that no specification uses are not described.
    used = set(chain.from_iterable(spec.regressors for spec in section.specifications))
    neighbours = {}
    for name, weights in sorted(study.all_weights.items()):
        effective = np.asarray(effective_neighbours(weights.matrix))
        neighbours[name] = float(round_results(effective))
    inference = study.config.inference
    return {
        "equation": (
            "Y_t = rho W Y_t + X_t b + W X_t th + mu + alpha_t 1 + u_t, u_t = lambda W"
            " u_t + e_t"
        ),
        "effects": (
            "M_k = (I - rho W)^-1 (b_k I + th_k W): direct = tr(M_k)/N, total = 1'M_k"
            " 1/N, indirect = the rest"
        ),
        "reading": READING,
        "conf_level": inference.level,
        "seed": inference.seed,
        "power": study.power,
        "interval": (
            "sandwich by unit, t(G* - 1): any correlation over years and any variance"
            " within a unit"
        ),
        "draws": DRAWS,
        "unit_draws": UNIT_DRAWS,
        "year_draws": YEAR_DRAWS,
        "years_together": YEARS_TOGETHER,
        "effective_neighbours": neighbours,
        "regressors": {
            name: variable.label
            for name, variable in section.variables.items()
            if name in used
        },
        "specifications": [
            spec.model_dump(mode="json") for spec in section.specifications
        ],
    }
