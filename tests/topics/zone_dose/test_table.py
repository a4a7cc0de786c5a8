"""The table of zones: what its note says of the leads."""

from types import SimpleNamespace

import pytest

from evenfield.shared.estimates import Estimate, estimates_frame
from evenfield.study.study_config import StudyConfig
from evenfield.topics.zone_dose.table import BASE, t32
from yaml_text import from_yaml

SECTION = from_yaml("""
    beside: region
    doses: {zones: {label: zones in force}}
    outcomes: {capital: {label: Capital}}
    specs: [{id: main, outcome: capital, dose: zones}]
    """)
ROW = Estimate(
    estimator=BASE,
    spec_id="main",
    outcome="capital",
    term="zones",
    period="2000-2009",
    role="primary",
    sample_id="all",
    unit_scheme="s",
    estimate=0.1,
)


@pytest.mark.parametrize(
    ("leads", "words"),
    from_yaml("""
    - [{}, '1, 2, 3 years']
    - [{leads: [2, 4]}, '2, 4 years']
    """),
)
def test_the_note_names_the_years_of_later_zones(leads, words):
    results = SimpleNamespace(
        config=StudyConfig.of({"estimates": {"zone_dose": {**SECTION, **leads}}}),
        estimates=lambda: estimates_frame([ROW]),
        words={"unit_name": "province", "units_name": "provinces"},
        level="95%",
        main="s",
        note=lambda text, **values: [
            " ".join(text.split()).format(results=results, **values)
        ],
    )
    assert any(
        f"joint p of those of {words} later" in line for line in t32(results).note
    )
