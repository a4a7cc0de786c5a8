"""Sentences on premiums, factor intensity and fading: periods above zero, power, PROXY, and no word too much."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pandas as pd

from evenfield.report.sentences.base import Facts, Sentence
from evenfield.report.sentences.premium import fading_sentences, intensity_sentences, premium_sentences
from evenfield.report.words import forbidden_words
from evenfield.shared.estimates import Estimate
from evenfield.study.config import checked_config

from .made_up import CONFIG

ROW: dict[str, Any] = {
    "role": "primary", "estimator": "ols", "unit_scheme": "all", "treatment_def": "lists", "n_units": 30, "sesoi": 0.1,
    "conf_level": 0.95, "se_type": "SCPC avc 0.03",
}  # fmt: skip
SECTIONS: dict[str, Any] = {
    "group_contrasts": {
        "premium": [{"id": "level", "outcome": "x", "label": "log income", "compare": ["cluster"]}],
        "fading": [{"id": "quotient", "path": "quotient", "outcome": "x", "over": "y", "label": "location quotient"}],
    }
}


def _facts(*rows: dict[str, Any]) -> Facts:
    config = checked_config({**CONFIG, "estimates": {**CONFIG["estimates"], **SECTIONS}})
    made = [{name: "" if pd.isna(value) else str(value)
             for name, value in asdict(Estimate(**{**ROW, **row})).items()} for row in rows]  # fmt: skip
    return Facts(config=config, estimates=made, panel={"units": ["a"] * 30})


def _premium(period: str, low: float, **more: Any) -> dict[str, Any]:
    return {"family": "premium", "spec_id": "level", "outcome": "level", "term": "cluster", "period": period,
            "estimate": low + 0.5, "conf_low": low, "conf_high": low + 1, "unit_of_measure": "log points",
            "mde": 0.9, **more}  # fmt: skip


def _plain(sentences: list[Sentence]) -> str:
    text = " ".join(sentence.plain for sentence in sentences)
    assert not forbidden_words(text)
    return text


def test_premium_names_the_periods_that_stand_apart_and_the_power() -> None:
    ends = [{**_premium("P1", 0.1), "estimator": "taxonomy_range", "effect_type": f"stat_range_{name}",
             "treatment_def": "3 taxonomies", "role": "robustness", "estimate": value}
            for name, value in (("low", 0.05), ("high", 0.6))]  # fmt: skip
    found = premium_sentences(_facts(_premium("P1", 0.1, output_basis="proxy"), _premium("P2", -0.4), *ends))
    text = _plain(found)
    assert (
        "states with clusters lie above the others, with an interval that leaves out zero, in 1980\u201390; the" in text
    )
    assert "Every comparison is underpowered: the smallest difference that could be seen is 0.900 log points" in text
    assert "likely to be overstated" in text
    assert "(PROXY)" in text
    assert "Over 3 taxonomies and all periods the difference in log income runs from 0.050 to 0.600 log points." in text
    assert found[0].caution


def test_intensity_reads_the_joint_test() -> None:
    base = {"family": "factor_intensity", "spec_id": "mix", "outcome": "a", "term": "sez", "estimate": 0.4,
            "unit_of_measure": "s.d.", "period": "2000-2008"}  # fmt: skip
    joint = {**base, "role": "robustness", "estimator": "ols_joint"}
    rows = [
        {**base, "mde": 3.0},
        {**joint, "effect_type": "stat_joint", "p_value": 0.4},
        {**joint, "effect_type": "stat_right_signs", "warning": "2 of 5 outcomes have the predicted sign"},
    ]
    text = _plain(intensity_sentences(_facts(*rows)))
    assert "2 of 5 outcomes have the predicted sign" in text
    assert "the joint test does not set them apart from zero (p\u00a0=\u00a0.400)" in text
    assert "underpowered" in text
    rows[1]["p_value"] = 0.01
    assert "the joint test sets them apart" in _plain(intensity_sentences(_facts(*rows)))


def test_fading_says_change_and_end_level() -> None:
    base = {"family": "fading", "spec_id": "quotient", "outcome": "quotient", "term": "sez", "period": "2000-2019"}
    change = {**base, "estimate": -0.2, "conf_low": -0.4, "conf_high": -0.1, "unit_of_measure": "log points per decade"}
    end = {**base, "estimator": "ratio", "effect_type": "stat_end_level", "estimate": 1.99, "conf_low": 0.9,
           "conf_high": 3.1, "unit_of_measure": "ratio", "p_value": 0.07}  # fmt: skip
    text = _plain(fading_sentences(_facts({**change, "output_basis": "spliced"}, end)))
    assert "PROXY output joined with official output" in text
    assert "change of \u22120.200 log points per decade" in text
    assert "its interval leaves out zero" in text
    assert "1.99 (95% interval 0.90 to 3.10) at the end, above one" in text


def test_families_that_are_not_run_say_nothing() -> None:
    facts = _facts()
    assert [premium_sentences(facts), intensity_sentences(facts), fading_sentences(facts)] == [[], [], []]
