"""Every sentence of the sections, for what was found and for its opposite: one page a
topic, which a person has read, is what made facts give.

`PYTHONPATH=workflow:tests python tests/report/test_section_words.py` writes them anew.
"""

import re
import sys
from functools import cache, partial
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from jinja2.nodes import Compare, Const, TemplateData

from evenfield.report.latex import to_latex
from evenfield.report.own_templates import _environment
from evenfield.report.printable import noun, with_article
from evenfield.report.prose import PLACED_BY_NAME, Prose
from evenfield.report.sections import (
    ANSWER,
    BRIEF,
    FINDING,
    HEADLINE,
    LIMIT,
    SECTION,
    filled_section,
    method_references,
    section_files,
)
from evenfield.report.topic_numbers import content_of
from evenfield.shared.tables.latex import escape_latex
from evenfield.shared.topics import exhibit_owners
from evenfield.study.errors import ReportError
from section_cases import CASES, UNITS, made

PAGES = Path(__file__).parent / "sections"
TOLD = (HEADLINE, SECTION, ANSWER, FINDING, LIMIT)
KINDS = (*TOLD, BRIEF)
EXHIBITS = list(exhibit_owners())
PLACED = {"see": str, "figure": lambda _: "", "table": lambda _: ""}
# What no reader should meet.
FAULTS = re.compile(
    r"(?i:significan)|\bnan\b|\bNone\b(?! of)|[{}]|\b1 (states|clubs|years)\b"
    r"|\b[02-9] (state|club)\b"
    r"|%%|\(\)| ,| \.[^\d]|\.\.|[a-z]\.[A-Z]"
)


@cache
def texts(topic):
    """Return the texts of a topic as HTML, by case and kind."""
    return {
        (case, kind): html(results, kind)
        for case, results in CASES[topic].items()
        for kind in KINDS
        if topic in section_files(kind)
    }


def html(results, kind):
    prose = prose_of(results, kind)
    return prose.html(results.topic, PLACED) if prose else ""


def prose_of(results, kind):
    names = names_of(results)
    return prose_with(names, results.topic, kind) if names else None


def names_of(results):
    content = content_of(results)
    if not content:
        return {}
    return {
        "study": results.words,
        "units": len(UNITS),
        "whose": f"{len(UNITS)} states",
        "made": EXHIBITS,
        "on_paper": False,
        **filled_section(results.topic, content).names,
    }


def prose_with(names, topic, kind):
    own = {topic: section_files(kind)[topic]}
    return Prose({}, names, method_references(), EXHIBITS, templates=own)


@cache
def on_paper(topic, case):
    """Return the section of a topic as the paper has it, in words."""
    names = names_of(CASES[topic][case])
    if not names:
        return ""
    prose = prose_with({**names, "on_paper": True}, topic, SECTION)
    return words(prose.html(topic, PLACED))


def mentions(topic, case):
    """Return what only the paper says of tables and figures: the sentences of a section
    that begin with one.
    """
    sentences = re.split(r"(?<=\.) (?=[A-Z])", on_paper(topic, case))
    on_page = words(texts(topic)[case, SECTION])
    own = [part for part in sentences if part.partition(" ")[0] in EXHIBITS]
    return " ".join(part for part in own if part not in on_page)


def words(written):
    """Return a text as a reader sees it."""
    text = " ".join(unescape(re.sub(r"<[^>]+>", " ", written)).split())
    return re.sub(r" ([.,:;)])(?!\d)", r"\1", text)


def page(topic):
    """Return the page of a topic: each case with its texts and numbers."""
    lines = []
    seen = ""
    for (case, kind), written in texts(topic).items():
        lines += [f"## {case}"] if case != seen else []
        seen = case
        # A method is the same whatever was found.
        if kind == BRIEF and case != next(iter(CASES[topic])):
            continue
        lines.append(f"{kind}: {words(written)}".rstrip())
        if kind == SECTION:
            lines += numbers(CASES[topic][case])
            own = mentions(topic, case)
            first = case == next(iter(CASES[topic]))
            lines += [f"on paper: {own}"] if own and first else []
    return "\n\n".join(lines) + "\n"


def numbers(results):
    """Return the numbers of a section with their units, as `why` prints them."""
    content = content_of(results)
    if not content:
        return []
    by_name = filled_section(results.topic, content).numbers
    printed = [f"{name} = {it.text} {it.unit}".rstrip() for name, it in by_name.items()]
    return ["; ".join(printed)] if printed else []


