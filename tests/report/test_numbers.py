"""numbers.yaml: what is refused before a run, which row each name takes, what is
written.
"""

import numpy as np
import pandas as pd
import pytest

from evenfield.report.numbers import (
    Number,
    Scale,
    check_cells,
    named_numbers,
    numbers_of_last_run,
    numbers_tex,
    ordered_names,
    read_entries,
    read_numbers,
)
from evenfield.shared.estimates import Estimate, write_estimates
from evenfield.study.errors import Faults, NumbersError
from evenfield.study.files import write_json
from evenfield.study.table_files import write_results
from refusals import fails
from tolerances import close
from yaml_text import from_yaml

# The rows of a study with what all have, its claims, and numbers.yaml of what is tested.
STUDY = from_yaml("""
    all: {family: beta, spec_id: growth, estimator: ols, outcome: g, conf_level: 0.95}
    rows:
      - {term: x, period: P1, estimate: 0.802, conf_low: -0.036, conf_high: 1.567,
         p_value: 0.0431, mde: 0.93, unit_of_measure: pp/yr}
      - {term: x, period: P2, estimate: -1.25, conf_low: -2.0, p_value: 0.0001}
      - {term: x, period: P3, estimate: .nan, warning: no rows}
      - {term: y, period: P1, estimate: 3.0}
      - {term: x, period: P4, estimate: 0.2, conf_low: -0.5, conf_high: 0.9, mde: 0.93,
         unit_of_measure: log points}
    series: {unit: [a, a, b], year: [1978, 2019, 2019], y: [1.5, 12345.0, 5.0]}
    row: &row {family: beta, spec_id: growth, term: x, period: P1}
    log: &log {family: beta, spec_id: growth, term: x, period: P4}
    file: &file {file: estimates/beta/series.csv, column: y}
    claims:
      hypotheses:
        H1:
          statement: X grew.
          kind: association
          sign: +
          primary: *row
          checks: {later: {period: P2}}
      claims:
        - {id: L1, paragraph: [1], claim: X grew., kind: association, hypothesis: H1}
    numbers:
      defaults: {show: '0.00'}
      own: {<<: *row, unit: points}
      later: {answer: L1, check: later, times: 100, show: '+0'}
      cell: {<<: *file, where: {unit: a, year: 2019}, show: '0'}
      year: {<<: *file, column: year, where: {year: 1978}, show: year}
      rows:
        {file: estimates/beta/series.csv, where: {year: 2019}, take: count, show: '0'}
      both: {<<: *file, where: {year: 2019}, take: sum, show: '0'}
      p_1: {<<: *row, column: p_value}
      gap: {is: 100 * (exp(log(own)) - twice / 2), show: '0'}
      twice: {is: 2 * own}
    percent:
      gap: {<<: *log, percent: true, show: '0.0', unit: '%'}
      cell: {<<: *file, where: {unit: b}, times: 0.1, show: '0', percent: true}
    """)
ROW, LOG, FILE = STUDY["row"], STUDY["log"], STUDY["file"]


def config(**numbers):
    panel = {"unit_schemes": {"31": {}}}
    rest = {
        "answers": STUDY["claims"],
        "estimates": {"beta": []},
        "periods": {name: {} for name in ("P1", "P2", "P3", "P4", "P9")},
        "inference": {"conf_level": 0.95},
        "panel": panel,
    }
    return {"numbers": numbers, **rest}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    rows = [Estimate(**STUDY["all"], **row) for row in STUDY["rows"]]
    write_estimates(rows, folder / "estimates.csv")
    series = pd.DataFrame(STUDY["series"])
    write_results(series, folder / "estimates" / "beta" / "series.csv")
    return folder


NUMBERS = config(**STUDY["numbers"])


def test_every_number_is_one_cell_of_the_results(root):
    found = named_numbers(NUMBERS, root)
    assert {name: [number.text, number.interval] for name, number in found.items()} == (
        from_yaml("""
            both: ['12,350', '']
            cell: ['12,345', '']
            gap: ['0', '']
            later: [−125, −200 to unbounded]
            own: ['0.80', −0.04 to 1.57]
            p_1: ['0.04', '']
            rows: ['2', '']
            twice: ['1.60', '']
            year: ['1978', '']
            """)
    )
    assert list(found) == sorted(found)
    own = found["own"]
    assert (own.p, own.smallest_visible, own.source) == (0.0431, 0.93, "estimates.csv")
    rows = pd.read_csv(root / "estimates.csv").set_index("estimate")
    assert own.estimate_id == rows.loc[0.802, "estimate_id"]


