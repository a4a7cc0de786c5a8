"""Factor intensity: several outcomes of one window in standard deviations, compared one
by one and together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from evenfield.shared.contrasts.contrasts import step_down_rows
from evenfield.shared.contrasts.designs import GroupContrast
from evenfield.shared.estimates import NAN, Estimate, asking
from evenfield.shared.samples import UnsupportedError
from evenfield.topics.group_contrasts.estimate_groups import Groups, Parts, compared
from evenfield.topics.group_contrasts.estimate_spec import IntensitySpec, Measure

TIE_DIGITS = 10


def intensity(groups: Groups, spec: IntensitySpec) -> Parts:
    """Compare standardised means of several outcomes between groups, one by one and
    together.

    Notes
    -----
    z_i = a + b_S S_i + b_C C_i + e_i with z the mean over its standard deviation; the
    comparison is b_S - b_C.
    """
    tested_together = []
    for measure in spec.measures:
        try:
            contrasts = list(_contrasts(groups, spec, measure))
        except UnsupportedError as error:
            groups.leave_out(measure.id, error)
            continue
        # The joint test is of the primary list; an outcome that is the same everywhere has
        # no statistic.
        for contrast in contrasts:
            yield contrast
            of_primary_list = contrast.row.treatment_def == groups.primary
            varies = np.ptp(contrast.table[measure.id]) > 0
            if of_primary_list and varies:
                tested_together.append((measure, contrast))
    if len(tested_together) > 1:
        yield from _joint_rows(groups, tested_together)


def _contrasts(
    groups: Groups, spec: IntensitySpec, measure: Measure
) -> Iterator[GroupContrast]:
    """Yield the comparison of one outcome under every taxonomy."""
    groups.require(measure.outcome)
    window = {"start": spec.window[0], "end": spec.window[1]}
    wide = groups.wide(measure.outcome).reindex(groups.members(spec.sample))
    values, years, note = groups.mean(wide, window)
    # ASSUME: outcomes are compared in standard deviations over all units of the sample,
    # whichever of them are compared. One that is the same everywhere stays as it is; its
    # row then says that there is nothing to test.
    standard_deviation = float(values.std(ddof=1)) or 1.0
    for taxonomy in groups.taxonomies:
        row = groups.row(
            "factor_intensity",
            spec,
            role=spec.role if taxonomy == groups.primary else "robustness",
            outcome=measure.id,
            period=f"{years[0]}-{years[-1]}",
            treatment_def=taxonomy,
            unit_of_measure="s.d.",
            warning=note,
        )
        # Labels of one named period: they do not change within the window.
        labels = groups.labels(taxonomy, spec.cells).reindex(values.index)
        table = labels.assign(**{measure.id: values / standard_deviation})
        yield compared(row, table, measure.id, spec.compare)


def _joint_rows(
    groups: Groups, tested_together: Sequence[tuple[Measure, GroupContrast]]
) -> list[Estimate]:
    """Adjust the outcomes for being several, and test the largest of them."""
    signs = {measure.id: measure.sign for measure, _ in tested_together}
    adjusted = step_down_rows(
        [contrast for _, contrast in tested_together], groups.geographies
    )
    count = len(adjusted)
    # Rounded, so that ties fall the same way on all processors.
    largest = max(adjusted, key=lambda row: round(abs(row.statistic), TIE_DIGITS))
    # Statistic times predicted sign: above zero where the prediction holds.
    as_predicted = sum(row.statistic * signs[row.outcome] > 0 for row in adjusted)
    words = f"{as_predicted} of {count} outcomes have the predicted sign"
    # In a step-down the adjusted p of the largest |t| is that of all together.
    joint = replace(
        largest,
        role="robustness",
        estimator="ols_joint",
        outcome="all outcomes",
        effect_type="stat_joint",
        estimate=largest.statistic * signs[largest.outcome],
        p_type=f"max |t| over {count} outcomes, free permutation of labels",
        sesoi=NAN,
        n_obs=count,  # outcomes, as the joint test has no rows of units
        unit_of_measure="statistic",
        warning=f"largest |t|: {largest.outcome}; {words}",
        asked=asking(largest=largest.outcome),
    )
    predicted_signs = replace(
        joint,
        effect_type="stat_right_signs",
        estimate=float(as_predicted),
        statistic=NAN,
        p_value=NAN,
        p_type="",
        unit_of_measure="count",
        warning=words,
    )
    return [*adjusted, joint, predicted_signs]
