"""Log t, clubs and merging on 152 countries, against R's ConvergenceClubs and its Python port."""

import json
from pathlib import Path

import pytest

from evenfield.numerics.clubs import SieveRule, find_clubs
from evenfield.numerics.logt import discarded_periods, regression_periods
from tolerances import CLOSED_FORM

port = pytest.importorskip("convergence_clubs")
EXPECTED = json.loads((Path(__file__).parent / "expected.json").read_text())


@pytest.fixture(scope="module")
def data():
    return port.load_filtered_gdp()


@pytest.fixture(scope="module")
def periods():
    return regression_periods(34, discarded_periods(34))


@pytest.mark.parametrize("variance", ["fqsb", "aqsb"])
@pytest.mark.parametrize(("step", "cap"), [(0.0, 3.0), (0.1, 3.0), (0.05, 50.0)])
def test_members_are_those_of_the_port(data, periods, variance, step, cap):
    how = {"cstar_method": "incremental", "cstar_increment": step, "cstar_cap": cap}
    how = how if step else {"cstar_method": "fixed"}
    theirs = port.find_clubs(data, hac_method=variance.upper(), **how)
    ours = find_clubs(data.to_numpy(), periods, variance=variance, sieve=SieveRule(0.0, step, cap))
    assert [set(club.members) for club in ours.clubs] == [set(club.ids) for club in theirs.clubs]
    assert set(ours.divergent) == set(theirs.divergent_ids)
    assert [club.t for club in ours.clubs] == pytest.approx([c.model.t_value for c in theirs.clubs], rel=CLOSED_FORM)
