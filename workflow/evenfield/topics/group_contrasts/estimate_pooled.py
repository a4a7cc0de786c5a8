"""Partial pooling: the same contrast in several periods as draws from one distribution."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from evenfield.models.pooled import RandomEffects, pooled
from evenfield.numerics.ols import t_inference
from evenfield.numerics.power import smallest_visible
from evenfield.shared.estimates import NAN, Estimate, asking
from evenfield.shared.samples import inference_fields, joined, underpowered
from evenfield.topics.group_contrasts.estimate_groups import Groups
from evenfield.topics.group_contrasts.estimate_spec import PeriodSpec

# Rows that agree in all of these are one effect, seen in several periods.
SAME = "outcome term contrast sample_id unit_scheme treatment_def".split()
COLUMNS = [
    *SAME,
    *"hypothesis family role spec_id sesoi unit_of_measure data_hash".split(),
]


def pooled_rows(
    groups: Groups, spec: PeriodSpec, rows: Iterable[Estimate]
) -> Iterator[Estimate]:
    """Pool each contrast of a specification over its periods; say how far the periods
    of the main ones differ.

    Notes
    -----
    b_P = b + u_P + e_P, var u = tau2 by Paule and Mandel (1982). Q is chi-squared with
    k - 1 degrees of freedom where tau2 is zero, I2 = 1 - (k - 1) / Q.
    """
    kinds: dict[tuple[str, ...], dict[str, Estimate]] = {}
    for row in rows:
        # Rows by `ols` only: other inference repeats the estimate with another error.
        coefficient = row.estimator == "ols" and row.effect_type == "coef"
        if coefficient and row.period in spec.pooled:
            kind = tuple(getattr(row, name) for name in SAME)
            kinds.setdefault(kind, {})[row.period] = row
    main = {groups.primary, *getattr(spec, "doses", {}).values()}
    for by_period in kinds.values():
        first = next(iter(by_period.values()))
        is_main = first.treatment_def in main and first.sample_id == spec.samples[0]
        yield from _pooled(groups, spec, by_period, is_main)


def _pooled(
    groups: Groups, spec: PeriodSpec, by_period: dict[str, Estimate], is_main: bool
) -> Iterator[Estimate]:
    level = groups.inference.level
    # Without an interval a period has no variance, and so no weight.
    used = [
        name
        for name in spec.pooled
        if name in by_period
        and np.isfinite([by_period[name].conf_low, by_period[name].conf_high]).all()
    ]
    first = next(iter(by_period.values()))
    lacks = [name for name in spec.pooled if name not in used]
    bases = {by_period[name].output_basis for name in used} or {""}
    row = Estimate(
        **{name: getattr(first, name) for name in COLUMNS},
        estimator="pooled",
        period="+".join(spec.pooled),
        controls_id=" + ".join(spec.given) or "none",
        output_basis=bases.pop() if len(bases) == 1 else "spliced",
        estimate=NAN,
        warning=f"without {', '.join(lacks)}: no interval" if lacks else "",
        asked=asking(periods=spec.pooled),
    )
    if len(used) < 2:
        few = f"not defined: {len(used)} of {len(spec.pooled)} periods have an interval"
        yield replace(row, warning=joined(row.warning, few))
        return
    rows = [by_period[name] for name in used]
    effects, low, high = np.array(
        [(one.estimate, one.conf_low, one.conf_high) for one in rows]
    ).T
    found = pooled(effects, low, high, level)
    row = replace(
        row,
        n_obs=sum(by_period[name].n_obs for name in used),
        n_units=by_period[used[0]].n_units,
        n_periods=len(used),
        n_treated=min(by_period[name].n_treated or 0 for name in used),
    )
    # Var(b) = 1 / sum_P 1 / (v_P + tau2) under both laws; t(k - 1) allows for tau2
    # being estimated from few periods.
    for name, df, p_type in (
        ("pooled", np.inf, "normal"),
        ("pooled_t", len(used) - 1.0, "t(k - 1)"),
    ):
        tested = inference_fields(t_inference(found.mean, found.std_error, df, level))
        ends = (tested["conf_low"], tested["conf_high"], tested["std_error"])
        mde = smallest_visible(*ends, groups.inference.power, level)
        weak = underpowered(mde, row.sesoi, row.unit_of_measure)
        yield replace(
            row,
            **tested,
            role="ladder" if np.isfinite(df) else row.role,
            estimator=name,
            mde=mde,
            p_type=p_type,
            se_type="random effects, Paule-Mandel",
            warning=joined(row.warning, weak),
        )
    if is_main:
        yield from _heterogeneity(replace(row, role="robustness", sesoi=NAN), found)


def _heterogeneity(row: Estimate, found: RandomEffects) -> Iterator[Estimate]:
    kinds = {
        "stat_tau2": (found.tau2, f"squared {row.unit_of_measure}"),
        "stat_i2": (found.i2, "share"),
        "stat_q": (found.q, "statistic"),
    }
    for name, (value, unit) in kinds.items():
        estimate = replace(row, effect_type=name, estimate=value, unit_of_measure=unit)
        if name == "stat_q":
            estimate = replace(
                estimate,
                statistic=found.q,
                df=float(found.df),
                p_value=found.p_value,
                p_type="chi-squared",
            )
        yield estimate
