"""The config: defaults, and one line for every way in which a key, a name or a year can
be wrong.
"""

import copy
from pathlib import Path

import pytest

from evenfield.study.config import checked_config
from evenfield.study.config_files import read_config
from evenfield.study.errors import ConfigError
from evenfield.study.study_config import StudyConfig
from refusals import fails
from yaml_text import from_yaml

ROOT = Path(__file__).parents[2]
CHINA = read_config(ROOT / "config.yaml")
MINIMAL = from_yaml("""
    study: {id: toy, title: Toy, question: 'Why?'}
    data: {package: data/datapackage.json}
    panel: {years: [1940, 2000], step: 10, income: {column: income, unit: pesos}}
    periods: {P: {start: 1940, end: 2000}}
    estimates: {sigma: [{id: all}]}
    """)


def set_at(*path):
    *steps, last, value = path

    def change(config):
        row_of_unit = config
        for step in steps:
            row_of_unit = row_of_unit[step]
        row_of_unit[last] = value

    return change


BETA = ("estimates", "beta")
SIGMA = ("estimates", "sigma")
PANELS = ("estimates", "spatial_panel", "specifications")
REGION = {"id": "given", "controls": ["region"]}
CASES = [
    (
        set_at("panel", "unit_schem", "31"),
        "'unit_schem' is not a key of panel.*did you mean 'unit_scheme'",
    ),
    (
        set_at(*BETA, 0, "controlls", []),
        "'controlls' is not a key of estimates.beta.0.*did you mean 'controls'",
    ),
    (set_at("estimates", None), "estimates: None is not of type 'object'"),
    (lambda c: c.pop("data"), "the top level: 'data' is a required property"),
    (
        set_at("weights", "families", "near", {"kind": "nearest"}),
        "weights.families.near: 'neighbours' is a required",
    ),
    (
        set_at(*SIGMA, 0, "unit_scheme", "29"),
        "estimates.sigma.unit_scheme names '29'; expected one of 31, 30",
    ),
    (set_at("panel", "unit_scheme", "32"), "panel.unit_scheme names '32'"),
    (
        lambda c: c.update(controls={}, estimates={"beta": [REGION]}),
        "estimates.beta.controls names 'region'; expected one that is defined, and none",
    ),
    (
        set_at("estimates", "design", "weights", ["nearest_6"]),
        "estimates.design.weights names 'nearest_6'",
    ),
    (set_at("taxonomy", "primary", "none"), "taxonomy.primary names 'none'"),
    (lambda c: c["panel"]["samples"].pop("all"), "panel.samples names 'all'"),
    (set_at("periods", "P4", "start", 2019), "periods.P4 runs from 2019 to 2019"),
    (
        set_at("panel", "step", 2),
        r"panel.years \[1978, 2019\] with step 2; expected a last",
    ),
    (
        set_at(*PANELS, 0, "weights", "contiguty"),
        "estimates.spatial_panel.weights names .*mean 'contiguity'",
    ),
]


@pytest.mark.parametrize(("change", "message"), CASES)
def test_fault_is_one_line(change, message):
    config = copy.deepcopy(CHINA)
    change(config)
    fails(ConfigError, f"^config: {message}.*$", checked_config, config)


def test_a_title_may_follow_the_years_of_the_panel():
    config = copy.deepcopy(MINIMAL)
    config["study"]["title"] = "Income of states, {years}"
    config["panel"]["years"] = [1950, 2000]
    config["periods"]["P"]["start"] = 1950
    title = checked_config(config)["study"]["title"]
    assert title == "Income of states, 1950\u20132000"


def test_defaults_fill_a_minimal_config():
    before = copy.deepcopy(MINIMAL)
    config = checked_config(MINIMAL)
    assert before == MINIMAL
    assert checked_config(config) == config
    families = {"contiguity": {"kind": "contiguity"}}
    assert config["weights"] == {
        "primary": "contiguity",
        "join": [],
        "families": families,
    }
    assert config["taxonomy"]["all"] == ["none"]
    assert config["panel"]["unit_schemes"] == {"all": {}}
    assert config["estimates"]["sigma"] == [
        {
            "id": "all",
            "sample": "all",
            "unit_scheme": "",
            "role": "robustness",
            "inference": [],
        }
    ]
    assert config["data"]["grade_c"] == []
    (period,) = StudyConfig.of(config).periods.values()
    assert (period.label, period.years, period.spliced, period.role) == (
        "1940-2000",
        60,
        False,
        "main",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"panel: [1978, 2019\nx: 1", r"is not YAML \(while parsing a flow sequence"),
        (b"", "holds no mapping"),
        (b"study: 1\ndata: 2\nstudy: 3\n", "the key 'study' twice"),
    ],
)
def test_unreadable_file_is_one_line(tmp_path, content, message):
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    fails(ConfigError, f"^config: .*{message}.*$", read_config, path)


def test_the_fewest_draws_that_are_taken():
    fewest = checked_config({**MINIMAL, "inference": {"permutations": 99}})
    assert StudyConfig.of(fewest).inference.permutations == 99
    few = {**MINIMAL, "inference": {"permutations": 98}}
    fails(ConfigError, "inference.permutations", checked_config, few)
