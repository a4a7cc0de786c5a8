"""The config: defaults, and one line for every way in which a key, a name or a year can be wrong."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from evenfield.study.config import checked_config, config_periods, read_config
from evenfield.study.errors import ConfigError

ROOT = Path(__file__).parents[2]
CHINA = read_config(ROOT / "config.yaml")
MINIMAL = {
    "study": {"id": "toy", "title": "Toy", "question": "Why?"},
    "data": {"package": "data/datapackage.json"},
    "panel": {"years": [1940, 2000], "step": 10, "income": {"column": "income", "unit": "pesos"}},
    "periods": {"P": {"start": 1940, "end": 2000}},
    "estimates": {"sigma": [{"id": "all"}]},
}


def set_at(*path: Any) -> Callable[[dict[str, Any]], None]:
    *steps, last, value = path

    def change(config: dict[str, Any]) -> None:
        place: Any = config
        for step in steps:
            place = place[step]
        place[last] = value

    return change


CASES = {
    "misspelt key": (
        set_at("panel", "unit_schem", "31"),
        "config: 'unit_schem' is not a key of panel; expected one of income, samples, step, unit_scheme, unit_schemes, "
        "years; did you mean 'unit_scheme'?",
    ),
    "key far from any": (
        set_at("zzz", 1),
        "config: 'zzz' is not a key of the top level; expected one of controls, data, estimates, figures, inference, "
        "panel, periods, sesoi, study, tables, taxonomy, verdicts, weights; remove it or see docs/config.md",
    ),
    "unknown period of a verdict": (
        set_at("verdicts", "hypotheses", "H12", "parts", 0, "periods", ["P9"]),
        "config: verdicts.hypotheses.H12.periods names 'P9'; expected one of P1, P2, P3, P4, P2s, S1, S0; define it",
    ),
    "misspelt key in a list": (
        set_at("estimates", "beta", 0, "controlls", []),
        "config: 'controlls' is not a key of estimates.beta.0; expected one of controls, end_points, id, role, sample, "
        "unit_scheme; did you mean 'controls'?",
    ),
    "wrong type": (
        set_at("panel", "step", "one"),
        "config: panel.step: 'one' is not of type 'integer'; expected a value",
    ),
    "empty section": (set_at("estimates", None), "config: estimates: None is not of type 'object'"),
    "missing section": (lambda c: c.pop("data"), "config: the top level: 'data' is a required property"),
    "missing option of a kind": (
        set_at("weights", "families", "near", {"kind": "nearest"}),
        "config: weights.families.near: 'neighbours' is a required property",
    ),
    "unknown control": (
        set_at("estimates", "beta", 0, "controls", ["coastt"]),
        "config: estimates.beta.controls names 'coastt'; expected one of population_growth, coast, secondary_share, "
        "trade_ratio, schooling, investment_share; did you mean 'coast'?",
    ),
    "unknown sample": (
        set_at("estimates", "sigma", 0, "sample", "east"),
        "config: estimates.sigma.sample names 'east'; expected one of all, no_municipalities, no_tibet, ",
    ),
    "unknown unit scheme": (
        set_at("estimates", "sigma", 0, "unit_scheme", "29"),
        "config: estimates.sigma.unit_scheme names '29'; expected one of 31, 30",
    ),
    "unknown main unit scheme": (set_at("panel", "unit_scheme", "32"), "config: panel.unit_scheme names '32'"),
    "unknown weights": (
        set_at("estimates", "exposure", 0, "weights", "contiguty"),
        "config: estimates.exposure.weights names 'contiguty'; expected one of contiguity, nearest_4,",
    ),
    "unknown weights of the design": (
        set_at("estimates", "design", "weights", ["contiguity", "nearest_6"]),
        "config: estimates.design.weights names 'nearest_6'",
    ),
    "unknown taxonomy": (
        set_at("estimates", "relative_income", "taxonomies", ["seed2012"]),
        "config: estimates.relative_income.taxonomies names 'seed2012'; expected one of seed2011, seed2011+bohai,",
    ),
    "unknown primary taxonomy": (set_at("taxonomy", "primary", "none"), "config: taxonomy.primary names 'none'"),
    "unknown primary weights": (set_at("weights", "primary", "near"), "config: weights.primary names 'near'"),
    "no sample of all units": (
        lambda c: c["panel"]["samples"].pop("all"),
        "config: panel.samples names 'all'; expected",
    ),
    "period after the panel": (
        set_at("periods", "P4", "end", 2020),
        "config: periods.P4 runs from 2009 to 2020; expected years of the panel, 1978 to 2019 in steps of 1; "
        "correct the period or panel.years",
    ),
    "period backwards": (set_at("periods", "P4", "start", 2019), "config: periods.P4 runs from 2019 to 2019"),
    "last year off the step": (
        set_at("panel", "step", 2),
        "config: panel.years [1978, 2019] with step 2; expected a last",
    ),
    "years backwards": (set_at("panel", "years", [2019, 1978]), "config: panel.years [2019, 1978] with step 1"),
    "doubled id": (
        set_at("estimates", "beta", 1, "id", "absolute"),
        "config: estimates.beta has 1 id twice (absolute); expected one id for one specification; rename one of them",
    ),
    "number for a name": (
        set_at("panel", "unit_schemes", {31: {}, 30: {}}),
        "config: panel.unit_schemes has the key 31, a number or a truth value; expected text; "
        "put it in quotation marks: '31'",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_fault_is_one_line(case: str) -> None:
    change, message = CASES[case]
    config = copy.deepcopy(CHINA)
    change(config)
    with pytest.raises(ConfigError) as caught:
        checked_config(config)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("start", "end"), [(1945, 2000), (1940, 1995), (1930, 2000)])
def test_period_off_the_step(start: int, end: int) -> None:
    with pytest.raises(ConfigError, match=r"expected years of the panel, 1940 to 2000 in steps of 10"):
        checked_config({**MINIMAL, "periods": {"P": {"start": start, "end": end}}})


def test_defaults_fill_a_minimal_config() -> None:
    config = checked_config(MINIMAL)
    assert config["weights"] == {
        "primary": "contiguity",
        "join": [],
        "families": {"contiguity": {"kind": "contiguity"}},
    }
    assert config["taxonomy"]["all"] == ["none"]
    assert config["panel"]["unit_schemes"] == {"all": {}}
    assert config["estimates"]["sigma"] == [{"id": "all", "sample": "all", "unit_scheme": "", "role": "robustness"}]
    assert config["data"]["grade_c"] == []


def test_checking_leaves_what_it_was_given_and_a_checked_config_as_it_is() -> None:
    before = copy.deepcopy(MINIMAL)
    once = checked_config(MINIMAL)
    assert before == MINIMAL
    assert checked_config(once) == once


def test_periods_keep_their_order_and_have_a_label() -> None:
    (period,) = config_periods(checked_config(MINIMAL))
    assert (period.label, period.years, period.spliced, period.role) == ("1940-2000", 60, False, "main")
    assert [p.name for p in config_periods(checked_config(CHINA))] == list(CHINA["periods"])


def write(folder: Path, content: bytes) -> Path:
    (folder / "config.yaml").write_bytes(content)
    return folder / "config.yaml"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"panel: [1978, 2019\nx: 1", "is not YAML (while parsing a flow sequence"),
        (b"\tpanel: 1", "is not YAML"),
        ("title: 中国".encode("gb18030"), "is not UTF-8; expected a UTF-8 file; save it as UTF-8"),
        (b"- a\n- b\n", "holds no mapping"),
        (b"", "holds no mapping"),
    ],
)
def test_unreadable_file_is_one_line(tmp_path: Path, content: bytes, found: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    assert str(caught.value).startswith(f"config: {path} {found}")
    assert "\n" not in str(caught.value)


def test_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config: no file .*expected a config.yaml in the study's folder"):
        read_config(tmp_path / "config.yaml")


def test_shipped_config_is_read_as_written() -> None:
    claims = yaml.safe_load((ROOT / "claims.yaml").read_text(encoding="utf-8"))
    written = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    written["estimates"]["statements"] = claims.pop("statements")
    assert written | {"verdicts": claims} == CHINA
    checked_config(CHINA)


def test_a_key_written_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("study: 1\ndata: 2\nstudy: 3\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="the key 'study' twice"):
        read_config(path)


def test_specifications_beside_their_variables_are_checked_like_lists() -> None:
    panels = CHINA["estimates"]["spatial_panel"]

    def said(words: str, specification: dict[str, Any]) -> None:
        changed = {**panels, "specifications": [*panels["specifications"], specification]}
        with pytest.raises(ConfigError, match=words):
            checked_config({**CHINA, "estimates": {**CHINA["estimates"], "spatial_panel": changed}})

    first = panels["specifications"][0]
    said(r"estimates.spatial_panel has 1 id twice \(sp_zones\)", first)
    said(
        "estimates.spatial_panel.weights names 'contiguty'.*did you mean 'contiguity'",
        {**first, "id": "b", "weights": "contiguty"},
    )
    said("estimates.spatial_panel.sample names 'rich'", {**first, "id": "b", "sample": "rich"})
