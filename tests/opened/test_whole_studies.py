"""Every row of the studies of China and of its cities as a fit of the library.

``EVENFIELD_STUDY`` names a finished study; the gate gives its own. `--junitxml` has how many
rows of each topic are equal, equal but for what is said, and refused.
"""

import os
from pathlib import Path

import pytest

import evenfield as ef
from evenfield.shared.topics import TOPICS, read_topics
from stored_study import walked

FINISHED = os.environ.get("EVENFIELD_STUDY", "")
CITIES = "examples/china-cities"
FITTED = [name for name in read_topics() if (TOPICS / name / "call.py").is_file()]
# Rows of one fit stand together.
ORDER = "spec_id unit_scheme w_id period sample_id treatment_def estimator".split()
pytestmark = [
    pytest.mark.gate,
    pytest.mark.skipif(not FINISHED, reason="EVENFIELD_STUDY names no finished study"),
]


@pytest.fixture(scope="module", params=[".", CITIES])
def s(request):
    return ef.open_study(Path(FINISHED) / request.param)


@pytest.mark.parametrize("topic", FITTED)
def test_every_row_is_the_fit_of_the_library_or_says_why(s, topic, record_property):
    rows = s.estimates[s.estimates["topic"] == topic].sort_values(ORDER)
    if rows.empty:
        pytest.skip(f"the study does not ask for {topic}")
    counts, faults, reasons = walked(s, rows)
    record_property("rows", {"all": len(rows), **dict(counts)})
    assert not faults, "\n".join(map(str, faults[:3]))
    assert counts[topic, "equal"] + counts[topic, "in part"]
    assert all(reasons.values())
