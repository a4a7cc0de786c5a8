"""The panel beside the long differences: bias-corrected fixed effects with one adjusted
score per regime.
"""

from collections.abc import Sequence

import numpy as np

from evenfield.numerics.dynamic_panel.regime_scores import regime_intervals
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.power import mde_multiplier
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import Estimate, Fields, asking
from evenfield.shared.samples import joined, not_defined, underpowered
from evenfield.shared.trajectories import Trajectories, trajectories
from evenfield.study.study import Study
from evenfield.topics.regime.estimate_section import (
    EXPOSURES,
    INTERACTIONS,
    CrossSection,
    RegimeSpec,
)

DIFFERENCE = f"{INTERACTIONS[0]} - {INTERACTIONS[1]}"
UNIT = "pp/yr of speed per exposure 0 to 1"
# Term, contrast and exposures of rows in the order of C: more speed with clusters, with
# zones, and the difference; a smaller root is a faster speed.
ROWS = (
    (INTERACTIONS[0], "", EXPOSURES[:1]),
    (INTERACTIONS[1], "", EXPOSURES[1:]),
    (INTERACTIONS[0], DIFFERENCE, EXPOSURES),
)
C = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [0.0, -1.0, 1.0]])
PERCENT = 100


def decides(spec: RegimeSpec, contrast: str) -> dict[str, str]:
    """Return the hypothesis of a row: only differences speak to one."""
    return {"hypothesis": spec.hypothesis} if contrast else {}


def sesoi_of(study: Study) -> float:
    """Return the smallest difference of speeds of interest, pp a year."""
    return study.config.sesoi.speed_pp


def panel_rows(sections: Sequence[CrossSection], study: Study) -> list[Estimate]:
    """Estimate how the yearly root depends on exposure, for a specification that asks
    for draws.

    Notes
    -----
    y_it = (rho + rho_C E^C_i + rho_S E^S_i) y_i,t-D + mu_i + (1, E^C_i, E^S_i)'tau_t +
    e_it; rows are
    -100 rho_C/D, -100 rho_S/D and their difference. Time effects by exposure are the
      lower-order terms.
    """
    rows: list[Estimate] = []
    for section in sections:
        if not section.spec.draws:
            continue
        where = f"estimates.regime.{section.spec.id}"
        panel = study.table("panel")
        data = trajectories(panel, "log_income", list(section.table.index), where)
        ends = int(section.period["start"]), int(section.period["end"])
        rows += _section_rows(section, data.between(*ends), study)
    return rows


def _section_rows(
    section: CrossSection, span: Trajectories, study: Study
) -> list[Estimate]:
    spec = section.spec
    inference = study.config.inference
    level = inference.level
    steps = len(span.years) - 1
    shared: Fields = {
        **section.shared,
        "fe_id": "unit, year by exposure",
        "unit_of_measure": UNIT,
        "n_periods": steps,
        "n_obs": len(span.units) * steps,
        "data_hash": span.data_hash,
    }
    kinds: list[Fields] = []
    corrected: list[Fields] = []
    for term, contrast, exposures in ROWS:
        kinds.append(
            {
                "term": term,
                "contrast": contrast,
                "n_treated": section.exposed(term, contrast),
                "asked": asking(exposures=exposures),
            }
        )
        labels: Fields = {
            "role": "robustness" if contrast else "exploratory",
            "estimator": "regime_bc_fe",
        }
        corrected.append(shared | kinds[-1] | decides(spec, contrast) | labels)
    exposed = section.table.loc[list(span.units), list(EXPOSURES)].to_numpy(float)
    # z = (1, E^C, E^S): the root of unit i is z_i'theta.
    Z = np.column_stack([np.ones(len(exposed)), exposed])
    named = f"{spec.id}:{section.shared['unit_scheme']}:{section.name}"
    rng = generator_for(inference.seed, f"regime:{named}:units")
    try:
        # A lag over another number of years would have another root.
        if not span.evenly_spaced:
            raise NumericsError("the dates are not equally spaced")
        intervals = regime_intervals(span.values, Z, C, rng, spec.draws, level)
    except NumericsError as error:
        return not_defined(corrected, section.note, error)
    # -100 theta / D, D the years between two dates; the minus is in C.
    scale = PERCENT / float(span.years[1] - span.years[0])
    # t_(1 + level)/2 + t_power with N - 1 degrees of freedom, units as clusters.
    multiple = mde_multiplier(len(section.table) - 1, study.power, level)
    sesoi = sesoi_of(study)
    rows = list[Estimate]()
    for kind, row_labels, one in zip(kinds, corrected, intervals, strict=True):
        std_error = scale * one.std_error
        mde = std_error * multiple
        lost = f"{PERCENT * one.lost:.1f}% of draws without a root"
        weak = underpowered(mde, sesoi, "pp/yr")
        row = Estimate(
            **row_labels,
            estimate=scale * one.estimate,
            std_error=std_error,
            se_type="clustered by unit",
            p_value=one.p_value,
            p_type=f"bootstrap-t, {spec.draws} draws of units",
            conf_low=scale * one.low,
            conf_high=scale * one.high,
            conf_level=level,
            sesoi=sesoi,
            mde=mde,
            seed=f"{inference.seed}:regime:{spec.id}:{section.name}",
            warning=joined(section.note, lost if one.lost > 0 else "", weak),
        )
        # Fixed effects without correction carry the Nickell bias: shown for comparison.
        biased = Estimate(
            **shared | kind,
            role="exploratory",
            estimator="regime_fe",
            estimate=scale * one.fixed_effects,
            warning=joined(section.note, "biased: lower-order context, no interval"),
        )
        rows += [row, biased]
    return rows
