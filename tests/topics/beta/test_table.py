"""The table of convergence: which rows of it the paper prints."""

from copy import deepcopy

import pytest

from evenfield.shared.tables.table import shortened
from evenfield.topics.beta.table import spec_heading, t6
from section_cases import MadeResults
from yaml_text import from_yaml


def test_the_paper_prints_the_leading_specifications_in_the_main_periods():
    specs = ("plain", "more", "third")
    rows = [
        {"estimator": "ols", "term": "log_income_start", "controls_id": "none"}
        | {"spec_id": spec, "period": period, "estimate": -0.01}
        for spec in specs
        for period in ("S1", "P1")
    ]
    results = MadeResults("beta", rows)
    results.note = lambda *sentences, **_: sentences
    results.config = deepcopy(results.config)
    first = results.specs()[0]
    results.config["estimates"]["beta"].append({**first, "id": "third", "role": ""})
    periods = results.config.periods
    periods["P1"] = periods["P1"].model_copy(update={"role": "variant"})
    table = t6(results)
    assert len(table.frame) == 6
    printed = shortened(table).frame
    assert printed[["spec_id", "period"]].to_numpy().tolist() == [
        ["plain", "S1"],
        ["more", "S1"],
    ]


@pytest.mark.parametrize(
    ("changes", "heading"),
    from_yaml("""
    - [{}, 'Absolute, all states']
    - [{sample: without_coast}, 'Absolute, without coast']
    - [{end_points: mean3}, 'Absolute, three-year means at both ends']
    - [{unit_scheme: merged}, 'Absolute, unit scheme merged']
    - [{means: region4}, 'Absolute, means by region4']
    - [{controls: [schooling]}, 'Conditional, all states, given years of schooling']
    - - {controls: [schooling], role: mechanism, sample: west, means: region4}
      - 'Conditional, mechanism, west, means by region4'
    """),
)
def test_a_heading_says_what_sets_a_specification_apart(changes, heading):
    results = MadeResults("beta")
    plain, more = deepcopy(results.specs())
    spec = {**plain, **changes, "id": "own"}
    results.specs = lambda: [plain, more, spec]
    assert spec_heading(results, spec) == heading