def test_percent_of_log_points_is_exact_in_every_part(root):
    found = named_numbers(config(**STUDY["percent"]), root)
    gap = found["gap"]
    # 100 (exp(0.2) - 1), 100 (exp(-0.5) - 1) and 100 (exp(0.9) - 1)
    assert (gap.text, gap.interval) == ("22.1", "\u221239.3 to 146.0")
    close(gap.smallest_visible, 100 * (np.exp(0.93) - 1))
    assert found["cell"].text == "65"


def test_the_last_bit_of_a_processor_is_not_in_a_percent():
    percent = Scale(percent=True)
    value = -0.35048700001
    assert percent(value) == percent(float(np.nextafter(value, 0)))
    close(percent(value), 100 * np.expm1(value), rtol=1e-11)


def test_times_may_be_arithmetic_over_other_numbers(root):
    """A dose ln(1 + zones) that goes from 5 to 10 zones moves by ln(11 / 6)."""
    dose = "log((1 + 2 * zones) / (1 + zones))"
    numbers = config(
        zones={**FILE, "where": {"unit": "b"}, "show": "0"},
        doubled={
            **LOG,
            "times": dose,
            "percent": True,
            "show": "0.00",
            "unit": "%",
        },
    )
    fault = named_numbers(numbers, root)["doubled"]
    close(fault.value, 100 * ((11 / 6) ** 0.2 - 1))
    close(fault.low, 100 * ((11 / 6) ** -0.5 - 1))


def test_the_median_of_a_column(root):
    middle = config(middle={**FILE, "take": "median", "show": "0.0"})
    assert named_numbers(middle, root)["middle"].text == "5.0"


def test_rows_of_several_values_are_taken_together_and_each_value_is_there(root):
    def taken(units, **more):
        entry = {**FILE, "where": {"unit": units}, "take": "max", "show": "0", **more}
        return named_numbers(config(highest=entry), root)["highest"].value

    frame = pd.read_csv(root / "estimates" / "beta" / "series.csv")
    for units in (["a"], ["a", "b"]):
        assert taken(units) == frame.loc[frame["unit"].isin(units), "y"].max()
    with pytest.raises(NumbersError, match="highest: unit 'z' is not known"):
        taken(["a", "z"])
    with pytest.raises(NumbersError, match=r"where\.unit has a list, which needs take"):
        taken(["a", "b"], take="one")


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({**LOG, "unit": "%"}, "a is a row in log points with the unit %; .*percent"),
        ({**LOG, "unit": "%", "times": 69.3}, "a is a row in log points with the unit"),
        ({**ROW, "percent": True}, "a has percent: true and is a row in pp/yr; .*log"),
        (
            {**LOG, "times": "log(zero)"},
            r"a: times \(log\(zero\)\) gives no such factor; .* above zero",
        ),
    ],
)
def test_percent_and_log_points_are_not_confused(root, entry, text):
    numbers = config(zero={"is": "own - own", "show": "0"}, own={**ROW, "show": "0"})
    numbers["numbers"]["a"] = {"show": "0", **entry}
    fails(NumbersError, text, named_numbers, numbers, root)


def test_numbers_json_keeps_every_number_and_tex_has_a_macro_for_each_part(
    root, tmp_path
):
    fault = named_numbers(NUMBERS, root)
    write_json(
        {name: number.plain() for name, number in fault.items()},
        tmp_path / "numbers.json",
    )
    again = read_numbers(tmp_path / "numbers.json")
    assert {name: number.plain() for name, number in again.items()} == {
        n: v.plain() for n, v in fault.items()
    }
    tex = numbers_tex(fault)
    assert r"\newcommand{\evenfieldOwn}{0.80}" in tex
    assert r"\newcommand{\evenfieldOwnLow}{$-$0.04}" in tex
    assert r"\newcommand{\evenfieldOwnP}{.043}" in tex
    assert r"\newcommand{\evenfieldLaterP}{$<$ .001}" in tex
    assert r"\newcommand{\evenfieldPOne}{0.04}" in tex
    assert "Visible" in tex


