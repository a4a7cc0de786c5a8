"""Who got a policy: levels before it, compared within groups of units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evenfield.models.placement import permuted_policies
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import in_order
from evenfield.numerics.inference.design import Design
from evenfield.numerics.inference.methods import infer
from evenfield.numerics.ols import fit_ols
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import NAN, Estimate, Fields, asking
from evenfield.shared.policies import kinds_of, policy_table
from evenfield.shared.rows import Kind, Rows
from evenfield.shared.samples import sample_units
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
        asked=asking(placement=True),
    )
    stream = f"placement:{spec.id}"
    permuted = permuted_policies(
        placement.level,
        placement.labels,
        placement.kinds,
        controls=placement.held,
        groups=placement.groups,
        rng=generator_for(inference.seed, stream),
        draws=inference.permutations,
    )
    for k, (kind, test, *_) in enumerate(permuted):
        counts: Fields = {
            "contrast": kind,
            "n_treated": int(placement.labels[:, k].sum()),
        }
        _add_level(rows, study, placement, k, counts)
        labels = {**counts, "role": "ladder", "asked": asking(permuted=True)}
        if not test.reason:
            labels["seed"] = f"{inference.seed}:{stream}"
        rows.add_test("permuted", test, NAN, **labels)
    return rows.estimates


def _add_level(
    rows: Rows, study: Study, placement: Placement, k: int, counts: Fields
) -> None:
    """Add the difference of one kind by HC3 with the smallest visible effect."""
    dummies = placement.groups[:, None] == np.unique(placement.groups)
    X = np.hstack([placement.labels, placement.held, dummies])
    try:
        fit = fit_ols(placement.level, X)
    except NumericsError as error:
        rows.undefined(["level"], error, **counts)
        return
    level = study.config.inference.level
    units = in_order(np.arange(len(X)))
    design = Design(fit=fit, units=units, power=study.power)
    test = infer("HC3", design, np.eye(X.shape[1])[k], level)
    rows.add_test("level", test, level, **counts)
