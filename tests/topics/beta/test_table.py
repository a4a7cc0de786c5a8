"""The table of convergence: which rows of it the paper prints."""

from copy import deepcopy

from evenfield.shared.tables.table import shortened
from evenfield.topics.beta.table import t6
from section_cases import MadeResults


def test_the_paper_prints_the_leading_specifications_in_the_main_periods():
    specs = ("plain", "more", "third")
    rows = [
        {"estimator": "ols", "term": "log_income_start", "controls_id": "none"}
        | {"spec_id": spec, "period": period, "estimate": -0.01}
        for spec in specs
        for period in ("S1", "P1")
    ]
    results = MadeResults("beta", rows)
    results.note = lambda *sentences, **_: sentences
    results.config = deepcopy(results.config)
    first = results.specs()[0]
    results.config["estimates"]["beta"].append({**first, "id": "third", "role": ""})
    periods = results.config.periods
    periods["P1"] = periods["P1"].model_copy(update={"role": "variant"})
    table = t6(results)
    assert len(table.frame) == 6
    printed = shortened(table).frame
    assert printed[["spec_id", "period"]].to_numpy().tolist() == [
        ["plain", "S1"],
        ["more", "S1"],
    ]
