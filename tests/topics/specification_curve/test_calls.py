"""Which call of the library gives a summary of a whole curve."""

import numpy as np
import pytest

from evenfield.shared.calls import DRAWS, NoCallError
from evenfield.shared.estimates import estimates_frame
from evenfield.topics.specification_curve.call import ROUNDED, call
from evenfield.topics.specification_curve.estimate import chunk, estimate
from fits_of_rows import assert_rows_are_fits
from refusals import fails
from topics.specification_curve.test_estimate import (
    NAMES,
    NEAR,
    OWN,
    SPEED,
    make_study,
    tables,
)

TOPIC = "specification_curve"
GROWTH = {**OWN, "outcomes": ["growth_pct_per_year"], "controls": [[], ["schooling"]]}
LEVEL = {**OWN, "id": "level", "outcomes": ["relative_log_income"]}


def rows_of(study, folder):
    paths = [folder / f"chunk_{number}.json" for number in (1, 2)]
    for number, path in enumerate(paths, start=1):
        chunk(study, number, 2).keep(path)
    return estimate(study, paths).estimates


def with_schooling(base):
    """Schooling is there in the first period alone; nobody has a zone in the second."""
    first = base["periods"]["period"].eq("P1")
    school = np.sin(np.arange(len(first)))
    cells = base["cells"]
    zones = cells["sez"].where(cells["period"].eq("P1"), 0.0)
    return {
        **base,
        "periods": base["periods"].assign(
            control_schooling=np.where(first, school, np.nan)
        ),
        "cells": cells.assign(sez=zones),
    }


def without_one(base):
    """A scheme without the first unit, and the units of the other in another order."""
    units = base["units"]
    parts = {
        f"few/{name}": frame[frame["unit"] != NAMES[0]] for name, frame in base.items()
    }
    return {**base, "units": units.iloc[::-1], "few/units": units.iloc[1:], **parts}


def test_every_summary_is_a_fit_with_the_draws_of_the_row(tmp_path):
    study = make_study(NEAR, GROWTH, LEVEL, SPEED)
    estimates = rows_of(study, tmp_path)
    counts = assert_rows_are_fits(study, TOPIC, estimates)
    kinds = ("median", "share", "share_significant", "mean_statistic")
    # Four curves, over all periods and in each of two.
    assert counts == {(TOPIC, kind): 12 for kind in kinds}


def test_what_has_no_estimate_is_counted_in_neither(tmp_path):
    study = make_study(NEAR, GROWTH, change=with_schooling)
    estimates = rows_of(study, tmp_path)
    assert_rows_are_fits(study, TOPIC, estimates)
    assert {row.period for row in estimates if row.spec_id == "own"} == {"all", "P1"}


def test_only_rounding_may_part_a_fit_from_its_row(tmp_path):
    study = make_study(GROWTH)
    row = estimates_frame(rows_of(study, tmp_path)).to_dict("records")[0]
    assert call(study, row).differs == {"estimate": ROUNDED}


def test_units_in_another_order_have_other_draws(tmp_path):
    curve = {**GROWTH, "unit_schemes": ["s", "few"], "samples": ["small"]}
    study = make_study(curve, change=without_one)
    study.written["panel"]["unit_schemes"] = {"s": {}, "few": {}}
    study.written["weights"]["families"] = {}
    estimates = rows_of(study, tmp_path)
    row = estimates_frame(estimates).to_dict("records")[0]
    made = call(study, row)
    assert made.differs == {"estimate": ROUNDED, "p_value": DRAWS}
    assert made.data.groupby("unit_scheme")["unit"].nunique().to_dict() == {
        "s": 24,
        "few": 23,
    }
    assert_rows_are_fits(study, TOPIC, estimates)


@pytest.mark.parametrize(
    ("curve", "words"),
    [
        (OWN, "outcomes have different controls: initial income"),
        ({**NEAR, "unit_schemes": ["s", "few"]}, "unit schemes has weights of its own"),
    ],
)
def test_a_curve_that_no_call_can_say_is_refused(curve, words):
    study = make_study(curve)
    study.written["panel"]["unit_schemes"] = {"s": {}, "few": {}}
    row = {"spec_id": curve["id"], "period": "all", "effect_type": "median"}
    fails(NoCallError, words, call, study, row)


def test_a_row_of_a_curve_that_is_no_longer_there_is_refused():
    row = {"spec_id": "gone", "period": "all", "effect_type": "median"}
    fails(NoCallError, "no specification gone", call, make_study(), row)


def test_a_row_of_a_period_that_is_no_longer_there_is_refused():
    row = {"spec_id": "own", "period": "P9", "effect_type": "median"}
    fails(NoCallError, "no period P9 any more", call, make_study(GROWTH), row)


def test_the_tables_of_a_study_stand_below_each_other():
    row = {"spec_id": "own", "period": "P2", "effect_type": "share"}
    made = call(make_study(GROWTH), row)
    assert made.data["period"].unique().tolist() == ["P2"]
    assert len(made.data) == len(tables()["units"])
