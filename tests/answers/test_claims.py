"""claims.yaml: what is refused before a run, which row is chosen, what a whole study
answers.
"""

import copy
import json
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from evenfield.answers.rows import adjusted, holm
from evenfield.answers.spec import Claims, read_claims
from evenfield.answers.study import NO_CLAIMS, answer_study
from evenfield.numerics.inference.multiple_testing import sharpened_q
from evenfield.shared.estimates import Estimate, estimates_frame
from evenfield.shared.tables.rows import one_row
from evenfield.study.errors import ClaimsError
from evenfield.topics.answers.table import TABLES
from refusals import fails
from tolerances import close
from yaml_text import from_yaml

CONTENT = from_yaml("""
    hypotheses:
      H1:
        statement: X grew.
        kind: association
        sign: +
        primary: &row {family: beta, spec_id: growth, term: x, period: P1}
        checks: {later: {period: P2}}
    claims:
      - {id: L1, paragraph: [1], claim: X grew., kind: association, hypothesis: H1}
      - id: L2
        paragraph: [2, 3]
        claim: X is large.
        kind: fact
        evidence: *row
        holds: {above: 0.4}
        variants: {later: {period: P2}}
        shows: [{period: P2}]
      - id: L3
        paragraph: [3]
        claim: X acts.
        kind: effect
        sign: "-"
        evidence: *row
        placebos: {early: {period: P2}}
      - id: L4
        paragraph: [4]
        claim: Towns.
        kind: out of reach
        because: [R1]
        why: No towns.
        data: Towns
      - {id: L5, paragraph: [5], claim: A plan., kind: not empirical, why: A plan.}
      - id: L6
        paragraph: [6]
        claim: "A law: of 2002."
        kind: documentary
        documents: [{document: Law, says: bears out, what: passed in 2002}]
    reasons: {R1: Smaller units.}
    documents: {Law: "Gazette, 2002."}
    """)
HYPOTHESIS = CONTENT["hypotheses"]["H1"]
ROW = HYPOTHESIS["primary"]


def config(content):
    topics = {"beta": [], "group_contrasts": {"premium": []}}
    return {
        "answers": content,
        "estimates": topics,
        "inference": {"conf_level": 0.95},
        "periods": {"P1": {"end": 1990}, "P2": {"end": 2010}},
        "panel": {"unit_schemes": {"31": {}}},
    }


def changed(*path):
    *steps, last, value = path
    out = copy.deepcopy(CONTENT)
    position = out
    for step in steps:
        position = position[step]
    if value is None:
        position.pop(last)
    else:
        position[last] = value
    return out


