"""Paper and appendix: what each holds, and that they are the same on every run."""

import re

import pytest

from evenfield.report.paper import compile_paper, method_typst, write_paper
from evenfield.shared.topics import TOPICS, read_topics
from evenfield.study.errors import ReportError
from evenfield.study.files import write_json, write_text
from refusals import fails
from report.made_up import write_study

NAMES = ("paper", "appendix")
PAPER = """# One

See {{ see("T6") }}, {{ see("T99") }} and @Own2000.

{{ table("T6") }}

{{ figure("F4") }}
"""
BIB = "".join(
    f"@book{{{key}2000,\n  author = {{A, B}}, title = {{T}}, year = 2000,\n}}\n"
    for key in ("Own", "Not")
)


def written(given, folder, **more):
    files = [[folder / f"{name}.{end}" for name in NAMES] for end in ("typ", "pdf")]
    config = {**given["config"], "tables": ["T6", "T99"], "figures": ["F4"]}
    write_paper(
        *files,
        folder / "references.bib",
        folder / "latex" / "paper.tex",
        **{**given, "config": config, **more},
    )
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.*"))}


@pytest.mark.parametrize("policy", [True, False])
def test_neutral_texts_make_both_the_same_on_every_run(policy, tmp_path):
    given = write_study(tmp_path / "results", policy=policy)
    estimates = [written(given, tmp_path / "results" / run) for run in ("one", "two")]
    assert estimates[0] == estimates[1]
    assert {"appendix.typ", "paper.typ", "references.bib"} < set(estimates[0])
    for name in NAMES:
        source = estimates[0][f"{name}.typ"].decode()
        paper = estimates[0][f"{name}.pdf"]
        assert paper.startswith(b"%PDF")
        assert b"/CreationDate" not in paper
        assert str(tmp_path) not in source
        assert "rotate(-35deg" in source
        assert "SIMULATED INPUT" in source
    source = estimates[0]["paper.typ"].decode()
    assert "\nSource: Made up.\n" in source  # one, which is no table
    assert "In 1980–90 the gaps to the common growth path closed by 2.0% a" in source
    assert "1990–2000: 2.0% a year (1.5 to 2.5), gaps closed." in source
    assert (
        "standard deviation of log income was 0.50 in 1980 and 0.44 in 1990" in source
    )
    assert '"../figures/F4.svg"' in source
    assert '"../tables/T6.typ"' in source
    assert "\n= Results\n" in source and "\n== Convergence\n" in source
    named = re.findall(r"#metadata\(\"(\w+)\"\)", source)
    assert {"T6", "F4"} <= set(named)
    for which in named:
        assert (
            f"#link(<{which}>)"
            in source.partition(f"#metadata({which!r}".replace("'", '"'))[0]
        )
    abstract, introduction = source.split("\n= Introduction\n")
    assert "2.0% a year" in abstract
    assert "2.0% a year" not in introduction.partition("\n= ")[0]
    appendix = estimates[0]["appendix.typ"].decode()
    assert '"../tables/T99.typ"' in appendix
    assert '"../tables/T6.typ"' not in appendix
    assert "Do units that start poorer grow faster" in appendix
    assert "Made up." in appendix


def own_texts(tmp_path, *, paper):
    """A study with texts of its own, and their paths."""
    given = write_study(tmp_path / "results", policy=False)
    texts = {"paper.md": paper, "references.bib": BIB.partition("@book{Not")[0]}
    for name, text in texts.items():
        write_text(text, tmp_path / "text" / name)
    described = {"data_hash": "0" * 64, "simulated": [], "tables": {}}
    write_json(described, tmp_path / "results" / "ingest" / "description.json")
    return given, [str(tmp_path / "text" / name) for name in texts]


def test_tables_come_before_figures_in_the_appendix(tmp_path):
    given, paths = own_texts(
        tmp_path, paper='# One\n\nSee @Own2000.\n\n{{ table("T99") }}\n'
    )
    made = written(given, tmp_path / "results" / "report", texts=paths)
    appendix = made["appendix.typ"].decode()
    assert 0 < appendix.index('"../tables/T6.typ"') < appendix.index("figures/F4.svg")


def test_own_texts_place_exhibits_and_cite(tmp_path):
    given, paths = own_texts(tmp_path, paper=PAPER)
    estimates = written(given, tmp_path / "results" / "report", texts=paths)
    source = estimates["paper.typ"].decode()
    assert (
        "#link(<T6>)[Table 1];, Table A1 of the online appendix and #cite(<Own2000>,"
        ' form: "prose");.' in source
    )
    assert '#datatable(made, label: "Table 1", id: "T6", short: true)' in source
    assert "T6.csv" not in source
    appendix = estimates["appendix.typ"].decode()
    assert 'label: "Table A1", id: "T99"' in appendix
    assert "rotate(-35deg" not in source
    assert "#bibliography(" in source
    assert estimates["references.bib"].decode().count("@book") == 1
    assert "#bibliography(" not in estimates["appendix.typ"].decode()
    assert "short: false" in estimates["appendix.typ"].decode()
    write_text(BIB, tmp_path / "text" / "references.bib")
    fails(
        ReportError,
        "no text cites Not2000",
        written,
        given,
        tmp_path / "results" / "report",
        texts=paths,
    )


def test_a_broken_source_is_one_line(tmp_path):
    write_text("#nothing(", tmp_path / "paper.typ")
    with pytest.raises(
        ReportError, match=r"report: paper\.typ does not compile"
    ) as caught:
        compile_paper(tmp_path / "paper.typ", tmp_path / "paper.pdf", tmp_path)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "paper.pdf").exists()


@pytest.mark.parametrize("topic", read_topics())
def test_the_appendix_has_what_a_method_page_begins_with(topic):
    path = TOPICS / topic / "method.md"
    printed = method_typst(topic)
    if not path.is_file():
        assert printed == ""
        return
    title, purpose, *_ = printed.split("\n\n")
    assert title.startswith("== ") and purpose.endswith((".", "?"))
    section = path.read_text(encoding="utf-8").partition("\n## Equation")[2]
    lines = re.findall("(?m)^ {4}(?=.)", section.partition("\n## ")[0])
    # Some have a table of statistics in its place.
    assert ("#equations(" in printed) == bool(lines)
