"""Sentences of the policy families: power is named, forbidden words never appear, absent families say nothing."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from evenfield.report.sentences.balance import balance_sentences
from evenfield.report.sentences.base import Facts
from evenfield.report.sentences.taxonomies import taxonomies_sentences
from evenfield.report.sentences.wages import wages_sentences
from evenfield.report.sentences.west import west_sentences
from evenfield.report.words import forbidden_words
from evenfield.shared.estimates import Estimate
from unit.report.made_up import policy_config

ROW = Estimate(
    family="balance", role="primary", estimator="long_difference", spec_id="gap", outcome="gap_growth", term="cluster",
    contrast="cluster - sez", unit_scheme="all", period="2002-2012", treatment_def="lists", estimate=1.0, conf_low=-1.0,
    conf_high=3.0, conf_level=0.95, p_value=0.3, mde=5.0, sesoi=0.5, unit_of_measure="pp/yr", n_units=31,
    se_type="SCPC avc 0.03",
)  # fmt: skip
WEST = replace(ROW, family="programmes", estimator="did", term="go_west", contrast="", spec_id="west",
               outcome="growth_change", period="1991-1999 to 2000-2012", output_basis="spliced",
               warning="DESCRIPTIVE: growth")  # fmt: skip
GAIN = replace(ROW, family="taxonomies", estimator="loo_gain", term="four cells", contrast="four cells - dichotomy",
               effect_type="stat", period="P1", estimate=-0.2, n_treated=2, g_star=6.5, spec_id="growth")  # fmt: skip
WAGE = replace(ROW, family="wages", estimator="panel_fe", term="log_wage_x_cluster", spec_id="stock", sesoi=0.2,
               outcome="log_investment_next_year", period="2000-2018", unit_of_measure="elasticity")  # fmt: skip
ROWS = [
    ROW, replace(ROW, role="mechanism", outcome="urban_growth"), replace(ROW, role="mechanism", outcome="rural_growth"),
    replace(ROW, role="robustness", treatment_def="other", estimate=-1.0),
    replace(ROW, role="robustness", treatment_def="third", estimate=float("nan"), conf_low=float("nan")),
    WEST, replace(WEST, role="mechanism", outcome="growth_after"),
    replace(WEST, role="robustness", estimator="border_pairs", sample_id="border pairs"),
    replace(WEST, role="placebo", estimator="did_placebo_1995", conf_low=0.5, p_value=0.03, output_basis="proxy"),
    GAIN, replace(GAIN, estimator="bic_gain", estimate=-3.4),
    replace(GAIN, role="robustness", treatment_def="other", estimate=0.1),
    WAGE, replace(WAGE, role="ladder", estimator="panel_fe_wcr33", p_value=0.01),
    replace(WAGE, role="robustness", spec_id="stock_group_years"),
    replace(ROW, family="wages", role="mechanism", outcome="unit_labour_cost_growth", sesoi=float("nan")),
]  # fmt: skip
WRITERS = (balance_sentences, west_sentences, taxonomies_sentences, wages_sentences)


def facts_of(rows: list[Estimate]) -> Facts:
    config = policy_config()
    config["estimates"]["group_contrasts"] = {"programmes": [{"id": "west"}]}
    text = [{k: "" if str(v) in {"None", "nan"} else str(v) for k, v in asdict(row).items()} for row in rows]
    return Facts(config=config, estimates=text)


def said(writer) -> str:
    return " ".join(sentence.plain for sentence in writer(facts_of(ROWS)))


def test_an_underpowered_comparison_is_called_that() -> None:
    assert "inconclusive and underpowered" in said(balance_sentences)
    assert "runs from \u22121.00 to 1.00; no interval leaves out zero" in said(balance_sentences)
    assert "One more cannot tell clusters from zones." in said(balance_sentences)
    assert "within each state is not measured" in said(balance_sentences)
    assert "urban income 1.00" in said(balance_sentences)
    assert "descriptive, whatever its interval" in said(west_sentences)
    assert "speaks against the reading above" in said(west_sentences)
    assert "worse than the dichotomy, by 20%" in said(taxonomies_sentences)
    assert "as few as 2 states" in said(taxonomies_sentences)
    assert "does not win in both" in said(taxonomies_sentences)
    assert "own trend of investment" in said(wages_sentences) and "p\u00a0=\u00a0.010" in said(wages_sentences)


@pytest.mark.parametrize("writer", WRITERS)
def test_no_forbidden_word_and_nothing_without_the_family(writer) -> None:
    assert said(writer) and not forbidden_words(said(writer))
    assert writer(facts_of([])) == []