H1 = ("hypotheses", "H1")
REFUSED = from_yaml(r"""
    fact: &fact
      id: L2
      claim: X is large.
      kind: fact
      evidence: {family: beta, spec_id: growth, term: x, period: P1}
      holds: {above: 0.4}
    unknown key: [[claims, 1, hold, 1], claim L2 has the unknown key hold; expected .*holds]
    alpha: [[rule, {alpha: 1.5}], 'rule: alpha: Input should be less than 0.5']
    alpha and level: [[rule, {alpha: 0.1}], rule.alpha 0.1 beside inference.conf_level 0.95]
    kind:
      [[claims, 0, kind, hunch], "claim L1: kind: Input should be 'fact', 'stand-in'"]
    sign:
      - [hypotheses, H1, sign, positive]
      - "hypothesis H1: sign: Input should be '\\+' or '-'"
    number for text:
      - [hypotheses, H1, primary, {family: beta, spec_id: growth, term: x, period: 1}]
      - 'H1: primary.period: .*put it in quotation'
    no threshold:
      [[claims, 1, holds, null], 'claim L2: kind fact needs evidence and holds; holds']
    ends turned:
      [[claims, 1, holds, {between: [2, 1]}], 'L2: holds: between needs its smaller number']
    no sign:
      - [claims, 2, sign, null]
      - 'claim L3: kind effect needs sign and evidence; sign is missing'
    beside a hypothesis:
      [[claims, 0, sign, +], 'claim L1: kind association has no sign beside a hypo']
    placebo:
      - - hypotheses
        - H1
        - placebos
        - {p: {family: beta, spec_id: growth, term: x, period: P1}}
      - 'hypothesis H1: placebos belong to an effect'
    variants of H:
      - - hypotheses
        - H1
        - variants
        - {v: {family: beta, spec_id: growth, term: x, period: P1}}
      - 'hypothesis H1: a hypothesis has checks, not variants'
    no id: [[claims, 4, id, null], 'claim number 5: id: Field required']
    id twice: [[claims, 4, id, L1], claim L1 stands 2 times]
    unknown hypothesis:
      [[claims, 0, hypothesis, H2], "claim L1: hypothesis 'H2' is not known; .*of H1"]
    other kind:
      [[claims, 0, kind, effect], 'claim L1 has the kind effect, its hypothesis H1 association']
    unknown reason:
      [[claims, 3, because, [R9]], "claim L4: because 'R9' is not known; .*of R1"]
    unknown document:
      - [claims, 5, documents, [{document: Low, says: contradicts, what: It fell}]]
      - "claim L6: document 'Low' is not known; .*of Law"
    no document:
      [[claims, 5, documents, []], 'claim L6: kind documentary needs documents']
    document that says nothing clear:
      - [claims, 5, documents, [{document: Law, says: perhaps, what: It may}]]
      - "claim L6: documents.0.says: Input should be 'bears out' or"
    unknown family:
      - [claims, 1, evidence, {family: bta, spec_id: growth, term: x, period: P1}]
      - "claim L2: family 'bta'.*'beta'"
    unknown column:
      [[hypotheses, H1, checks, later, {perod: P2}], "H1, check 'later': column .*period"]
    unknown study:
      [[hypotheses, H1, checks, later, {study: mars}], "H1, check 'later': study 'mars' is not"]
    unknown scheme:
      [[claims, 1, variants, later, {unit_scheme: '32'}], 'L2, variant .later.: unit']
    empty selection:
      [[claims, 1, evidence, {}], 'claim L2: evidence: Dictionary should have at least 1']
    not a mapping: [[claims, 1, [L2]], claim 1]
    margin: [[rule, {margin: 0.5}], 'rule: margin: Input should be less than 0.5']
    late figures: [[rule, {horizon: 2009}], "claim L2, variant 'later' has figures of 2010"]
    later years of what is undecided:
      - - claims
        - 1
        - {<<: *fact, undecided: Two lists., later: {period: P1}}
      - 'claim L2: what is undecided has nothing to hold up later'
    undecided effect:
      [[claims, 2, undecided, Why.], 'claim L3: kind effect has no undecided']
    later years of a definition:
      [[claims, 4, later, {period: P2}], 'claim L5: kind not empirical has no later']
    """)
del REFUSED["fact"]
REFUSED["unknown top key"] = (
    ["verdicts", {}],
    "the top level has the unknown key verdicts; expected one of rule, hyp",
)


@pytest.mark.parametrize("name", REFUSED)
def test_a_fault_is_one_line_before_the_run(name):
    path, text = REFUSED[name]
    with pytest.raises(ClaimsError, match=f"^claims.yaml: .*{text}") as error:
        read_claims(config(changed(*path)))
    assert "\n" not in str(error.value)


def shares(holds, **measure):
    """A config whose one fact is a share, or whatever is given in its place."""
    content = changed("claims", 1, "holds", holds)
    content["claims"][1]["evidence"] = {"family": "statements", "spec_id": "l2_east"}
    content["claims"][1] |= {"variants": {}, "shows": []}
    spec = {"id": "l2_east", "kind": "fact", "measure": "share", **measure}
    made = config(content)
    made["estimates"]["statements"] = [spec]
    return made


@pytest.mark.parametrize(
    ("holds", "measure", "cannot"),
    from_yaml("""
    - [{above: 0}, {}, 'lies between 0 and 100: it cannot fail']
    - [{above: -1}, {}, cannot fail]
    - [{below: 100}, {}, cannot fail]
    - [{between: [0, 100]}, {}, cannot fail]
    - [{above: 100}, {}, cannot hold]
    - [{below: 0}, {}, cannot hold]
    - [{above: 0}, {measure: ratio}, 'between 0 and inf: it cannot fail']
    - [{above: 0}, {measure: units}, cannot fail]
    - [{above: 50}, {}, '']
    - [{between: [0, 50]}, {}, '']
    - [{above: 0}, {less: people}, '']
    - [{above: 0}, {before: [1990, 1992]}, '']
    - [{above: 0}, {measure: growth}, '']
    - [{below: 100}, {measure: ratio}, '']
    """),
)
def test_a_fact_that_its_measure_settles_is_refused(holds, measure, cannot):
    made = shares(holds, **measure)
    if cannot:
        fails(ClaimsError, f"claim L2 holds .*{cannot}", read_claims, made)
    else:
        assert read_claims(made).claims[1].holds


