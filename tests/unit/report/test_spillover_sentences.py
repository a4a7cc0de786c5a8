"""Sentences on linkages and on the dynamic spatial panel: numbers quoted, low power and withheld numbers said."""

from typing import Any

import pytest

from evenfield.report.sentences.base import Facts
from evenfield.report.sentences.dynamic_spatial import dynamic_spatial_sentences
from evenfield.report.sentences.linkage import linkage_sentences
from evenfield.report.words import forbidden_words

UNIT = "elasticity per s.d. of the moderator"
CONFIG: dict[str, Any] = {
    "study": {"id": "x", "unit_name": "region", "units_name": "regions"},
    "panel": {"unit_scheme": "all"}, "periods": {},
    "estimates": {
        "linkages": {
            "moderators": {"industry": {"label": "industry share", "note": "a late one"}},
            "intensities": {"stock": {"label": "foreign stock"}},
        },
        "dynamic_spatial": {"specifications": [{"id": "levels"}, {"id": "growth"}]},
    },
}  # fmt: skip


def row(**given: Any) -> dict[str, str]:
    plain = {
        "unit_scheme": "all",
        "n_units": "8",
        "period": "2000-2009",
        "output_basis": "official",
        "conf_level": "0.95",
    }
    return {**plain, **{key: str(value) for key, value in given.items()}}


def facts(rows: list[dict[str, str]]) -> Facts:
    return Facts(config=CONFIG, estimates=rows, names={"XX-AA": "Aland", "XX-AB": "Berg"})


def linkage(**main: Any) -> list[dict[str, str]]:
    psi = {"family": "linkages", "term": "neighbours_x_moderator", "spec_id": "main", "unit_of_measure": UNIT}
    return [
        row(**psi, estimator="linkage_fe", role="primary", estimate=-0.05, conf_low=-0.2, conf_high=0.1, p_value=0.4,
            mde=0.2, sesoi=0.05, g_star=5.7, max_leverage_unit="XX-AA", treatment_def="stock", controls_id="industry",
            se_type="CR3 by unit", **main),
        row(**psi, estimator="linkage_fe_conley", role="ladder", p_value=0.2),
        row(**psi, estimator="linkage_fe_wild_33", role="ladder", p_value=0.5),
        row(**psi, effect_type="share", estimate=0.75, p_value=0.5, n_obs=12, role="robustness"),
        row(**psi, effect_type="stat_sign_flips", estimate=0, role="robustness"),
        row(**psi, effect_type="stat_pair", estimate=0.02, sample_id="without XX-AA XX-AB", role="robustness"),
        {**row(**psi, role="placebo", estimate=0.09, conf_low=0.01, conf_high=0.2), "period": "1990-1998",
         "output_basis": "proxy"},
    ]  # fmt: skip


def test_linkage_quotes_the_number_its_power_and_what_it_rests_on() -> None:
    text = " ".join(s.plain for s in linkage_sentences(facts(linkage())))
    assert "industry share (a late one)" in text
    assert "differs by \u22120.050 (95% interval \u22120.200 to 0.100, which holds zero)" in text
    assert "underpowered" in text
    assert "about six regions (effective number of clusters G*), most of all Aland" in text
    assert "p-values from .200 to .500" in text
    assert "75% of 12 specifications" in text
    assert "leaving out the pair Aland and Berg does" in text
    assert "1990\u20131998 (PROXY)" in text
    assert "leaves out zero, a warning" in text
    assert forbidden_words(text) == []


def test_linkage_is_silent_where_it_is_not_run() -> None:
    assert linkage_sentences(facts([])) == []
    assert dynamic_spatial_sentences(facts([])) == []


def dynamic(warning: str = "", withheld: str = "") -> list[dict[str, str]]:
    rows = []
    for spec, outcome in (("levels", "log_income"), ("growth", "growth_pct")):
        gone = bool(withheld) and spec == "growth"
        shared = {"family": "dynamic_spatial", "spec_id": spec, "outcome": outcome, "estimator": "dynamic_sdm",
                  "w_id": "near_4", "warning": withheld if gone else ""}  # fmt: skip
        number = "" if gone else 0.5
        rows += [row(**shared, effect_type="coef", term=name, estimate=number, conf_low=0.1, conf_high=0.9)
                 for name in ("tau", "rho", "eta")]  # fmt: skip
        rows += [row(**{**shared, "warning": warning}, effect_type=name, term="dynamics", estimate=number)
                 for name in ("radius", "speed_slowest", "speed_fastest")]  # fmt: skip
    return rows


def test_dynamics_are_quoted_with_their_speeds() -> None:
    said = dynamic_spatial_sentences(facts(dynamic()))
    assert len(said) == 3
    assert "0.50 (95% interval 0.10 to 0.90)" in said[0].plain
    assert "Differences die out at 0.5% to 0.5% a year" in said[0].plain
    assert "for each of the two specifications" in said[-1].plain
    assert forbidden_words(" ".join(s.plain for s in said)) == []


@pytest.mark.parametrize("reason", ["only 50% of the Monte Carlo's panels have an estimate", "no root"])
def test_withheld_numbers_are_said_to_be(reason: str) -> None:
    said = dynamic_spatial_sentences(facts(dynamic("NOT STABLE: largest root 0.500", f"WITHHELD: {reason}")))
    assert "no long run is quoted" in said[0].plain
    assert f"withheld because {reason}" in said[-1].plain
    assert said[-1].caution
