"""Exposures are W times what the neighbours have, aligned by unit."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from evenfield.study.spatial_weights import SpatialWeights
from evenfield.study.weights.exposures import exposure_frame, mean_doses
from tolerances import MACHINE, close
from yaml_text import from_yaml

MATRIX = np.array([[0.0, 0.25, 0.75], [1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
PERIODS = from_yaml("""
    [{period: P, start: 2000, end: 2001}, {period: Q, start: 2001, end: 2002}]
    """)
COUNTS = {
    "state": [(0, 1, 2), (4, 4, 4)],
    "hidz": [(0, 0, 1), (0, 2, 2)],
    "bonded": [(9, 9, 9)] * 2,
}
DOSES = pd.DataFrame(
    [
        (unit, year, kind, count)
        for kind, rows in COUNTS.items()
        for unit, counts in zip("AC", rows, strict=True)
        for year, count in zip((2000, 2001, 2002), counts, strict=True)
    ],
    columns=["unit", "year", "zone_type", "zones"],
)
DOSES["zones_dated"] = DOSES["zones"].where(DOSES["unit"].eq("A"), 0)
CELLS = pd.DataFrame(
    {"unit": list("CAB") * 2, "period": list("PPPQQQ"), "cluster": [1, 1, 0] * 2}
)
CELLS = CELLS.assign(sez=[1, 0, 0, 1, 0, 1], taxonomy="own")


def exposures():
    weights = SpatialWeights(("A", "B", "C"), MATRIX, {"weights": "near"})
    return exposure_frame(
        {"near": weights}, CELLS, mean_doses(DOSES, PERIODS, ["A", "B", "C"])
    )


# Of A, B and C in the first period, then in the second.
MEANS = from_yaml("""
    zones_state: [0.5, 0.0, 4.0, 1.5, 0.0, 4.0]
    zones_hidz: [0.0, 0.0, 1.0, 0.5, 0.0, 2.0]
    zones_state_documented: [0.5, 0.0, 0.0, 1.5, 0.0, 0.0]
    """)


def means(doses):
    found = mean_doses(doses, PERIODS, ["A", "B", "C"])
    return found.sort_values(["period", "unit"]).to_dict("list")


def test_doses_are_averaged_over_the_years_and_the_papers_zones_come_first():
    found = means(DOSES)
    assert {name: found[name] for name in MEANS} == MEANS
    assert not any(found["zones_sez"])
    named = DOSES.replace({"zone_type": {"state": "sez", "hidz": "sez_seed"}})
    assert means(named)["zones_sez"] == MEANS["zones_hidz"]


@pytest.mark.parametrize(
    ("column", "period", "values"),
    from_yaml("""
    - [own_cluster, P, [1, 0, 1]]
    - [exposure_cluster, P, [0.75, 1.0, 0.5]]
    - [exposure_sez, P, [0.75, 0.0, 0.0]]
    - [exposure_sez, Q, [1.0, 0.0, 0.5]]
    - [own_zones_state, Q, [1.5, 0.0, 4.0]]
    - [exposure_zones_state, Q, [3.0, 1.5, 0.75]]
    - [exposure_zones_hidz, P, [0.75, 0.0, 0.0]]
    """),
)
def test_exposure_in_closed_form(column, period, values):
    out = exposures().query(f"period == '{period}'").set_index("unit")[column]
    close(out[["A", "B", "C"]], values, MACHINE)


def test_rows_are_sorted_and_do_not_depend_on_the_order_of_cells():
    out = exposures()
    assert out[["period", "unit"]].to_numpy().tolist() == [
        [p, u] for p in "PQ" for u in "ABC"
    ]
    order = [2, 0, 1]
    weights = SpatialWeights(("C", "A", "B"), MATRIX[np.ix_(order, order)], {})
    doses = mean_doses(DOSES, PERIODS, ["B", "C", "A"])
    again = exposure_frame({"near": weights}, CELLS.iloc[::-1], doses)
    assert_frame_equal(again, out)
