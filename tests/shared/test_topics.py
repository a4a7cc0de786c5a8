"""Which sections of the config move a step of a topic."""

from evenfield.shared.topic_file import Step
from evenfield.shared.topics import settings
from yaml_text import from_yaml

CONFIG = from_yaml("""
    weights: {primary: queen, families: {queen: {}}, join: land}
    estimates: {beta: [1], sigma: [2], moran: [3]}
    """)


def test_a_step_that_reads_all_weights_depends_on_their_families():
    used = settings(CONFIG, "beta", Step(reads=["weights"]))
    assert used["weights"] == {"primary": "queen", "families": {"queen": {}}}


def test_a_step_that_reads_the_primary_weights_depends_on_their_name():
    used = settings(CONFIG, "beta", Step(reads=["weights/primary"]))
    assert used["weights"] == {"primary": "queen"}


def test_a_step_depends_on_its_own_section_and_those_it_reads():
    used = settings(CONFIG, "beta", Step(reads=["estimates/sigma/estimates.csv"]))
    assert used["estimates"] == {"beta": [1], "sigma": [2]}
    assert "weights" not in used
