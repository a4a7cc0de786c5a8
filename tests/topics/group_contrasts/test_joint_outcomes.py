"""Several outcomes together, and the groups of the year in which figures start."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from evenfield.shared.estimates import Estimate
from evenfield.topics.group_contrasts import estimate_intensity
from evenfield.topics.group_contrasts.estimate_quotient import labels_from
from evenfield.topics.group_contrasts.estimate_spec import IntensitySpec, Measure
from yaml_text import from_yaml

PERIODS = from_yaml("""
    [{period: P1, start: 1980, end: 1990}, {period: P2, start: 1990, end: 2000}]
    """)


def outcome(name, statistic):
    return Estimate(
        estimator="ols",
        spec_id="s",
        outcome=name,
        term="x",
        estimate=statistic,
        statistic=statistic,
    )


def test_the_joint_statistic_is_the_largest_in_size(monkeypatch):
    rows = [outcome("a", 2.0), outcome("b", -3.0)]
    monkeypatch.setattr(estimate_intensity, "step_down_rows", lambda *_: rows)
    groups = SimpleNamespace(geographies=None)
    measures = [SimpleNamespace(id=name, sign=1) for name in ("a", "b")]
    ready = [(measure, None) for measure in measures]
    *_, joint, right_signs = estimate_intensity._joint_rows(groups, ready)
    assert joint.estimate == -3.0
    assert joint.warning.startswith("largest |t|: b")
    assert right_signs.estimate == 1


def test_a_measure_is_expected_to_be_larger_unless_it_says_otherwise():
    assert Measure(id="a", outcome="y").sign == 1


@pytest.mark.parametrize(
    ("year", "period"),
    from_yaml("""
    - [1985, P1]
    - [1990, P1]
    - [1991, P2]
    - [2010, P1]
    """),
)
def test_groups_are_those_of_the_period_in_which_figures_start(year, period):
    groups = SimpleNamespace(main=PERIODS, labels=lambda _, name: name)
    assert labels_from(groups, "list", year) == period


@pytest.mark.parametrize(
    ("count", "fits"),
    from_yaml("""
    - [0, false]
    - [1, true]
    - [2, true]
    """),
)
def test_one_measure_is_enough(count, fits):
    measures = [{"id": f"m{i}", "outcome": "y"} for i in range(count)]
    section = from_yaml("{id: i, compare: cluster, window: [1990, 2000], cells: P1}")
    section |= {"hypothesis": "H1", "measures": measures}
    refusal = (
        nullcontext() if fits else pytest.raises(ValidationError, match="measures")
    )
    with refusal:
        IntensitySpec.model_validate(section, context={"unit_scheme": "s"})