def built(**more):
    usual = {
        **ROW,
        "role": "primary",
        "estimator": "ols",
        "outcome": "y",
        "estimate": 2.0,
        "std_error": 0.7,
        "p_value": 0.01,
        "conf_low": 0.5,
        "conf_high": 3.5,
        "conf_level": 0.95,
        "sesoi": 1.0,
        "unit_of_measure": "pp/yr",
    }
    if more.get("period", "P1") != "P1":  # no check repeats the row that it checks
        usual["std_error"] = 0.8
    return Estimate(**{**usual, **more})


def frame(*rows):
    return estimates_frame(rows).assign(study="")


BOTH = frame(built(), built(period="P2"))


@pytest.mark.parametrize(
    ("select", "text"),
    [
        (
            {"family": "beta"},
            r"L9 selects 2 rows; they differ in period \('P1', 'P2'\); expected exactly one row",
        ),
        (
            {"family": "beta", "spec_id": "growht", "period": "P1"},
            "L9 selects 0 rows, none from spec_id 'growht' on; expected spec_id 'growth'",
        ),
        (
            {"family": "beta", "period": "S9"},
            "none from period 'S9' on; expected period 'P1', 'P2'",
        ),
    ],
)
def test_a_selection_of_none_or_many_says_how_many_why_and_what_is_near(select, text):
    fails(ClaimsError, text, one_row, BOTH, select, "claim L9")
    assert one_row(BOTH, {"period": "P2"}, "claim L9")["period"] == "P2"


def test_a_selection_that_fails_names_its_check():
    words = "hypothesis H1, check 'later' selects 0 rows, none from period 'P2' on"
    later = {"later": {"period": "P2"}}
    fails(ClaimsError, words, answered, built(), checks=later)


def test_holm_runs_over_the_primary_rows_and_q_over_the_exploratory_ones():
    primary = {"a": 0.01, "b": 0.03, "c": 0.5}
    rows = [built(p_value=p, term=term) for term, p in primary.items()]
    explored = {"d": 0.02, "e": 0.3, "g": np.nan}
    rows += [built(p_value=explored[t], term=t, role="exploratory") for t in explored]
    rows += [built(p_value=np.nan, term="f")]
    rows += [built(p_value=0.001, term="h", role="robustness")]
    select = {name: {"term": name} for name in "abf"} | {
        "many": {"family": "beta"},
        "none": {"term": "z"},
    }
    result = adjusted(frame(*rows), select).set_index("term")
    assert result["p_adjusted"].dropna().to_dict() == pytest.approx(
        {"a": 0.02, "b": 0.03}
    )
    # Nothing else is one of the explored, nor is a row of them without a p-value.
    d, e = sharpened_q(np.array([0.02, 0.3])).q_values
    assert result["q_value"].dropna().to_dict() == {"d": d, "e": e}
    back = adjusted(frame(*rows[::-1]), dict(reversed(select.items()))).set_index(
        "term"
    )
    assert_frame_equal(result, back)


def answers(content=CONTENT, simulated=(), **later):
    claims = read_claims(config(content))
    rows = frame(
        built(),
        built(period="P2", **later),
        built(period="P2", spec_id="other"),
        built(term="z", p_value=np.nan),
    )
    return answer_study(
        adjusted(rows, {n: h.primary for n, h in claims.hypotheses.items()}),
        claims,
        list(simulated),
    )


@pytest.mark.parametrize("kind", ["fact", "stand-in"])
def test_a_fact_whose_figures_cannot_decide_it_has_its_figure_and_no_answer(kind):
    content = changed("claims", 1, "kind", kind)
    content["claims"][1]["undecided"] = "Two lists are not two dates."
    table, plain = answers(content)
    fact = table.set_index("id").loc["L2"]
    assert (fact["answer"], fact["estimate"]) == ("NO ANSWER", 2.0)
    assert fact["because"] == "two lists are not two dates"
    assert [row["against"] for row in plain["claims"][1]["rows"]] == [False] * 3


