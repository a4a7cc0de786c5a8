"""The verdict engine: every branch of the rule, its boundaries, and what missing evidence does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from evenfield.answers.evidence import Evidence, gather
from evenfield.answers.judgement import judge_claims, judge_hypothesis
from evenfield.answers.multiplicity import adjust_estimates
from evenfield.answers.power import worth_at_interest
from evenfield.answers.rule import combine, judge_count, judge_row
from evenfield.answers.spec import Part, Rule, Thresholds, parse_rule
from evenfield.answers.study import judge_study, provenance_of
from evenfield.answers.words import described
from evenfield.numerics.inference.error_types import error_types
from evenfield.shared.estimates import Estimate, estimates_frame
from evenfield.study.errors import ConfigError

LIMITS = Thresholds()
UP = Part(id="up", kind="directional", sign=1)
DOWN = Part(id="down", kind="directional", sign=-1)
GOOD: dict[str, Any] = {"estimate": 2.0, "p_value": 0.01, "p_adjusted": 0.04, "conf_low": 0.5, "conf_high": 3.5,
                        "conf_level": 0.95, "sesoi": 1.0, "mde": 0.9, "output_basis": "official"}  # fmt: skip
CLEAN: dict[str, Any] = {"share": 0.8, "flips": 0.0, "placebos": (0.4,)}
PERIODS = {"P1": {"start": 1978, "end": 1991}, "P2": {"start": 1992, "end": 1998},
           "S": {"start": 1978, "end": 1998, "role": "span"}}  # fmt: skip


def evidence(row: dict[str, Any] | None = None, **known: Any) -> Evidence:
    return Evidence(row={**GOOD, **(row or {})}, period="P1", **{**CLEAN, **known})


DIRECTIONAL = {
    "everything holds": ({}, {}, "SUPPORTED"),
    "share exactly .80": ({}, {"share": 0.80}, "SUPPORTED"),
    "share just below": ({}, {"share": 0.7999}, "LEANS SUPPORT"),
    "share missing": ({}, {"share": float("nan")}, "LEANS SUPPORT"),
    "one flip": ({}, {"flips": 1.0}, "LEANS SUPPORT"),
    "flips missing": ({}, {"flips": float("nan")}, "LEANS SUPPORT"),
    "placebo exactly .05": ({}, {"placebos": (0.05,)}, "SUPPORTED"),
    "placebo below .05": ({}, {"placebos": (0.4, 0.049)}, "INCONCLUSIVE"),
    "placebo missing": ({}, {"placebos": ()}, "LEANS SUPPORT"),
    "adjusted p exactly .05": ({"p_adjusted": 0.05}, {}, "LEANS SUPPORT"),
    "adjusted p just below": ({"p_adjusted": 0.0499}, {}, "SUPPORTED"),
    "adjusted p missing": ({"p_adjusted": float("nan")}, {}, "LEANS SUPPORT"),
    "p exactly .10": ({"p_value": 0.10, "p_adjusted": 0.4, "mde": 3.0}, {}, "INCONCLUSIVE (UNDERPOWERED)"),
    "p just below .10": ({"p_value": 0.0999, "p_adjusted": 0.4}, {}, "LEANS SUPPORT"),
    "mde exactly sesoi": ({"p_value": 0.3, "mde": 1.0}, {}, "INCONCLUSIVE"),
    "mde just above sesoi": ({"p_value": 0.3, "mde": 1.0001}, {}, "INCONCLUSIVE (UNDERPOWERED)"),
    "mde missing": ({"p_value": 0.3, "mde": float("nan")}, {}, "INCONCLUSIVE"),
    "wrong sign, p below .05": ({"estimate": -2.0, "p_value": 0.049}, {}, "CONTRADICTED"),
    "wrong sign, p exactly .05": ({"estimate": -2.0, "p_value": 0.05}, {}, "LEANS AGAINST"),
    "wrong sign, p exactly .10": ({"estimate": -2.0, "p_value": 0.10}, {}, "INCONCLUSIVE"),
    "interval excludes interest": ({"estimate": 0.1, "p_value": 0.6, "conf_low": -0.7, "conf_high": 0.9}, {},
                                   "CONTRADICTED"),
    "interval touches interest": ({"estimate": 0.1, "p_value": 0.6, "conf_low": -0.8, "conf_high": 1.0}, {},
                                  "INCONCLUSIVE"),
    "right sign but too small": ({"estimate": 0.4, "conf_low": 0.1, "conf_high": 0.7}, {}, "LEANS SUPPORT"),
    "no interest set": ({"p_value": 0.3, "sesoi": float("nan")}, {}, "INCONCLUSIVE"),
    "estimate of zero": ({"estimate": 0.0, "p_value": 1.0}, {}, "INCONCLUSIVE"),
    "proxy support": ({"output_basis": "proxy"}, {}, "LEANS SUPPORT"),
    "proxy against": ({"output_basis": "spliced", "estimate": -2.0, "p_value": 0.001}, {}, "LEANS AGAINST"),
    "proxy undecided": ({"output_basis": "proxy", "p_value": 0.3}, {}, "INCONCLUSIVE"),
    "interval without p": ({"p_value": float("nan"), "p_adjusted": float("nan")}, {}, "LEANS SUPPORT"),
    "interval without p, holds zero": ({"p_value": float("nan"), "conf_low": -0.1}, {}, "INCONCLUSIVE"),
    "no number": ({"estimate": float("nan")}, {}, "NOT YET BUILT"),
}  # fmt: skip


@pytest.mark.parametrize("name", DIRECTIONAL)
def test_every_branch_of_a_directional_claim(name: str) -> None:
    row, known, verdict = DIRECTIONAL[name]
    assert judge_row(evidence(row, **known), UP, LIMITS).verdict == verdict


@pytest.mark.parametrize("name", DIRECTIONAL)
def test_the_mirror_image_of_a_claim_gets_the_same_word(name: str) -> None:
    row, known, verdict = DIRECTIONAL[name]
    plain = {**GOOD, **row}
    turned = {**plain, "estimate": -plain["estimate"], "conf_low": -plain["conf_high"], "conf_high": -plain["conf_low"]}
    assert judge_row(evidence(turned, **known), DOWN, LIMITS).verdict == verdict


def test_limits_say_what_is_missing_and_what_caps() -> None:
    judged = judge_row(evidence({"output_basis": "proxy"}), UP, LIMITS)
    assert judged.limits == ("it rests on PROXY output",)
    judged = judge_row(evidence(share=float("nan"), flips=2.0), UP, LIMITS)
    assert judged.limits == ("no specification curve was run", "leaving out one unit can turn its sign")


def test_thresholds_move_the_verdict() -> None:
    row = evidence({"output_basis": "proxy"}, share=0.6, flips=1.0)
    assert judge_row(row, UP, LIMITS).verdict == "LEANS SUPPORT"
    assert judge_row(row, UP, Thresholds(sign_share=0.5, sign_flips=1, proxy="counted")).verdict == "SUPPORTED"
    assert judge_row(evidence(), UP, Thresholds(alpha=0.03)).verdict == "LEANS SUPPORT"


def test_a_design_without_placebo_does_not_wait_for_one() -> None:
    part = Part(id="up", kind="directional", placebo="none")
    assert judge_row(evidence(placebos=()), part, LIMITS).verdict == "SUPPORTED"


EQUIVALENCE = {
    "inside": ({"conf_low": -0.99, "conf_high": 0.99}, None, "SUPPORTED"),
    "touches": ({"conf_low": -0.5, "conf_high": 1.0}, None, "INCONCLUSIVE"),
    "crosses": ({"conf_low": -0.5, "conf_high": 1.2}, None, "INCONCLUSIVE"),
    "crosses, weak": ({"conf_low": -0.5, "conf_high": 1.2, "mde": 2.0}, None, "INCONCLUSIVE (UNDERPOWERED)"),
    "outside": ({"conf_low": 1.3, "conf_high": 2.0}, {"conf_low": 1.1, "conf_high": 2.2}, "CONTRADICTED"),
    "90 outside, 95 not": ({"conf_low": 1.1, "conf_high": 2.0}, {"conf_low": 0.9, "conf_high": 2.2}, "INCONCLUSIVE"),
    "outside below": ({"conf_low": -3.0, "conf_high": -2.0}, {"conf_low": -4.0, "conf_high": -1.1}, "CONTRADICTED"),
    "two-sided interval missing": ({"conf_low": 1.3, "conf_high": 2.0}, None, "INCONCLUSIVE"),
    "no interest set": ({"conf_low": 0.0, "conf_high": 0.1, "sesoi": float("nan")}, None, "INCONCLUSIVE"),
    "interval too narrow a level": ({"conf_low": -0.1, "conf_high": 0.1, "conf_level": 0.8}, None, "INCONCLUSIVE"),
    "proxy": ({"conf_low": -0.5, "conf_high": 0.5, "output_basis": "proxy"}, None, "LEANS SUPPORT"),
}  # fmt: skip


@pytest.mark.parametrize("name", EQUIVALENCE)
def test_every_branch_of_an_equivalence(name: str) -> None:
    row, wide, verdict = EQUIVALENCE[name]
    found = evidence({"estimate": 0.1, "mde": 0.9, "conf_level": 0.9, **row}, interval=wide)
    assert judge_row(found, Part(id="null", kind="equivalence"), LIMITS).verdict == verdict


LEVEL = {
    "at the bound, no interval": (1.0, None, "LEANS SUPPORT"),
    "interval below": (0.8, (0.7, 1.0), "SUPPORTED"),
    "interval holds the bound": (0.8, (0.7, 1.1), "LEANS SUPPORT"),
    "between the bounds": (1.2, (1.1, 1.24), "INCONCLUSIVE"),
    "at the far bound": (1.25, None, "INCONCLUSIVE"),
    "beyond the far bound": (1.3, None, "LEANS AGAINST"),
    "interval beyond the far bound": (1.4, (1.26, 1.5), "CONTRADICTED"),
}


@pytest.mark.parametrize("name", LEVEL)
def test_every_branch_of_a_level(name: str) -> None:
    estimate, ends, verdict = LEVEL[name]
    low, high = ends or (float("nan"), float("nan"))
    part = Part(id="level", kind="level", sign=-1, value=1.0, against=1.25)
    found = evidence({"estimate": estimate, "conf_low": low, "conf_high": high})
    assert judge_row(found, part, LIMITS).verdict == verdict


def outcomes(signs: list[float], p: float = 0.01, **row: Any) -> list[Evidence]:
    return [evidence({"estimate": sign, "p_value": p, "p_adjusted": p, **row}, joint_p=p) for sign in signs]


COUNT = {
    "4 of 5": (outcomes([1, 1, 1, 1, -1]), "SUPPORTED"),
    "3 of 5": (outcomes([1, 1, 1, -1, -1]), "INCONCLUSIVE"),
    "joint p exactly .05": (outcomes([1] * 5, 0.05), "LEANS SUPPORT"),
    "joint p exactly .10": (outcomes([1] * 5, 0.10), "INCONCLUSIVE"),
    "wrong-signed": (outcomes([-1] * 4 + [1.0]), "CONTRADICTED"),
    "wrong-signed, p exactly .05": (outcomes([-1] * 5, 0.05), "LEANS AGAINST"),
    "underpowered": (outcomes([1] * 5, 0.5, mde=2.0), "INCONCLUSIVE (UNDERPOWERED)"),
    "proxy": (outcomes([1] * 5, output_basis="proxy"), "LEANS SUPPORT"),
    "one outcome missing": ([*outcomes([1] * 4), evidence({"estimate": float("nan")})], "SUPPORTED"),
    "two outcomes missing": ([*outcomes([1] * 3), *[evidence({"estimate": float("nan")})] * 2], "INCONCLUSIVE"),
    "nothing there": ([evidence({"estimate": float("nan")})], "NOT YET BUILT"),
}


@pytest.mark.parametrize("name", COUNT)
def test_every_branch_of_a_count(name: str) -> None:
    found, verdict = COUNT[name]
    assert judge_count(found, Part(id="five", kind="count", holds=4), LIMITS).verdict == verdict


def test_a_count_without_romano_wolf_falls_back_to_bonferroni() -> None:
    found = [evidence({"estimate": 1.0, "p_value": 0.03, "p_adjusted": 0.03}) for _ in range(5)]
    assert judge_count(found, Part(id="five", kind="count", holds=4), LIMITS).verdict == "INCONCLUSIVE"


S, LS, IN, U, LA, C, NB, NT = ("SUPPORTED", "LEANS SUPPORT", "INCONCLUSIVE", "INCONCLUSIVE (UNDERPOWERED)",
                              "LEANS AGAINST", "CONTRADICTED", "NOT YET BUILT", "NOT TESTABLE HERE")  # fmt: skip


@pytest.mark.parametrize(
    ("verdicts", "holds", "fails", "word"),
    [
        ([S, S], 0, 0, S), ([S, LS], 0, 0, LS), ([S, IN], 0, 0, IN), ([S, U], 0, 0, U), ([S, C], 0, 0, IN),
        ([C, C], 0, 0, C), ([C, LA], 0, 0, LA), ([C, IN], 0, 0, IN), ([C, IN], 0, 1, C), ([LA, S], 0, 1, LA),
        ([S, NB], 0, 0, IN), ([S, NT], 0, 0, IN), ([S, NB], 1, 0, S), ([NB, NB], 0, 0, NB), ([NT, NT], 0, 0, NT),
        ([NT, NB], 0, 0, NB), ([S, LS, C], 2, 1, IN), ([S, S, C], 2, 2, S), ([S], 0, 0, S), ([LS, LS, IN], 2, 0, LS),
    ],
)  # fmt: skip
def test_parts_combine(verdicts: list[str], holds: int, fails: int, word: str) -> None:
    assert combine(verdicts, holds, fails) == word


def test_a_description_has_its_own_words() -> None:
    assert [described(word) for word in (S, LS, IN, U, LA, C, NB)] == [
        "CONSISTENT", "CONSISTENT", "MIXED", "MIXED", "NOT CONSISTENT", "NOT CONSISTENT", NB]  # fmt: skip


def rows(*estimates: Estimate) -> list[dict[str, Any]]:
    return estimates_frame(estimates).to_dict("records")


def made(**fields: Any) -> Estimate:
    usual: dict[str, Any] = {
        "hypothesis": "H8", "role": "primary", "estimator": "slx", "spec_id": "main", "outcome": "growth",
        "term": "x", "contrast": "x - z", "period": "P1", "estimate": 2.0, "p_value": 0.01, "p_adjusted": 0.02,
        "conf_low": 0.5, "conf_high": 3.5, "conf_level": 0.95, "sesoi": 1.0, "mde": 0.9, "unit_of_measure": "pp/yr",
        "output_basis": "official",
    }  # fmt: skip
    return Estimate(**{**usual, **fields})


def evidence_rows(period: str = "P1") -> list[Estimate]:
    plain = {"role": "robustness", "period": period, "p_adjusted": float("nan")}
    return [
        made(**plain, estimator="specification_curve", effect_type="share", estimate=0.9, p_value=0.02),
        made(**plain, estimator="leave_one_out", effect_type="stat_sign_flips", estimate=0.0),
        made(**plain, estimator="leave_one_out", effect_type="stat_low", estimate=1.1),
        made(**plain, estimator="leave_one_out", effect_type="stat_high", estimate=2.7),
        made(**{**plain, "role": "placebo"}, estimator="slx_placebo", p_value=0.6, estimate=0.1),
    ]


SECTION = {"hypotheses": {"H8": {"parts": [{"id": "difference", "kind": "directional"}]}}}


def test_evidence_is_matched_to_its_estimand_and_to_no_other() -> None:
    all_rows = rows(made(), *evidence_rows(), made(period="P2"), made(spec_id="other", role="robustness"))
    part = parse_rule(SECTION, PERIODS).hypotheses["H8"].parts[0]
    first, second = sorted(gather(all_rows, part), key=lambda found: found.period)
    assert (first.share, first.flips, first.low, first.high, first.placebos) == (0.9, 0.0, 1.1, 2.7, (0.6,))
    assert np.isnan(second.share) and np.isnan(second.flips)


def test_a_hypothesis_is_judged_from_its_rows_in_any_order() -> None:
    rule = parse_rule(SECTION, PERIODS)
    found = rows(made(), *evidence_rows())
    plain = judge_hypothesis(found, rule.hypotheses["H8"], rule.thresholds, {"P1": "1978\u201391"})
    turned = judge_hypothesis(found[::-1], rule.hypotheses["H8"], rule.thresholds, {"P1": "1978\u201391"})
    assert plain.verdict == turned.verdict == "SUPPORTED" and plain.reason == turned.reason
    assert plain.reason == ("1978\u201391: 2 pp/yr (95% interval 0.5 to 3.5, p = .010, adjusted p = .020), smallest "
                            "detectable 0.9, smallest of interest 1.")  # fmt: skip


def test_a_period_without_a_row_keeps_a_hypothesis_from_support() -> None:
    section = {"hypotheses": {"H8": {"parts": [{"id": "difference", "kind": "directional", "periods": "main"}]}}}
    rule = parse_rule(section, PERIODS)
    found = judge_hypothesis(rows(made(), *evidence_rows()), rule.hypotheses["H8"], rule.thresholds, {})
    assert found.verdict == "INCONCLUSIVE" and "1 SUPPORTED, 1 NOT YET BUILT" in found.reason


def test_without_rows_the_config_says_whether_the_panel_lacks_something() -> None:
    lacks = {"why": "No counts by province", "codes": ["R7"], "data": "A count file"}
    item = {**SECTION["hypotheses"]["H8"], "lacks": lacks}
    for section, word in ((SECTION, NB), ({"hypotheses": {"H8": item}}, NT)):
        rule = parse_rule(section, PERIODS)
        found = judge_hypothesis([], rule.hypotheses["H8"], rule.thresholds, {})
        assert found.verdict == word
    assert found.reason == "No counts by province (R7). What would decide it: A count file."


def claim(letter: str, hypotheses: str = "", codes: str = "", name: str = "L50") -> dict[str, str]:
    return {"claim_id": name, "class": letter, "hypotheses": hypotheses, "reason_codes": codes, "route": "Premise.",
            "deciding_data": "Town data." if codes else ""}  # fmt: skip


@pytest.mark.parametrize(
    ("made_claim", "provenance", "word"),
    [
        (claim("A", "H8"), "complete", S), (claim("B", "H8"), "complete", "CONSISTENT"),
        (claim("C", "", "R1"), "complete", NT), (claim("D"), "complete", "NOT A STATISTICAL CLAIM"),
        (claim("A", "H9"), "complete", NB), (claim("B", "", "R7"), "complete", NT), (claim("B"), "complete", NB),
        (claim("A", "H8"), "simulated", "NOT RUN"), (claim("D"), "simulated", "NOT RUN"),
        (claim("A", "H8 H9"), "complete", S),
    ],
)  # fmt: skip
def test_claims_get_their_word(made_claim: dict[str, str], provenance: str, word: str) -> None:
    found, _ = judge_claims(rows(made(), *evidence_rows()), [made_claim], {"R1": "Smaller units."},
                            parse_rule(SECTION, PERIODS), {}, provenance)  # fmt: skip
    assert found[0].verdict == word


def test_a_composite_claim_prints_its_parts_and_no_number() -> None:
    part = {"parts": [{"id": "a", "kind": "directional"}]}
    rule = parse_rule({"hypotheses": {"H8": part, "H10": part}}, PERIODS)
    judged = judge_study(
        estimates_frame([made(), *evidence_rows()]),
        pd.DataFrame([{**claim("A", "H8 H10"), "claim": "", "paragraphs": ""}]),
        pd.DataFrame([{"hypothesis": "H8", "family": "F3", "statement": "", "deciding_estimate": "d"}]),
        pd.DataFrame({"code": ["R1"], "meaning": ["m"]}), rule,
        description={"simulated": [], "data_hash": "1"}, labels={}, power=0.8,
    )  # fmt: skip
    row = judged.claims.iloc[0]
    assert row["verdict"] == IN and "H8 SUPPORTED; H10 NOT YET BUILT" in row["reason"]
    assert pd.isna(row["estimate"]) and row["estimates"] == 1


def test_simulated_or_incomplete_provenance_gives_no_verdict() -> None:
    assert provenance_of({"simulated": [], "data_hash": "1"}) == "complete"
    assert provenance_of({"simulated": ["gdp"], "data_hash": "1"}) == "the input holds simulated figures (gdp)"
    assert "incomplete" in provenance_of({"simulated": []})
    assert "incomplete" in provenance_of({"data_hash": "1"})


def test_the_rule_hash_sees_thresholds_and_parts_and_not_the_order_of_keys() -> None:
    plain = parse_rule(SECTION, PERIODS).hash
    assert plain == parse_rule({"thresholds": {}, **SECTION}, PERIODS).hash
    assert plain != parse_rule({**SECTION, "thresholds": {"lean": 0.11}}, PERIODS).hash
    part = {**SECTION["hypotheses"]["H8"]["parts"][0], "sign": "negative"}
    assert plain != parse_rule({"hypotheses": {"H8": {"parts": [part]}}}, PERIODS).hash


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ({"thresholds": {"alpha": 0.1, "lean": 0.05}}, "verdicts.thresholds alpha 0.1 and lean 0.05"),
        ({"hypotheses": {"H8": {"holds": 2, "parts": [{"id": "a", "kind": "directional"}]}}}, "H8 asks for 2 of 1"),
    ],
)
def test_a_rule_that_cannot_hold_is_one_line(section: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        parse_rule(section, PERIODS)


def test_no_section_gives_an_empty_rule() -> None:
    rule = parse_rule(None, PERIODS)
    assert isinstance(rule, Rule) and not rule.hypotheses


FAMILIES = {"H8": "F3", "H11": "F3", "H1": "F1"}


def test_adding_a_hypothesis_changes_only_adjusted_p_of_its_family() -> None:
    small = estimates_frame([made(p_value=0.01), made(hypothesis="H1", outcome="level", p_value=0.02),
                             made(role="exploratory", term="e", p_value=0.03)])  # fmt: skip
    large = estimates_frame([made(p_value=0.01), made(hypothesis="H1", outcome="level", p_value=0.02),
                             made(role="exploratory", term="e", p_value=0.03),
                             made(hypothesis="H11", term="speed", p_value=0.5)])  # fmt: skip
    before, after = (adjust_estimates(frame, FAMILIES).set_index("estimate_id") for frame in (small, large))
    shared = after.loc[before.index]
    pd.testing.assert_frame_equal(before.drop(columns="p_adjusted"), shared.drop(columns="p_adjusted"))
    moved = before["p_adjusted"].ne(shared["p_adjusted"]) & before["p_adjusted"].notna()
    assert before.loc[moved, "hypothesis"].tolist() == ["H8"]
    assert shared.loc[moved, "p_adjusted"].tolist() == [0.02]


def test_romano_wolf_rows_enter_in_place_of_the_plain_p() -> None:
    frame = estimates_frame([made(p_value=0.01), made(role="ladder", estimator="slx_romano_wolf", p_value=0.04),
                             made(hypothesis="H11", term="speed", p_value=0.03)])  # fmt: skip
    found = adjust_estimates(frame, FAMILIES)
    adjusted = dict(zip(found["hypothesis"].where(found["role"].eq("primary")), found["p_adjusted"], strict=True))
    assert adjusted["H8"] == pytest.approx(0.06) and adjusted["H11"] == pytest.approx(0.06)


def test_exploratory_rows_get_q_values_and_no_others() -> None:
    frame = estimates_frame([made(role="exploratory", term=name, p_value=p) for name, p in (("a", 0.01), ("b", 0.9))])
    found = adjust_estimates(pd.concat([frame, estimates_frame([made()])], ignore_index=True), {})
    assert found["q_value"].notna().tolist() == found["role"].eq("exploratory").tolist()


def test_worth_at_interest_agrees_with_the_power_behind_the_detectable_effect() -> None:
    found = worth_at_interest(3.0, 3.0, 0.95, 0.8)
    assert found.power == pytest.approx(0.8, abs=1e-5) and found.std_error == pytest.approx(3.0 / 2.80159, rel=1e-5)
    same = error_types(1.0, found.std_error, 1e6)
    assert worth_at_interest(3.0, 1.0, 0.95, 0.8).exaggeration == pytest.approx(same.exaggeration)
    assert np.isnan(worth_at_interest(float("nan"), 1.0, 0.95, 0.8).power)