REFUSED = from_yaml(r"""
    unknown key: [{a: {famly: beta, show: '0'}}, "a: key 'famly' is not known.*family"]
    unknown family:
      [{a: {family: betta, show: '0'}}, "family 'betta' .* did you mean 'beta'"]
    no format:
      [{a: {family: beta, spec_id: growth, term: x, period: P1}}, 'a: show: Field required']
    format:
      [{a: {family: beta, spec_id: growth, term: x, period: P1, show: '2'}}, 'a: show']
    no source: [{a: {show: '0'}}, 'a: it needs one of']
    two sources:
      - {a: {family: beta, spec_id: growth, term: x, period: P1, is: b, show: '0'}}
      - 'a: it needs one of'
    check alone:
      - {a: {family: beta, spec_id: growth, term: x, period: P1, check: later, show: '0'}}
      - 'a: check does not belong here'
    unknown answer:
      [{a: {answer: L9, show: '0'}}, "answer 'L9' is not known; expected one of H1, L1"]
    unknown check: [{a: {answer: H1, check: late, show: '0'}}, "did you mean 'later'"]
    unknown topic:
      [{a: {file: estimates/bet/series.csv, column: y, show: '0'}}, "folder 'bet'"]
    unknown name: [{a: {is: b - 1, show: '0'}}, "is: name 'b' is not known"]
    no name below: [{a: {is: 1 + 1, show: '0'}}, 'a: is: no name']
    no name in times:
      - {a: {family: beta, spec_id: growth, term: x, period: P1, times: log(2), show: '0'}}
      - 'a: times: no'
    unknown name in times:
      - {a: {family: beta, spec_id: growth, term: x, period: P1, times: 2 * b, show: '0'}}
      - "a: times: name 'b' is not known"
    percent of arithmetic:
      - a: {is: b, percent: true, show: '0'}
        b: {family: beta, spec_id: growth, term: x, period: P1, show: '0'}
      - 'a: percent does not belong here'
    circle through times:
      - {a: {family: beta, spec_id: growth, term: x, period: P1, times: a, show: '0'}}
      - a is made from itself
    circle: [{a: {is: b, show: '0'}, b: {is: a, show: '0'}}, made from itself]
    twins in TeX:
      - a_1: {family: beta, spec_id: growth, term: x, period: P1, show: '0'}
        a1: {family: beta, spec_id: growth, term: x, period: P1, show: '0'}
      - the same name in TeX
    line end in a name:
      - {? 'a

    ' : {family: beta, spec_id: growth, term: x, period: P1, show: '0'}}
      - "the name 'a '"
    truth value:
      - {a: {family: beta, spec_id: growth, term: x, period: P1, show: '0', times: true}}
      - times is true, a truth value
    text column:
      - a: {family: beta, spec_id: growth, term: x, period: P1, show: '0', column: warning}
      - "column 'warning' is not known"
    unknown period:
      - {a: {family: beta, spec_id: growth, term: x, period: P8, show: '0'}}
      - "a: period 'P8' is not known"
    unknown unit scheme:
      - a:
          {family: beta, spec_id: growth, term: x, period: P1, unit_scheme: '30', show: '0'}
      - "a: unit_scheme '30' is not known"
    infinite:
      - b: {family: beta, spec_id: growth, term: x, period: P1, show: '0'}
        a: {is: exp(1000) * b, show: '0'}
      - '`exp\(1000\)` in .* is no finite number'
    defaults: [{defaults: {column: y}}, defaults is not in order]
    """)
REFUSED |= {"a million digits": ({"a": {**ROW, "show": "0." + "0" * 1000}}, "a: show")}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_run_would_refuse_is_refused_before_it_in_one_line(name):
    numbers, text = REFUSED[name]
    with pytest.raises(NumbersError, match=f"^numbers.yaml: .*{text}") as error:
        read_entries(config(**numbers))
    assert "\n" not in str(error.value)


MISSED = from_yaml(r"""
    two rows: [{family: beta, term: x}, a selects 4 rows; they differ in period]
    no row:
      - {family: beta, spec_id: growth, term: x, period: P9}
      - "a selects 0 rows, none from period 'P9' on; expected period 'P1'"
    blank: [{family: beta, spec_id: growth, term: x, period: P3}, a is blank \(no rows\)]
    cells:
      - {file: estimates/beta/series.csv, column: y, where: {unit: a}}
      - a selects 2 rows; they differ in year
    whole file:
      - {file: estimates/beta/series.csv, column: y}
      - a selects 3 rows of estimates/beta/series.csv
    """)