def test_a_study_is_answered_row_by_row():
    table, content = answers(p_value=0.6)
    result = table.set_index("id")
    assert result["answer"].tolist() == [
        "SUPPORTED",
        "HOLDS",
        "SUGGESTIVE AGAINST",
        "OUT OF REACH",
        "NOT EMPIRICAL",
        "DOCUMENTED",
    ]
    first = result.loc["L1"]
    numbers = first["estimate low high p p_adjusted interest".split()].tolist()
    assert numbers == [2.0, 0.5, 3.5, 0.01, 0.01, 1.0]
    assert first["unit"] == "pp/yr"
    close(first["smallest_visible"], 1.5 + 0.8416212 * 0.7, rtol=1e-5)
    assert np.isnan(result.loc["L3", "p_adjusted"])
    assert result.loc["L2", "paragraphs"] == "2 3"
    assert result.loc["L4", "because"] == "No towns. What would decide it: Towns"
    assert content["counts"]["HOLDS"] == 1
    assert content["questions"] == 1
    assert content["sentence"] == ""
    assert [row["what"] for row in content["claims"][1]["rows"]] == [
        "primary",
        "variant",
        "shown",
    ]
    assert content["hypotheses"][0]["claims"] == ["L1"]


def test_a_claim_was_read_as_it_says_or_as_its_hypothesis():
    _, content = answers(changed("claims", 1, "read_as", "X of P1."))
    readings = [claim["read_as"] for claim in content["claims"]]
    assert readings == ["X grew.", "X of P1.", "", "", "", ""]
    _, content = answers(changed("claims", 0, "read_as", "X in place of Y."))
    assert content["claims"][0]["read_as"] == "X in place of Y."


def test_a_lost_check_is_named_and_its_row_marked():
    table, content = answers(conf_low=-0.5)
    assert table["answer"].iloc[0] == "NO ANSWER"
    assert table["checks_failed"].iloc[0] == "later"
    assert [row["against"] for row in content["hypotheses"][0]["rows"]] == [False, True]


@pytest.mark.parametrize(
    ("warning", "years"),
    from_yaml("""
    - [figures of 2010, '2010']
    - [PROXY; figures of 2015 to 2017; without u1, 2015 to 2017]
    - [no figures of 2010 to 2012, '']
    - ['', '']
    """),
)
def test_a_row_says_which_years_it_rests_on_where_they_are_fewer(warning, years):
    _, content = answers(warning=warning)
    assert content["claims"][1]["rows"][1]["figures"] == years


def test_an_own_effect_of_interest_wins_over_that_of_the_row():
    table, _ = answers(changed(*H1, "interest", 4))
    assert table["answer"].iloc[0] == "NEGLIGIBLE"
    assert table["interest"].iloc[0] == 4


def test_simulated_input_answers_nothing_and_says_so():
    table, _ = answers(simulated=("gdp",))
    assert set(table["answer"]) == {"NO ANSWER"}
    assert table["because"].str.endswith("simulated figures: gdp").all()


def test_a_primary_row_without_a_p_value_is_no_question_of_the_adjustment():
    second = {**HYPOTHESIS, "primary": {**ROW, "term": "z"}, "checks": {}}
    _, content = answers(changed("hypotheses", "H2", second))
    assert content["questions"] == 1
    assert [item["answer"] for item in content["hypotheses"]] == [
        "SUPPORTED",
        "SUGGESTIVE",
    ]


def of_study(row, study):
    """A frame of one row of a study, its id with the name of a study beside."""
    table = frame(row).assign(study=study)
    return table.assign(estimate_id=f"{study}." + table["estimate_id"])


def beside(p_own, *p_beside):
    """Hypotheses on a row of the study itself and on rows of a study of cities."""
    rows = [frame(built(p_value=p_own, term="own"))]
    content = {"hypotheses": {}}
    for name in ("own", *(f"c{i}" for i in range(len(p_beside)))):
        select = {"study": "cities" if name != "own" else "", "term": name}
        content["hypotheses"][name] = {
            **HYPOTHESIS,
            "primary": {**ROW, **select},
            "checks": {},
        }
    for number, p in enumerate(p_beside):
        rows.append(of_study(built(p_value=p, term=f"c{number}"), "cities"))
    return pd.concat(rows, ignore_index=True), Claims.model_validate(content)


