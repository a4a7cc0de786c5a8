"""The panel beside the long differences (H11): bias-corrected fixed effects with one adjusted score per regime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.dynamic_panel.regime_scores import RegimeInterval, regime_intervals
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.power import mde_multiplier
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import Estimate
from evenfield.shared.samples import joined, not_defined
from evenfield.shared.trajectories import Trajectories, trajectories
from evenfield.topics.regime.estimate import DIFFERENCE, FAMILY, HYPOTHESIS, UNIT
from evenfield.topics.regime.estimate_data import EXPOSURES, INTERACTIONS, RegimeSection, regime_sections
from evenfield.topics.regime.estimate_inference import spatial_room
from evenfield.topics.regime.estimate_job import Job, base_fields, basis_note
from evenfield.topics.regime.estimate_spec import RegimeSettings, RegimeSpec

# Rows in the order of C: more speed with clusters, with zones, and the difference; a smaller root is a faster speed.
ROWS = ((INTERACTIONS[0], ""), (INTERACTIONS[1], ""), (INTERACTIONS[0], DIFFERENCE))
C = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [0.0, -1.0, 1.0]])
PERCENT = 100


def regime_panel_rows(
    panel: pd.DataFrame, periods: pd.DataFrame, exposures: pd.DataFrame, units: pd.DataFrame,
    description: Mapping[str, Any], specs: Sequence[RegimeSpec], settings: RegimeSettings,
) -> list[Estimate]:  # fmt: skip
    """Estimate how the yearly root depends on exposure, for the specifications that ask for draws.

    Notes
    -----
    y_it = (rho + rho_C E^C_i + rho_S E^S_i) y_i,t-D + mu_i + (1, E^C_i, E^S_i)'tau_t + e_it; rows are
    -100 rho_C/D, -100 rho_S/D and their difference. Time effects by exposure are the lower-order terms.
    """
    rows: list[Estimate] = []
    for spec in (spec for spec in specs if spec.draws):
        job = Job(spec, settings, spatial_room(units, settings.level), description)
        data = trajectories(panel, "log_income", list(units["unit"]), f"estimates.regime.{spec.id}")
        for section in regime_sections(periods, exposures, description["periods"], list(units["unit"]), spec):
            rows += _section_rows(section, data, job)
    return rows


def _section_rows(section: RegimeSection, data: Trajectories, job: Job) -> list[Estimate]:
    span = data.between(int(section.period["start"]), int(section.period["end"]))
    labels = [_labels(section, span, job, term, contrast) for term, contrast in ROWS]
    draw_id = f"regime:{job.spec.id}:{job.study['unit_scheme']}:{section.name}:units"
    exposed = section.table.loc[list(span.units), list(EXPOSURES)].to_numpy(float)
    Z = np.column_stack([np.ones(len(exposed)), exposed])
    try:
        if not span.evenly_spaced:
            raise NumericsError("the dates are not equally spaced")
        rng = generator_for(job.settings.seed, draw_id)
        found = regime_intervals(span.values, Z, C, rng, job.spec.draws, job.settings.level)
    except NumericsError as error:
        return not_defined([{**row, "estimator": "regime_bc_fe"} for row in labels], basis_note(section), error)
    scale = PERCENT / float(span.years[1] - span.years[0])
    both = [_rows(row, numbers, scale, section, job) for row, numbers in zip(labels, found, strict=True)]
    return [row for pair in both for row in pair]


def _labels(section: RegimeSection, span: Trajectories, job: Job, term: str, contrast: str) -> dict[str, Any]:
    decides = {"hypothesis": HYPOTHESIS, "family": FAMILY} if contrast else {}
    counts = [section.exposed(name) for name in EXPOSURES]
    treated = min(counts) if contrast else counts[INTERACTIONS.index(term)]
    n, steps = len(span.units), len(span.years) - 1
    return {**base_fields(section, job), **decides, "role": "robustness" if contrast else "exploratory", "term": term,
            "contrast": contrast, "fe_id": "unit, year by exposure", "n_treated": treated, "unit_of_measure": UNIT,
            "n_obs": n * steps, "n_periods": steps, "data_hash": span.data_hash}  # fmt: skip


def _rows(
    labels: dict[str, Any], found: RegimeInterval, scale: float, section: RegimeSection, job: Job
) -> list[Estimate]:
    settings, spec = job.settings, job.spec
    se = scale * found.std_error
    mde = se * mde_multiplier(len(section.table) - 1, settings.power, settings.level)
    weak = f"UNDERPOWERED: mde {mde:.3g} above sesoi {settings.sesoi:g} pp/yr" if mde > settings.sesoi else ""
    lost = f"{PERCENT * found.lost:.1f}% of draws without a root" if found.lost > 0 else ""
    corrected = Estimate(
        **labels, estimator="regime_bc_fe", estimate=scale * found.estimate, std_error=se, se_type="clustered by unit",
        conf_low=scale * found.low, conf_high=scale * found.high, conf_level=settings.level, p_value=found.p_value,
        p_type=f"bootstrap-t, {spec.draws} draws of units", sesoi=settings.sesoi, mde=mde,
        seed=f"{settings.seed}:regime:{spec.id}:{section.name}", warning=joined(basis_note(section), lost, weak),
    )  # fmt: skip
    bare = Estimate(**{**labels, "role": "exploratory", "hypothesis": "", "family": "regime"}, estimator="regime_fe",
                    estimate=scale * found.fixed_effects,
                    warning=joined(basis_note(section), "biased: lower-order context, no interval"))  # fmt: skip
    return [corrected, bare]
