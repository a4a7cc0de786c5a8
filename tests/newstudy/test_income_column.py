"""Which column `run new` takes for income: income.yaml."""

import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evenfield.newstudy.cells import number_text
from evenfield.newstudy.guess import Choices, guess
from evenfield.newstudy.headers import AnyTable
from evenfield.study.errors import IngestError
from newstudy.made_tables import expanded, listed
from tolerances import close

YEARS = range(2000, 2010)
LEVEL = {
    (unit, year): 900 * (i + 1) ** 1.3 * 1.02 ** (year - 2000 + i)
    for i, unit in enumerate("ABCDEFGH")
    for year in YEARS
}
INCOME = np.array([*LEVEL.values()])
CASES = dict(expanded(Path(__file__).with_name("income.yaml")))


def guessed(case):
    frame = pd.DataFrame(LEVEL.keys(), columns=["state", "year"]).astype(str)
    known = {"v": INCOME, "waves": 8 + 3 * np.sin(INCOME)}
    for name, formula in case["columns"].items():
        values = np.round(eval(formula, {"np": np}, known), 6)
        frame[name] = list(map(number_text, values))
    choices = Choices(logs=case.get("logs"), what=case.get("what", ""))
    table = AnyTable(frame, labels=case.get("labels", {}))
    return guess(table, case.get("given", {}), choices)


@pytest.mark.parametrize("measure", ["Milk yield", "TRD_VOL_XX"])
def test_a_measure_that_nothing_is_known_of_is_not_taken_for_income(measure):
    frame = pd.DataFrame(LEVEL.keys(), columns=["state", "year"]).astype(str)
    values = list(map(number_text, INCOME.round(3)))
    frame = frame.assign(INDICATOR=measure, OBS_VALUE=values)
    found = guess(AnyTable(frame), {}, Choices())
    assert found.income == {"column": "TODO"}
    assert f"perhaps OBS_VALUE, which INDICATOR calls {measure}" in "\n".join(
        found.messages
    )
    named = guess(AnyTable(frame), {"income": "OBS_VALUE"}, Choices())
    assert named.income == {"column": "OBS_VALUE"}


@pytest.mark.parametrize("name", CASES)
def test_income_is_the_right_column_or_none(name):
    case = CASES[name]
    if "refused" in case:
        with pytest.raises(IngestError) as stop:
            guessed(case)
        assert all(words in str(stop.value) for words in listed(case["refused"]))
        return
    found = guessed(case)
    income = case.get("income", found.income)
    column = {"column": income} if isinstance(income, str) else income
    assert found.income == column
    said = "\n".join(found.messages)
    assert all(words in said for words in listed(case.get("says", [])))
    assert not any(words in said for words in listed(case.get("silent", [])))
    assert found.perhaps == case.get("perhaps", found.perhaps)
    assert found.people == case.get("people", found.people)
    assert case.get("titles", {}).items() <= found.titles.items()
    if "level" in case:
        close(found.panel[income].astype(float), INCOME, rtol=case["level"])
    if "as" in case:
        assert found.panel[income].tolist() == found.panel[case["as"]].tolist()
    if "words" in case:
        flags = said[said.index("--income") :].split(" if ")[0]
        assert shlex.split(flags) == case["words"]