@pytest.mark.parametrize("topic", CASES)
def test_a_section_reads_as_it_was_approved(topic):
    assert page(topic) == (PAGES / f"{topic}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("topic", CASES)
def test_no_reader_meets_what_none_should(topic):
    for (_, kind), written in texts(topic).items():
        text = words(written)
        assert FAULTS.search(text) is None, FAULTS.search(text)[0] + " in " + text
        assert not text or text[-1] in ".%)" or kind in (HEADLINE, SECTION)


@pytest.mark.parametrize("topic", CASES)
def test_the_paper_names_a_table_or_figure_before_it_stands_there(topic):
    named = {
        "see": lambda which, *_: f"see({which})",
        **dict.fromkeys(PLACED_BY_NAME, lambda which: f"put({which})"),
    }
    for results in CASES[topic].values():
        if names := names_of(results):
            prose = prose_with({**names, "on_paper": True}, topic, SECTION)
            read = prose.html(topic, named)
            for put in re.finditer(r"\bput\((\w+)\)", read):
                assert f"see({put[1]})" in read[: put.start()], put[1]


SIGNS = "R&D_zone <a>"  # what every writer has to escape
WRITERS = {
    "html": lambda prose, topic: prose.html(topic, PLACED),
    "typst": lambda prose, topic: prose.typst(topic, PLACED),
    "latex": lambda prose, topic: prose.written(
        topic, partial(to_latex, escape_latex), LATEX_PLACED
    ),
}
LATEX_PLACED = {
    **PLACED,
    "number": lambda _, __, text: escape_latex(text),
    "cite": str,
    "cite_group": lambda *keys: " ".join(keys),
}
# What a sign looks like that was escaped before it came to the writer.
ESCAPED_TWICE = {
    "html": re.compile(r"\\|&amp;(?:lt|gt|amp|quot|#\d+);"),
    "typst": re.compile(r"\\\\"),
    "latex": re.compile(r"textbackslash"),
}


@cache
def texts_with_signs(topic):
    """Return the texts of a topic of units whose name has signs, with small p-values;
    all writers write these.
    """
    texts = []
    for case in CASES[topic]:
        nouns = {"unit_name": SIGNS, "units_name": f"{SIGNS}s"}
        results = made(topic, case, {"study": nouns})
        rows = results._rows
        small = rows["p_value"].where(rows["p_value"].isna(), 1e-5)
        results._rows = rows.assign(p_value=small)
        if names := names_of(results):
            kinds = [kind for kind in KINDS if topic in section_files(kind)]
            texts += [prose_with(names, topic, kind) for kind in kinds]
    return texts


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("topic", CASES)
def test_no_sign_is_escaped_twice(topic, writer):
    for prose in texts_with_signs(topic):
        written = WRITERS[writer](prose, topic)
        twice = ESCAPED_TWICE[writer].search(written)
        assert twice is None, written[max(twice.start() - 60, 0) :][:120]


# Words of an income and of who has much of it.
OF_INCOME = re.compile(r"\b(?:income|poor|rich)", re.IGNORECASE)
WHAT = "insured share of poor adults"


@pytest.mark.parametrize("kind_of_figures", ["total", "rate"])
@pytest.mark.parametrize("topic", CASES)
def test_only_an_income_is_called_so_and_makes_rich(topic, kind_of_figures):
    study = {"what": WHAT, "kind": kind_of_figures, "units_name": "poor areas"}
    for case in CASES[topic]:
        results = made(topic, case, {"study": study})
        for kind in KINDS:
            if topic not in section_files(kind) or kind == BRIEF:
                continue
            text = words(html(results, kind))
            ours = text.lower().replace(WHAT, "").replace("poor areas", "")
            # A label of the config is the user's.
            found = OF_INCOME.search(ours.replace("given income", ""))
            assert found is None, text
            assert "low adults" not in text
            assert "small adults" not in text


FEW_ROWS = 5
UNSURE = ["conf_low", "conf_high", "p_value", "p_adjusted", "std_error", "mde"]
NOTHING = [*UNSURE, "estimate", "statistic"]


def with_less(results):
    """Yield results in which one row, one number or one interval is missing, or all."""
    rows = results._rows
    for here in rows.index:
        yield rows.drop(index=here)
        for columns in (UNSURE, NOTHING):
            less = rows.copy()
            less.loc[here, columns] = np.nan
            yield less
    yield rows.head(0)
    for columns in (UNSURE, NOTHING):
        yield rows.assign(**dict.fromkeys(columns, np.nan))


def with_less_series(results):
    """Yield tables beside the estimates without rows, or with nothing in a column."""
    for name, table in results._tables.items():
        if name == "units":
            continue
        yield {**results._tables, name: table.head(0)}
        for column in table.select_dtypes("number"):
            if column not in ("year", "start_year", "end_year"):
                yield {**results._tables, name: table.assign(**{column: np.nan})}


@pytest.mark.parametrize("each", [4, pytest.param(1, marks=pytest.mark.gate)])
@pytest.mark.parametrize("topic", CASES)
def test_whatever_is_missing_a_page_and_a_paper_are_written(topic, each, monkeypatch):
    seen = set()
    cases = [made(topic, case) for case in CASES[topic]]
    # Of topics with many rows the first case has them all.
    for results in cases if len(cases[0]._rows) <= FEW_ROWS else cases[:1]:
        whole = (results._rows, results._tables)
        lesser = [(rows, whole[1]) for rows in with_less(results)]
        lesser += [(whole[0], tables) for tables in with_less_series(results)]
        # Every fourth of them here, all in the gate.
        for rows, tables in lesser[::each]:
            monkeypatch.setattr(results, "_rows", rows)
            monkeypatch.setattr(results, "_tables", tables)
            names = names_of(results)
            kinds = [kind for kind in TOLD if names and topic in section_files(kind)]
            for kind in kinds:
                prose = prose_with(names, topic, kind)
                filled = prose.filled(topic)
                if filled in seen:
                    continue
                seen.add(filled)
                for write in WRITERS.values():
                    text = write(prose, topic)
                    assert not re.search(r"\bnan\b|\bNone\b(?! of)|\bunbounded%", text)


def bare(text):
    return re.sub(r"\W+", " ", unescape(re.sub(r"<[^>]+>", "", text))).strip()


def printed_parts(text):
    """Return what a template prints as it stands, two words long at least."""
    tree = _environment().parse(text)
    compared = [node for one in tree.find_all(Compare) for node in one.find_all(Const)]
    for node in tree.find_all((TemplateData, Const)):
        if node in compared:
            continue
        value = node.data if isinstance(node, TemplateData) else node.value
        # A citation is printed as names and a year.
        lines = (
            re.split(r"\n|\[@[^\]]*\]|@\w+", value) if isinstance(value, str) else []
        )
        yield from (bare(line) for line in lines if len(bare(line).split()) > 1)


@pytest.mark.parametrize("topic", CASES)
def test_every_sentence_of_every_text_is_read_here(topic):
    for kind in KINDS:
        if topic not in section_files(kind):
            continue
        read = [bare(text) for (_, one), text in texts(topic).items() if one == kind]
        read += [bare(on_paper(topic, case)) for case in CASES[topic]]
        source = section_files(kind)[topic].read_text(encoding="utf-8")
        for part in printed_parts(source):
            assert any(part in text for text in read), f"{kind}: {part}"


def test_every_section_is_read_here():
    without_sentences = {"map"}
    assert set(section_files()) - without_sentences == set(CASES)
    assert {path.stem for path in PAGES.iterdir()} == set(CASES)


def test_numbers_of_sections_have_names_and_lead_to_their_rows():
    results = CASES["beta"]["above"]
    numbers = filled_section("beta", content_of(results)).numbers
    assert {"beta.speed", "beta.half_life", "beta.periods.P1.speed"} <= set(numbers)
    speed_row = results.estimates(effect_type="lambda").iloc[0]
    assert numbers["beta.speed"].estimate_id == speed_row["estimate_id"]
    assert numbers["beta.speed"].interval == "1.0 to 3.0"


def test_a_noun_has_the_article_that_its_sound_asks_for():
    nouns = [
        "autonomous community",
        "Oblast",
        "urban area",
        "unit",
        "county",
        "EU region",
    ]
    articles = [with_article(noun).split()[0] for noun in nouns]
    assert articles == ["an", "an", "an", "a", "a", "a"]


def test_a_noun_goes_with_a_named_number_only():
    with pytest.raises(ReportError, match="'3' is no count"):
        noun(3, "club")


if __name__ == "__main__":
    for name in sys.argv[1:] or CASES:
        (PAGES / f"{name}.md").write_text(page(name), encoding="utf-8")