def test_holm_of_the_answers_counts_rows_of_every_study():
    table, claims = beside(0.02, 0.03, 0.001)
    content = answer_study(table, claims, [])[1]
    assert content["questions"] == 3
    # By hand: 0.001 x 3; 0.02 x 2; 0.03 x 1, not below the one before.
    found = [item["p_adjusted"] for item in content["hypotheses"]]
    assert found == pytest.approx([0.04, 0.04, 0.003])
    assert {item["answer"] for item in content["hypotheses"]} == {"SUPPORTED"}
    # Among more questions the same row is no longer sure.
    table, claims = beside(0.02, 0.03, 0.01, 0.9)
    content = answer_study(table, claims, [])[1]
    assert content["hypotheses"][0]["answer"] == "SUGGESTIVE"
    assert (
        "among 4 questions asked at once it may be luck"
        in content["hypotheses"][0]["because"]
    )


@pytest.mark.parametrize(
    ("ends", "answer"),
    [
        ((-3.5, -0.5), "AGAINST"),
        ((-0.4, 0.9), "NEGLIGIBLE"),
        ((-0.4, 2.0), "NO ANSWER"),
    ],
)
def test_a_row_of_another_study_is_judged_like_any(ends, answer):
    table, claims = beside(0.9, 0.001)
    cities = table["study"].eq("cities")
    table.loc[cities, ["conf_low", "conf_high"]] = ends
    table.loc[cities, "estimate"] = sum(ends) / 2
    (_, item) = answer_study(table, claims, [])[1]["hypotheses"]
    assert item["answer"] == answer


def test_estimates_of_a_study_are_adjusted_over_its_own_rows():
    own = frame(built(p_value=0.02, term="own")).drop(columns="study")
    claims = beside(0.02, 0.03)[1]
    primary = {name: item.primary for name, item in claims.hypotheses.items()}
    assert adjusted(own, primary)["p_adjusted"].tolist() == [0.02]


def test_holm_is_that_of_its_paper():
    # m = 4: 4 x 0.01, 3 x 0.015, 2 x 0.03, then 1 x 0.04, which is below the third.
    found = holm(pd.Series({"a": 0.04, "b": 0.01, "c": 0.03, "d": 0.015}))
    assert dict(found) == pytest.approx({"a": 0.06, "b": 0.04, "c": 0.06, "d": 0.045})
    assert holm(pd.Series(dtype=float)).empty


def test_later_years_have_a_word_of_their_own_and_no_vote():
    later = changed("claims", 1, "later", {"period": "P2"})
    later["claims"][1]["variants"] = {}
    table, content = answers(later, estimate=-2.0)
    fact = table.set_index("id").loc["L2"]
    assert fact[["answer", "later"]].tolist() == ["HOLDS", "FADED"]
    assert (
        fact["later_because"]
        == "the later figure, \N{MINUS SIGN}2.00, is not above 0.4"
    )
    assert [row["what"] for row in content["claims"][1]["rows"]] == [
        "primary",
        "later",
        "shown",
    ]
    assert table.set_index("id").loc["L1", "later"] == ""


OLS = {**ROW, "estimator": "ols"}


def judged(*rows, **hypothesis):
    """A study of one hypothesis without checks on these rows."""
    content = {"hypotheses": {"H1": {**HYPOTHESIS, "checks": {}, **hypothesis}}}
    return answer_study(frame(*rows), read_claims(config(content)), [])[1]


def answered(*rows, **hypothesis):
    return judged(*rows, **hypothesis)["hypotheses"][0]


def with_methods(**numbers):
    """A primary row by SCPC, the same by CR3, and another estimate of a like name."""
    scpc = built(se_type="SCPC avc 0.03")
    cr3 = built(**{"estimator": "ols_cr3", "role": "ladder", **numbers})
    other = built(estimator="ols_permutation_stratified", role="ladder", estimate=9.0)
    return answered(scpc, cr3, other, primary=OLS)


def test_the_same_estimate_by_another_method_must_agree():
    agreed = with_methods()
    assert agreed["answer"] == "SUPPORTED"
    assert agreed["because"].endswith("by 1 other method")
    methods = [method["estimator"] for method in agreed["methods"]]
    assert methods == ["ols", "ols_cr3"]  # another estimate is no method
    against = with_methods(conf_low=-0.5)
    assert against["answer"] == "SUGGESTIVE"
    assert (
        "(SCPC avc 0.03), which decides, and not when leaving units out in turn (CR3)"
        in against["because"]
    )


