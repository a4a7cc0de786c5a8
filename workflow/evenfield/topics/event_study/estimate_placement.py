"""Who got a policy: levels before it, compared within groups of units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.label_permutation import (
    label_permutation,
    stratified_label_draws,
)
from evenfield.numerics.ols import fit_ols, hc3_variance, t_inference
from evenfield.numerics.power import smallest_visible
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import Estimate
from evenfield.shared.policies import kinds_of, policy_table
from evenfield.shared.rows import Kind, Rows
from evenfield.shared.samples import inference_fields, sample_units
from evenfield.shared.settings import check_names, scheme_info
from evenfield.shared.unit_columns import group_codes, outcome_by_year
from evenfield.study.errors import EstimateError, counted, first_examples
from evenfield.study.study import Study
from evenfield.study.table_files import content_hash
from evenfield.topics.event_study.estimate_policies import refuse_interpolated
from evenfield.topics.event_study.estimate_spec import PlacementSpec, Section

BASE = "placement"


@dataclass(frozen=True)
class Placement:
    """Levels of one year, who got which policy later, and groups of units."""

    spec: PlacementSpec
    unit: str  # of the outcome
    level: np.ndarray  # (N,)
    kinds: list[str]
    labels: np.ndarray  # (N, K) of zeros and ones
    held: np.ndarray  # (N, H) of zeros and ones
    groups: np.ndarray  # (N,) codes
    data_hash: str


def read_placement(study: Study, section: Section, spec: PlacementSpec) -> Placement:
    """Read levels and policies of a specification, or say what is wrong with it."""
    where = f"placement {spec.id}"
    check_names([spec.unit_scheme], [study.main], where)
    sample = set(sample_units(scheme_info(study.description()), spec.sample, where))
    units = [unit for unit in study.description()["units"] if unit in sample]
    outcome = section.outcomes[spec.outcome]
    wide = outcome_by_year(study, outcome.expression, units, where)
    if spec.year not in wide:
        raise EstimateError(
            f"{where} is of {spec.year}",
            f"a year of the panel, {wide.columns[0]} to {wide.columns[-1]}",
            "correct `year`",
        )
    refuse_interpolated(study, outcome, (spec.year, spec.year), where)
    level = wide[spec.year].to_numpy(float)
    blank = [unit for unit, lost in zip(units, np.isnan(level), strict=True) if lost]
    if blank:
        raise EstimateError(
            f"{where}: {spec.outcome} of {counted(len(blank), 'unit')} is blank"
            f" ({first_examples(blank)})",
            f"a value of {spec.year} for every unit",
            "take another year, or leave the units out with a sample",
        )
    policies = policy_table(study)
    kinds = kinds_of(policies, spec.kinds, where)
    early = policies[policies["kind"].isin(kinds)]
    early = early[early["first_year"].le(spec.year) & early["unit"].isin(units)]
    if len(early):
        raise EstimateError(
            f"{where}: {len(early)} policies came by {spec.year}, first"
            f" {early['unit'].iloc[0]}",
            "a year before every policy of these kinds",
            "take an earlier `year`, or other `kinds`",
        )
    check_names(spec.held, policies["kind"].unique(), f"{where}: `held`")
    groups = np.zeros(len(units), dtype=int)
    if spec.within:
        unit_rows = study.table("units").set_index("unit").loc[units].reset_index()
        groups = group_codes(unit_rows, spec.within, where)
    frame = pd.DataFrame({"unit": units, "level": level, "group": groups})
    return Placement(
        spec=spec,
        unit=outcome.unit,
        level=level,
        kinds=kinds,
        labels=_holders(policies, units, kinds),
        held=_holders(policies, units, spec.held),
        groups=groups,
        data_hash=content_hash(frame),
    )


def _holders(
    policies: pd.DataFrame, units: Sequence[str], kinds: Sequence[str]
) -> np.ndarray:
    """Return which units have which kind, (N, K) of zeros and ones."""
    labels = np.zeros((len(units), len(kinds)))
    for k, kind in enumerate(kinds):
        holders = policies.loc[policies["kind"].eq(kind), "unit"]
        labels[:, k] = np.isin(units, holders)
    return labels


def placement_rows(study: Study, placement: Placement) -> list[Estimate]:
    """Return the difference of each kind from units without it, the others held, by
    HC3 and by policies that are dealt out again within groups.
    """
    spec = placement.spec
    inference = study.config.inference
    within = spec.within or "none"
    rows = Rows(
        {
            "level": Kind(BASE, "policy", "coef", placement.unit),
            "permuted": Kind(f"{BASE}_permuted", "policy", "coef", placement.unit),
        },
        spec.role,
        **spec.labels,
        family="event_study",
        outcome=spec.outcome,
        period=str(spec.year),
        treatment_def="+".join(placement.kinds),
        controls_id="+".join(spec.held),
        fe_id=within,
        n_obs=len(placement.level),
        n_units=len(placement.level),
        data_hash=placement.data_hash,
    )
    dummies = placement.groups[:, None] == np.arange(placement.groups.max() + 1)
    controls = np.hstack([placement.held, dummies])
    # ASSUME: policies are dealt out among units of a group that had the same before.
    alike = np.column_stack([placement.groups, placement.held])
    strata = np.unique(alike, axis=0, return_inverse=True)[1].ravel()
    X = np.hstack([placement.labels, controls])
    stream = f"placement:{spec.id}"
    drawn = stratified_label_draws(
        strata, inference.permutations, generator_for(inference.seed, stream)
    )
    for k, kind in enumerate(placement.kinds):
        counts = {"contrast": kind, "n_treated": int(placement.labels[:, k].sum())}
        c = np.eye(X.shape[1])[k]
        try:
            rows.add("level", **counts, **_by_hc3(study, placement.level, X, c))
        except NumericsError as error:
            rows.undefined(["level"], error, **counts)
        try:
            test = label_permutation(
                placement.level,
                placement.labels,
                controls,
                c[: len(placement.kinds)],
                drawn,
            )
        except NumericsError as error:
            rows.undefined(["permuted"], error, **counts, role="ladder")
            continue
        rows.add(
            "permuted",
            role="ladder",
            estimate=test.estimate,
            se_type="none: permutation",
            statistic=test.statistic,
            p_value=test.p_value,
            p_type=f"{inference.permutations} permutations of policies in groups",
            seed=f"{inference.seed}:{stream}",
            **counts,
        )
    return rows.estimates


def _by_hc3(
    study: Study, y: np.ndarray, X: np.ndarray, c: np.ndarray
) -> dict[str, object]:
    """Return the test of c'beta by HC3 with the smallest visible effect; X (N, K)."""
    level = study.config.inference.level
    fit = fit_ols(y, X)
    error = float(np.sqrt(hc3_variance(fit, c)))
    test = t_inference(float(c @ fit.beta), error, fit.df, level)
    ends = test.conf_low, test.conf_high
    mde = smallest_visible(*ends, error, study.power, level)
    words = {"se_type": "HC3", "p_type": "t(N - K)"}
    return {**inference_fields(test), **words, "mde": mde}
