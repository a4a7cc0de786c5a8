"""Which call of the library gives the mean of a group."""

import numpy as np
import pandas as pd
from pandas.testing import assert_frame_equal

import evenfield as ef
from evenfield.shared.calls import NoCallError
from evenfield.shared.estimates import estimates_frame
from evenfield.topics.relative_income.call import call
from evenfield.topics.relative_income.estimate import estimate
from fits_of_rows import assert_rows_are_fits
from made_study import topic_study
from refusals import fails
from tolerances import MACHINE, close
from topics.relative_income.test_estimate import TABLES, make_study

GROWTH = "growth_pct_per_year"


def row_of(study, period, term):
    rows = estimates_frame(estimate(study).estimates)
    key = {"period": period, "term": term, "outcome": GROWTH}
    found = rows[(rows[[*key]] == pd.Series(key)).all(axis=1)]
    return found.iloc[0].to_dict()


def made(study, period, term):
    made_call = call(study, row_of(study, period, term))
    fit = ef.ols(data=made_call.data, **made_call.arguments)
    return made_call, fit, made_call.numbers(fit, 0.95)


def test_every_mean_is_a_regression_with_its_number():
    study = make_study()
    rows = estimate(study).estimates
    counts = assert_rows_are_fits(study, "relative_income", rows)
    assert sum(counts.values()) == len(rows) > 0


def test_a_mean_is_a_constant_with_the_error_of_the_units_of_its_group():
    made_call, fit, numbers = made(make_study(), "S", "neither")
    # Growth of C and D is 4 and 2; HC3: sum (u / (1 - 1/2))^2 / 2^2 = (2^2 + 2^2) / 4.
    assert made_call.data["unit"].tolist() == ["C", "D"]
    close(numbers["estimate"], 3.0, MACHINE)
    close(fit.std_errors["Intercept"], np.sqrt(2), MACHINE)
    assert numbers.keys() == {"estimate"}


def test_where_a_group_has_no_zones_the_mean_is_zero_without_a_test():
    study = make_study()
    row = row_of(study, "S", "neither") | {"outcome": "zones_etdz"}
    made_call = call(study, row)
    fit = ef.ols(data=made_call.data, **made_call.arguments)
    assert made_call.numbers(fit, 0.95)["estimate"] == 0
    assert np.isnan(fit.pvalues["Intercept"])


def test_the_value_of_one_unit_stands_beside_the_mean_of_all_others_without_an_error():
    made_call, fit, numbers = made(make_study(), "P1", "SEZ only")
    # Growth of D is 2, of A to C 8, 6 and 4.
    close([numbers["estimate"], fit.params["others"]], [2.0, 6.0], MACHINE)
    error = fit.std_errors
    assert np.isnan(error["in_group"])
    # HC3: sum (u / (1 - 1/3))^2 / 3^2 = 8 (3/2)^2 / 9.
    close(error["others"], np.sqrt(2), MACHINE)
    assert made_call.data["in_group"].tolist() == [0, 0, 0, 1]


def test_one_unit_beside_one_other_is_no_regression():
    two = {name: pd.DataFrame(columns) for name, columns in TABLES.items()}
    two = {name: table[table["unit"].isin(["A", "C"])] for name, table in two.items()}
    study = topic_study(
        "relative_income",
        {"taxonomies": ["t"]},
        two,
        ["A", "C"],
        step=10,
        basis_years={"official": [2010, 2010]},
    )
    row = row_of(study, "S", "both")
    assert row["n_units"] == 1
    fails(NoCallError, "the value of one unit", call, study, row)
    # Both together have a mean.
    assert call(study, row_of(study, "S", "all")).data["unit"].tolist() == ["A", "C"]


def test_tables_are_read_once_for_all_rows_and_a_call_changes_none():
    study = make_study()
    row = row_of(study, "S", "all")
    before = call(study, row)
    read = []
    tables = study.table
    study.table = lambda *names: read.append(names) or tables(*names)
    after = call(study, row | {"term": "both"})
    assert read == []
    assert_frame_equal(call(study, row).data, before.data)
    assert len(after.data) == 2
