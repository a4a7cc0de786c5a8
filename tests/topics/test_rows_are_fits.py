"""Rows of each topic are fits of the library: the first of each kind, of the made study of
the topic's own tests. The whole studies are in tests/opened/test_whole_studies.py.
"""

from functools import partial
from importlib import import_module

import pytest

from fits_of_rows import assert_rows_are_fits
from topics.dynamic_panel.test_estimate import ANNUAL, FIVE
from topics.group_contrasts.test_estimate import ALL, balance

MOST = 40  # rows of a study
OWN = "event_study exposure inequality moran regime rolling sigma spatial_panel".split()
OWN += "beta clubs distribution synthetic_control vintages".split()
MADE = {
    topic: import_module(f"topics.{topic}.test_estimate").make_study for topic in OWN
}
MADE["dynamic_panel"] = partial(
    import_module("topics.dynamic_panel.test_estimate").make_study, ANNUAL, FIVE
)
MADE |= {
    f"spatial_panel {effects}": partial(
        MADE["spatial_panel"], effects=effects, approach="direct", models=["SDM"]
    )
    for effects in ("pooled", "unit", "time", "two_way")
}
# Of `balance` some estimates are zero but for rounding.
MADE |= {
    f"group_contrasts {study.__name__}": study for study in ALL if study is not balance
}


@pytest.mark.parametrize("name", MADE)
def test_a_row_of_each_kind_is_a_fit_of_the_library(name):
    topic = name.partition(" ")[0]
    study = MADE[name]()
    module = import_module(f"evenfield.topics.{topic}.estimate")
    rows = {}
    for row in module.estimate(study).estimates:
        kind = (row.estimator, row.effect_type, row.se_type, row.term)
        rows.setdefault(kind, row)
    chosen = [*rows.values()][:: 1 + len(rows) // MOST]
    counts = assert_rows_are_fits(study, topic, chosen)
    # Most rows have a call; those that none gives say why in topic.yaml.
    assert 2 * counts.total() > len(chosen)
