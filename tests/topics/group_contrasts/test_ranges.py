"""The range of a comparison over taxonomies."""

from dataclasses import replace

import pytest

from evenfield.shared.estimates import NAN, Estimate
from evenfield.topics.group_contrasts.estimate_ranges import taxonomy_range_rows
from yaml_text import from_yaml

ROW = Estimate(
    hypothesis="H3",
    role="primary",
    estimator="ols",
    spec_id="a",
    outcome="y",
    term="cluster",
    treatment_def="main",
    estimate=0.5,
    n_units=31,
)
OTHERS = [
    replace(ROW, role="robustness", treatment_def=name, estimate=value)
    for name, value in (("b", -0.2), ("c", 0.9), ("d", 0.1), ("e", NAN))
]


def test_range_and_agreement_in_sign_over_taxonomies_that_define_the_comparison():
    low, high, sign = taxonomy_range_rows([*OTHERS, ROW], "main")
    assert (low.effect_type, low.estimate) == ("stat_range_low", -0.2)
    assert (high.effect_type, high.estimate) == ("stat_range_high", 0.9)
    assert (low.warning, high.warning) == ("taxonomy b", "taxonomy c")
    assert (sign.estimate, sign.n_obs, sign.treatment_def) == (3, 4, "4 taxonomies")
    assert {row.role for row in (low, high, sign)} == {"robustness"}
    assert {row.hypothesis for row in (low, high, sign)} == {"H3"}


@pytest.mark.parametrize(
    "change",
    from_yaml("""
        - {role: ladder}
        - {effect_type: stat}
        - {period: P2}
        - {estimator: ols_cr3}
        - {contrast: cluster - sez}
        - {sample_id: most}
        """),
)
def test_rows_of_another_comparison_are_left_out(change):
    other = replace(OTHERS[0], estimate=-9.0, **change)
    low, *_ = taxonomy_range_rows([ROW, OTHERS[1], other], "main")
    assert low.estimate == 0.5


def test_one_taxonomy_or_none_of_the_primary_has_no_range():
    assert taxonomy_range_rows([ROW], "main") == []
    assert taxonomy_range_rows(OTHERS, "main") == []
