"""Rows of the studies of China and of its cities as fits of the library: some of each topic
in the gate, every one with `-m long`, which takes twenty minutes.

``EVENFIELD_STUDY`` names a finished study; the gate gives its own. `--junitxml` has how many
rows of each topic are equal, equal but for what is said, and refused.
"""

import hashlib
import os
import re
from pathlib import Path

import pytest

import evenfield as ef
import why
from evenfield.report.evidence import Evidence
from evenfield.shared.topics import TOPICS, read_topics
from stored_study import walked

FINISHED = os.environ.get("EVENFIELD_STUDY", "")
CITIES = "examples/china-cities"
FITTED = [name for name in read_topics() if (TOPICS / name / "call.py").is_file()]
# Rows of one fit stand together.
ORDER = "spec_id unit_scheme w_id period sample_id treatment_def estimator".split()
KIND = ["estimator", "effect_type", "term"]
SOME = 16  # rows of a topic
pytestmark = pytest.mark.skipif(
    not FINISHED, reason="EVENFIELD_STUDY names no finished study"
)


@pytest.fixture(scope="module", params=[".", CITIES])
def s(request):
    return ef.open_study(Path(FINISHED) / request.param)


@pytest.mark.gate
@pytest.mark.parametrize("topic", FITTED)
def test_some_rows_are_fits_of_the_library_or_say_why(s, topic):
    rows = rows_of(s, topic)
    by_chance = rows.assign(chance=rows["estimate_id"].map(_by_chance))
    by_chance = by_chance.sort_values("chance")
    # Other kinds first, other rows of a kind later.
    by_chance["number"] = by_chance.groupby(KIND).cumcount()
    chosen = by_chance.sort_values(["number", "chance"])["estimate_id"][:SOME]
    look(s, topic, rows[rows["estimate_id"].isin(chosen)])


@pytest.mark.long
@pytest.mark.parametrize("topic", FITTED)
def test_every_row_is_the_fit_of_the_library_or_says_why(s, topic, record_property):
    rows = rows_of(s, topic)
    counts = look(s, topic, rows)
    record_property("rows", {"all": len(rows), **dict(counts)})
    assert counts[topic, "equal"] + counts[topic, "in part"]


@pytest.mark.gate
def test_the_way_from_every_number_is_printed_in_plain_words(s, monkeypatch):
    """And its code: nothing of the language of texts, and nothing is refused."""
    monkeypatch.chdir(s.folder)
    evidence = Evidence(s._config)
    for name in (*evidence.numbers, *evidence.answers, *evidence.sections):
        way = "\n".join(map(why.written, evidence.way(name)))
        code = why.code_of(s, name)
        lines = f"{way}\n{code}"
        assert not re.search(r"\{\{|\{%|[\ue000-\uf8ff]", lines), lines
        compile(code, name, "exec")


def _by_chance(name):
    return hashlib.sha256(name.encode()).hexdigest()


def rows_of(s, topic):
    rows = s.estimates[s.estimates["topic"] == topic].sort_values(ORDER)
    if rows.empty:
        pytest.skip(f"the study does not ask for {topic}")
    return rows


def look(s, topic, rows):
    """Assert that each row is equal, equal but for what is said, or refused with a reason."""
    counts, faults, reasons = walked(s, rows)
    assert not faults, "\n".join(map(str, faults[:3]))
    said = [
        "it has no estimate",
        "it has no interval: ",
        *(part.why for part in read_topics()[topic].no_calls),
    ]
    for reason in reasons.values():
        assert any(why in reason for why in said), reason
    assert counts
    return counts
