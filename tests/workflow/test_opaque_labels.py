"""Labels of rows are opaque: behind random texts each kind of row of the studies of China
and of its cities has the same call of the library, so that `s.fit` and `why --code` are
the same, and each table is the same but for the labels that it prints.

``EVENFIELD_STUDY`` names a finished study; the gate gives its own.
"""

import os
import re
from contextlib import chdir
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import evenfield as ef
from evenfield.opened.fits import FitError, call_of
from evenfield.shared import calls, estimates, study_results
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables.write import write_table_files
from evenfield.shared.topics import TOPICS, read_topics
from opaque_labels import LABELS, Texts

FINISHED = os.environ.get("EVENFIELD_STUDY", "")
CITIES = "examples/china-cities"
TABLED = [name for name in read_topics() if (TOPICS / name / "table.py").is_file()]
CALLED = [name for name in read_topics() if (TOPICS / name / "call.py").is_file()]
# Rows that differ here may have another kind of call.
KIND = ["estimator", "effect_type", "term", "contrast"]
pytestmark = [
    pytest.mark.gate,
    pytest.mark.skipif(not FINISHED, reason="EVENFIELD_STUDY names no finished study"),
]


@pytest.fixture(scope="module", params=[".", CITIES])
def s(request):
    return ef.open_study(Path(FINISHED) / request.param)


@pytest.fixture
def texts(s, monkeypatch):
    texts = Texts(label for name in LABELS for label in s.estimates[name])
    generator_for = calls.generator_for

    # What is drawn has the name of what is meant, such as that of a period of the config.
    def same_draws(seed, draw_id):
        return generator_for(seed, texts.read_back(draw_id))

    monkeypatch.setattr(calls, "generator_for", same_draws)
    return texts


@pytest.mark.parametrize("topic", CALLED)
def test_no_call_depends_on_the_text_of_a_label(s, texts, topic):
    rows = s.estimates[s.estimates["topic"] == topic]
    if rows.empty:
        pytest.skip(f"the study does not ask for {topic}")
    # Of each kind a row that has an estimate, where there is one.
    rows = rows.sort_values("estimate", key=pd.isna, kind="stable")
    rows = rows.drop_duplicates(KIND)
    hidden = texts.hide(rows).to_dict("records")
    for row, opaque in zip(rows.to_dict("records"), hidden, strict=True):
        faults = [*differences(s, texts, row, opaque)]
        assert not faults, (faults, row)


def differences(s, texts, row, opaque):
    """Name what of the call of a row depends on the text of a label."""
    ours, other = called(s, row), called(s, opaque)
    if isinstance(ours, str) or isinstance(other, str):
        if str(ours) != texts.read_back(str(other)):
            yield ours, other
        return
    if ours.code != texts.read_back(other.code):
        yield ours.code, other.code
    for name, one in vars(ours.call).items():
        if not equal(one, vars(other.call)[name], texts):
            yield name, one, vars(other.call)[name]


def called(s, row):
    """Return the call of a row, or why it has none."""
    try:
        return call_of(s._study, row["estimate_id"], row, ".")
    except FitError as error:
        return str(error)


def equal(one, other, texts):
    """Say whether two parts of calls are equal when labels are read back."""
    if isinstance(one, pd.DataFrame):
        return isinstance(other, pd.DataFrame) and same_frames(one, other, texts)
    if isinstance(one, dict):
        names = [texts.read_back(str(name)) for name in other]
        return [*map(str, one)] == names and all(
            equal(own, others, texts)
            for own, others in zip(one.values(), other.values(), strict=True)
        )
    if isinstance(one, np.ndarray):
        if one.dtype == object:
            other = np.array([texts.read_back(str(x)) for x in other.ravel()])
            one = one.astype(str).ravel()
        return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    return repr(one) == texts.read_back(repr(other))


def same_frames(one, other, texts):
    """Say whether two frames are equal when labels that they have taken over are read
    back.
    """
    names = {name: texts.read_back(str(name)) for name in other}
    return one.equals(other.rename(columns=names))


@pytest.mark.parametrize("topic", TABLED)
def test_no_table_depends_on_the_text_of_a_label(
    s, texts, topic, monkeypatch, tmp_path
):
    """A warning is a sentence for readers, of which a table prints a part; all else is
    behind another text, and a period is read back where its words are printed.
    """
    read_table = estimates.read_table
    period_label = study_results.period_label

    def hidden(path, text=()):
        rows = read_table(path, text)
        return texts.hide(rows).assign(warning=rows["warning"])

    def in_words(period, periods):
        return period_label(texts.read_back(period), periods)

    makers = import_module(f"evenfield.topics.{topic}.table").TABLES
    wanted = [
        name
        for name in makers
        if s.folder.joinpath(f"results/tables/{name}.md").is_file()
    ]
    if not wanted:
        pytest.skip(f"the study prints no table of {topic}")
    for name in wanted:
        ours = printed(s, topic, name, tmp_path)
        with monkeypatch.context() as patched:
            patched.setattr(estimates, "read_table", hidden)
            patched.setattr(study_results, "period_label", in_words)
            other = printed(s, topic, name, tmp_path)
        assert plain(texts.read_back(other)) == plain(ours), name


def printed(s, topic, name, folder):
    """Return a table as it is printed, with the data behind it."""
    with chdir(s.folder):
        results = StudyResults(s._config, Path("results"))
        results.topic = topic
        makers = import_module(f"evenfield.topics.{topic}.table").TABLES
        files = [str(folder / f"{name}{ending}") for ending in (".md", ".csv")]
        write_table_files(replace(makers[name](results), id=name, title=name), files)
    return "\n".join(Path(file).read_text("utf-8") for file in files)


def plain(table):
    """Return a table without what printing alone adds to a label: capitals, spaces for
    underscores, dashes for hyphens, and quotes around commas.
    """
    return re.sub(r"[-_\u2013 ]+", " ", table.replace('"', "")).lower()
