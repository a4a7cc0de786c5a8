"""Numbers of a section as topic.yaml writes them: which row is meant, and what `check`
refuses in one line.
"""

import numpy as np
import pytest

from evenfield.report import topic_numbers
from evenfield.report.topic_numbers import check_numbers, content_of
from evenfield.shared.topic_file import EstimateStep, TopicFile
from evenfield.study.errors import Faults, ReportError
from refusals import fails
from section_cases import CASES, CHECKED, MadeResults
from yaml_text import from_yaml


def speed(ends, **fields):
    return {"estimator": "ols", "effect_type": "lambda", "ends": ends, **fields}


@pytest.fixture
def written(monkeypatch):
    """A function that puts numbers in the place of those of convergence."""

    def write(text):
        file = TopicFile(title="", estimate=EstimateStep(), numbers=from_yaml(text))
        monkeypatch.setattr(topic_numbers, "read_topics", lambda: {"beta": file})
        monkeypatch.setattr(topic_numbers, "TOPICS", topic_numbers.TOPICS / "none")
        topic_numbers.part_of.cache_clear()
        return text

    yield write
    topic_numbers.part_of.cache_clear()


NOTHING = [np.nan] * 3
SPEED = '{effect_type: lambda, show: "0.0"}'
REFUSED = {
    "column": (
        'speed: {estimater: ols, show: "0"}',
        "speed: key 'estimater' is not known; .* did you mean 'estimator'?",
    ),
    "column of rows": ("rows: {perod: S1}", "column 'perod' is not known"),
    "column of several": (
        'x: {each: [perod], speed: {show: "0"}}',
        "x column 'perod' is not known",
    ),
    "column in words": ("x: {word: outcom}", "x: word 'outcom' is not known"),
    "specification": (
        f"rows: {{spec_id: plane}}\nspeed: {SPEED}",
        "speed: spec_id 'plane' is not known; expected one of plain, more; did you",
    ),
    "period": (f"rows: {{period: S9}}\nx: {SPEED}", "x: period 'S9' is not known"),
    "row before a run": (
        'x: {each: [contrast], speed: {spec_id: plane, show: "0"}}',
        "x speed: spec_id 'plane' is not known",
    ),
    "form": ('speed: {show: "0,0"}', "speed: show: String should match"),
    "kind": (f"x: {SPEED[:-1]}, word: term}}", "x: it needs one of: show, word, side"),
    "another number": (
        f"speed: {SPEED}\nside: {{side: sped}}",
        "side: name 'sped' is not known; expected one of speed; did you mean 'speed'",
    ),
    "what is needed": (
        f"needs: [speed or pace]\nspeed: {SPEED}",
        "needs: name 'pace' is not known",
    ),
    "braces": ("word: '{units_nam}'", r"word '\{units_nam\}' names what is not there"),
    "key of a specification": (
        "rows: {spec_id: primary}\nword: '{spec[eats]}'",
        r"word '\{spec\[eats\]\}' names what is not there",
    ),
    "key of a part": ("x: {at_most: few}", "x: at_most: Input should be a valid int"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_check_refuses_in_one_line_with_its_place(written, case):
    text, says = REFUSED[case]
    written(text)
    faults = Faults()
    check_numbers(CHECKED, faults)
    fails(ReportError, rf"\Areport: topics/beta/topic.yaml: {says}", faults.refuse)
    assert "\n" not in str(faults[0])


def test_check_lets_be_what_a_run_finds_in_a_series(written):
    number = "{series: true, column: residual, show: '0.0'}"
    written(f"x: {{series: {{by: residual}}, id: '{{series[unit]}}', most: {number}}}")
    faults = Faults()
    check_numbers(CHECKED, faults)
    assert not faults


def test_a_period_with_a_number_is_chosen_before_one_without(written):
    written(f"choose: {{period: shown}}\nperiod: '{{here.period}}'\nspeed: {SPEED}")
    rows = [speed(NOTHING), speed("above", period="P1")]
    assert content_of(MadeResults("beta", rows))["period"] == "2000\u201305"
    # Where none has one, the longest is said with its reason.
    written("choose: {period: shown}\nneeds: []\nperiod: '{here.period}'")
    assert content_of(MadeResults("beta", rows[:1]))["period"] == "2000\u201310"


def test_each_goes_over_all_beside_the_one_that_is_meant(written):
    written(
        "rows: {spec_id: primary}\n"
        f"speed: {SPEED}\nothers: {{each: [spec], speed: {SPEED}}}"
    )
    rows = [
        speed("above"),
        speed("below", spec_id="more"),
        speed("above", spec_id="third"),
    ]
    said = content_of(MadeResults("beta", rows))
    assert [other["id"] for other in said["others"]] == ["more"]
    assert said["others"][0]["speed"].row["estimate"] == -2.0


def test_by_takes_the_lowest_or_highest_row_that_is_not_blank(written):
    written(
        'low: {by: estimate, show: "0.0"}\nhigh: {by: -estimate, show: "0.0"}\n'
        "where: {by: -estimate, word: period}"
    )
    rows = [speed("above"), speed(NOTHING), speed("below", period="P1")]
    said = content_of(MadeResults("beta", rows))
    assert (said["low"].row["estimate"], said["high"].row["estimate"]) == (-2.0, 2.0)
    assert said["where"] == "2000\u201310"


def test_a_count_has_neither_interval_nor_unit_of_its_row(written):
    written('rows: {spec_id: primary}\ncount: {column: n_units, show: "0"}')
    said = content_of(MadeResults("beta", [speed("above", n_units=7.0)]))
    assert said["count"].row["estimate"] == 7.0
    assert "conf_low" not in said["count"].row


def test_what_no_row_says_is_not_said(written):
    written(f"rows: {{spec_id: primary}}\nlevel: '{{results.level}}'\nspeed: {SPEED}")
    assert content_of(MadeResults("beta")) == {}


@pytest.mark.parametrize("series", ["{by: residua}", "{knd: unit}"])
def test_a_run_refuses_a_column_that_a_series_lacks(written, series):
    written(f"x: {{series: {series}, speed: {SPEED}}}")
    says = r"topics/beta/topic.yaml: x series: column '\w+' is not known"
    fails(ReportError, says, content_of, CASES["beta"]["above"])