@pytest.mark.parametrize("name", MISSED)
def test_a_selection_that_is_not_one_number_is_refused(name, root):
    entry, text = MISSED[name]
    fails(
        NumbersError,
        f"^numbers.yaml: {text}",
        named_numbers,
        config(a={**entry, "show": "0"}),
        root,
    )


def test_numbers_that_each_rest_on_two_others_are_ordered_at_once():
    entries = {"a0": {**ROW, "show": "0"}, "a1": {**ROW, "show": "0"}}
    for position in range(2, 60):
        terms = f"a{position - 1} + a{position - 2}"
        entries[f"a{position}"] = {"is": terms, "show": "0"}
    assert len(read_entries(config(**entries))) == 60


def test_a_long_chain_of_numbers_is_ordered():
    entries = {"a0": {**ROW, "show": "0"}}
    for position in range(1, 1500):
        entries[f"a{position}"] = {"is": f"a{position - 1} + 1", "show": "0"}
    assert ordered_names(read_entries(config(**entries)))[-1] == "a1499"


@pytest.mark.parametrize(("cell", "count"), [(5.0, 0), (float("nan"), 1)])
def test_a_blank_cell_of_a_known_table_is_a_fault_before_a_run(cell, count):
    entries = read_entries(
        config(a={"file": "ingest/units.csv", "column": "y", "show": "0"})
    )
    faults = Faults()
    check_cells(entries, lambda path: pd.DataFrame({"y": [cell]}), faults)
    assert len(faults) == count


@pytest.mark.parametrize(
    "formula", ["log(0 - own)", "exp(exp(exp(10 * own)))", "1 / (own - own)"]
)
def test_formulas_that_give_no_number_with_the_last_run_are_told(root, formula):
    own = {**ROW, "show": "0.0"}
    beside = {"is": "2 * ratio", "show": "0.0"}
    numbers = config(
        own=own, ratio={"is": formula, "show": "0.0"}, double=beside, whole=own
    )
    _, (fault,) = numbers_of_last_run(numbers, root)  # what rests on it is not told
    assert f"ratio: is ({formula}) gives no number" in str(fault)
    with pytest.raises(NumbersError, match="gives no number"):
        named_numbers(numbers, root)


def test_a_factor_that_is_none_is_told_with_the_last_run(root):
    numbers = config(
        own={**ROW, "show": "0.0"},
        other={**ROW, "show": "0.0", "times": "log(0 - own)"},
    )
    _, (fault,) = numbers_of_last_run(numbers, root)
    assert "other: times (log(0 - own)) gives no such factor" in str(fault)


def test_what_the_last_run_does_not_have_is_no_fault_of_a_formula(root):
    numbers = config(
        own={**ROW, "show": "0.0"},
        to_come={**ROW, "period": "P9", "show": "0.0"},
        ratio={"is": "log(to_come - own)", "show": "0.0"},
        good={"is": "log(own)", "show": "0.0"},
        file={"file": "estimates/beta/none.csv", "take": "count", "show": "0"},
        of_file={"is": "log(file - file)", "show": "0.0"},
    )
    assert numbers_of_last_run(numbers, root)[1] == []


@pytest.mark.parametrize(
    ("low", "high", "written"),
    [
        (-0.04, 2.0, "\u22120.04 to 2.0"),  # the digit that carries the sign
        (0.0004, 2.0, "0.0004 to 2.0"),
        (0.0, 2.0, "0.0 to 2.0"),
        (-1.0, -0.01, "\u22121.0 to \u22120.01"),
        (-1e-9, 2.0, "0.0 to 2.0"),
        (None, 0.04, "unbounded to 0.04"),
        (3.0004, 3.0431, "3.00 to 3.04"),  # two ends that would read as one
        (3.0, 3.0, "3.0 to 3.0"),
    ],
)
def test_an_end_of_an_interval_shows_on_which_side_of_zero_it_lies(low, high, written):
    number = Number(value=1.0, low=low, high=high, show="0.0", source="x")
    assert number.interval == written