@pytest.mark.parametrize(
    ("suffix", "words"),
    [
        ("wcr33", "redrawing errors with random signs (wild bootstrap)"),
        ("conley", "allowing for shocks that neighbours share (Conley)"),
        (
            "permutation_stratified",
            "reassigning labels at random (stratified permutation)",
        ),
        ("driscoll_kraay", ""),
    ],
)
def test_errors_by_parent_need_bootstrap_conley_and_relabelling(suffix, words):
    first = built(se_type="CR3 by parent")
    flat = built(estimator=f"ols_{suffix}", role="ladder", conf_low=-0.5)
    item = answered(first, flat, primary=OLS)
    assert item["answer"] == ("SUGGESTIVE" if words else "SUPPORTED")
    assert item["because"].endswith(
        f"not when {words}" if words else "1 question asked at once"
    )


def with_sizes(cr3, own=0.01):
    """A row by SCPC with CR3 beside it, and p-values that placebo lists correct."""
    scpc = built(se_type="SCPC avc 0.03")
    other = built(estimator="ols_cr3", role="ladder")
    sizes = [
        built(estimator=f"ols_placebo_{name}", effect_type="stat_size", p_value=p)
        for name, p in (("scpc", own), ("cr3", cr3), ("hc1", 0.9))
    ]
    return answered(scpc, other, *sizes, primary={**OLS, "effect_type": "coef"})


@pytest.mark.parametrize(
    ("cr3", "own", "answer", "why"),
    [
        (0.049, 0.01, "SUPPORTED", "by 1 other method"),
        (0.05, 0.01, "SUGGESTIVE", "(CR3) corrected for false alarms (p .050)"),
        (
            0.01,
            0.08,
            "SUGGESTIVE",
            "(SCPC avc 0.03) corrected for false alarms (p .080)",
        ),
    ],
)
def test_agreement_is_by_p_corrected_for_size(cr3, own, answer, why):
    item = with_sizes(cr3, own)
    assert item["answer"] == answer
    assert item["because"].endswith(why)
    corrected = [method["p_corrected"] for method in item["methods"]]
    assert corrected == [own, cr3]


def test_a_denied_gain_needs_an_effect_of_interest():
    denied = partial(answered, kind="no gain")
    assert denied(built(sesoi=5.0))["answer"] == "SUPPORTED"
    words = "H1 denies a gain and its row has no effect of interest"
    fails(ClaimsError, words, denied, built(sesoi=np.nan))


def test_two_hypotheses_need_two_primary_rows():
    other = {**HYPOTHESIS, "primary": {**ROW, "outcome": "y"}}
    twice = changed("hypotheses", {"H1": HYPOTHESIS, "H2": other})
    fails(ClaimsError, "two hypotheses have the same primary row", answers, twice)


def test_a_study_without_claims_says_one_sentence():
    table, content = answers({})
    assert table.empty
    assert content["sentence"] == NO_CLAIMS
    assert content["claims"] == content["hypotheses"] == []


def changed_later(ends, *, se_type="CR3"):
    """A clear main row, a later one that holds zero, and the change between them."""
    change = {"estimator": "ols_change", "period": "P1 to P2", "role": "robustness"}
    numbers = {"estimate": -3.0, "conf_low": ends[0], "conf_high": ends[1]}
    return judged(
        built(),
        built(period="P2", estimate=-1.0, conf_low=-2.0, conf_high=0.5),
        built(**change, **numbers, se_type=se_type),
        primary=OLS,
        later={"period": "P2"},
    )


@pytest.mark.parametrize(
    ("ends", "word", "printed"),
    [
        ((-5.0, -0.1), "FADED", "[\N{MINUS SIGN}5.0, \N{MINUS SIGN}0.1]"),
        ((-6.0, 0.1), "CANNOT TELL", "[\N{MINUS SIGN}6.0, 0.1]"),
    ],
)
def test_the_row_of_the_change_is_found_by_its_periods(ends, word, printed, tmp_path):
    content = changed_later(ends)
    (item,) = content["hypotheses"]
    assert item["later"] == word
    (row,) = [row for row in item["rows"] if row["what"] == "change"]
    assert (row["period"], row["estimate"]) == ("P1 to P2", -3.0)
    # The table of primary questions prints the word with the number that decides it.
    (tmp_path / "answers.json").write_text(json.dumps(content))
    results = SimpleNamespace(root=tmp_path, text=lambda *_, **__: [])
    later = TABLES["T0b"](results).frame["later"].item()
    assert later == f"{word.lower()}: change \N{MINUS SIGN}3.0 {printed}"
