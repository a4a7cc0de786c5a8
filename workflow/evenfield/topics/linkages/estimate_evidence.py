"""What the deciding linkage coefficient rests on: other inference, a placebo, left-out units, other specifications."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from evenfield.numerics.inference.leave_out import leave_one_out, leave_pair_out
from evenfield.numerics.ols import OlsFit
from evenfield.shared.estimates import NAN, Estimate
from evenfield.topics.linkages.estimate_data import NEIGHBOURS_X, LinkagePanel
from evenfield.topics.linkages.estimate_fit import fit_long_difference
from evenfield.topics.linkages.estimate_inference import (
    Setting,
    ladder_fields,
    long_difference_fields,
    permuted_estimates,
)
from evenfield.topics.linkages.estimate_rows import BASE, Study, linkage_row, output_basis, row_warning
from evenfield.topics.linkages.estimate_spec import LinkageSettings, LinkageSpec

CURVE_DRAWS = "linkage:curve"


def placebo_ends(settings: LinkageSettings) -> tuple[int, int]:
    """Return first and last year of the placebo."""
    return settings.placebo[0], settings.placebo[-1]


def deciding_rows(panel: LinkagePanel, fit: OlsFit, study: Study, before: np.ndarray | None) -> list[Estimate]:
    """Return the ladder of the deciding coefficient, its placebo and what its sign rests on; before (N,)."""
    spec, settings = study.main, study.settings
    c = panel.contrast({NEIGHBOURS_X: 1.0}, fit.X.shape[1])
    setting = Setting(panel, fit, c, study.places, settings, f"linkage:{spec.id}:{NEIGHBOURS_X}")
    out = []
    for method, fields in ladder_fields(setting).items():
        row = linkage_row(spec, panel, study, NEIGHBOURS_X, fields)
        out.append(replace(row, estimator=f"{BASE}_{method}", role="ladder"))
    if before is not None:
        out.append(_placebo_row(setting, study, before))
    return [*out, *_leave_out_rows(panel, fit, c, study)]


def _placebo_row(setting: Setting, study: Study, before: np.ndarray) -> Estimate:
    """Return the interaction with income growth from before the sample as the outcome: there should be none."""
    fields = long_difference_fields(setting, fit_long_difference(setting.panel, before))
    first, last = placebo_ends(study.settings)
    earlier = replace(study.main, years=(first, last), rival=None)
    row = linkage_row(study.main, setting.panel, study, NEIGHBOURS_X, fields)
    return replace(row, estimator=f"{BASE}_placebo_before", role="placebo", sesoi=NAN, outcome="log_income",
                   period=earlier.period, output_basis=output_basis(earlier, study.description),
                   warning=row_warning(earlier, study, {}, NAN))  # fmt: skip


def _leave_out_rows(panel: LinkagePanel, fit: OlsFit, c: np.ndarray, study: Study) -> list[Estimate]:
    # ASSUME: a province that is left out still counts as its neighbours' neighbour.
    one, pair = leave_one_out(fit, c, panel.members), leave_pair_out(fit, c, panel.members)
    low, high = int(np.nanargmin(one.estimates)), int(np.nanargmax(one.estimates))
    found = {
        "stat_sign_flips": ("leave_one_out", float(one.sign_flips), ""),
        "stat_low": ("leave_one_out", float(one.estimates[low]), f"without {one.left_out[low][0]}"),
        "stat_high": ("leave_one_out", float(one.estimates[high]), f"without {one.left_out[high][0]}"),
        "stat_pair": ("leave_pair_out", pair.estimate + pair.largest_change, ""),
    }
    rows = []
    for effect, (estimator, value, note) in found.items():
        row = linkage_row(study.main, panel, study, NEIGHBOURS_X, {"estimate": value, "warning": note})
        sample = f"without {' '.join(pair.most_influential)}" if estimator == "leave_pair_out" else "all"
        rows.append(replace(row, estimator=estimator, effect_type=effect, role="robustness", sample_id=sample,
                            unit_of_measure="count" if effect == "stat_sign_flips" else row.unit_of_measure,
                            sesoi=NAN))  # fmt: skip
    return rows


def curve_row(
    specs: list[LinkageSpec], panels: Mapping[str, LinkagePanel], fits: Mapping[str, OlsFit], study: Study
) -> Estimate:
    """Return the share of specifications with the sign of the deciding one, with a joint permutation p-value."""
    # ASSUME: the curve holds every specification with the deciding moderator that is primary or robustness.
    same = [spec for spec in specs if spec.moderator == study.main.moderator]
    names = [spec.id for spec in same if spec.role in {"primary", "robustness"}]
    psi = np.array([fits[name].beta[panels[name].terms.index(NEIGHBOURS_X)] for name in names])
    drawn = permuted_estimates({name: panels[name] for name in names}, study.settings, CURVE_DRAWS)
    position = names.index(study.main.id)
    share = _share(psi[:, None], position)[0]
    shares = _share(np.array([drawn[name] for name in names]), position)
    fields = {"estimate": share, "p_value": (1 + int((shares >= share - 1e-9).sum())) / (1 + len(shares)),
              "p_type": f"moderator permuted over units, {len(shares)} draws",
              "seed": f"{study.settings.seed}:{CURVE_DRAWS}"}  # fmt: skip
    row = linkage_row(study.main, panels[study.main.id], study, NEIGHBOURS_X, fields)
    return replace(row, estimator="specification_curve", effect_type="share", role="robustness",
                   n_obs=len(names), n_periods=1, unit_of_measure="share", sesoi=NAN)  # fmt: skip


def _share(psi: np.ndarray, position: int) -> np.ndarray:
    """Return, by column, the share of rows with the sign of the row at ``position``."""
    return np.asarray((np.sign(psi) == np.sign(psi[position])).mean(axis=0))
