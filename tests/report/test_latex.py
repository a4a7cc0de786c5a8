"""The paper as LaTeX: the text of the PDF, no number typed, the same on every run, and
compiled where the machine has a TeX.
"""

import re

import pandas as pd
import pytest

from evenfield.report.latex import Macros
from evenfield.report.paper import write_paper
from evenfield.shared.tables.latex import paper_latex
from evenfield.shared.tables.table import Column, Table, right
from evenfield.study.files import write_text
from report.latex_sources import FOUND, compiled, typed_numbers, unknown_macros
from report.made_up import made_table, write_study

PAPER = """# Since 1980: one & two

{{ must(units == 4) }}
Of {{ units }} states *all* grew by {{ n.speed_late }}% ({{ n.speed_late.interval }}) in 1980–90, twice
{{ n.speed_twice }}; 1,200 km, 95% and 3.5. See {{ see("T6") }}, {{ see("F4", "the 1st figure") }} and
{{ see("T99") }} [@Own2000], as in [words](https://a.org/b_c%20d#e1).

$$
\\Delta y_i = \\alpha + \\beta \\ln y_{i}
$$ {#eq:growth}

In equation {{ eq("growth") }} $\\beta$ is a slope.

- one **bold**
- two

1. first

{{ table("T6") }}

{{ figure("F4") }}
"""
BIB = "@book{Own2000,\n  author = {A, B}, title = {T & U}, publisher = {P}, year = 2000,\n}\n".replace(
    "& U", "\\& U"
)


def written(tmp_path, run, *, paper=PAPER, policy=False):
    """The folder of a made-up study whose paper places an exhibit of each kind."""
    root = tmp_path / "results"
    given = write_study(root, policy=policy)
    texts = []
    if paper:
        for name, text in {"paper.md": paper, "references.bib": BIB}.items():
            write_text(text, tmp_path / "text" / name)
            texts.append(str(tmp_path / "text" / name))
    folder = root / run
    latex = folder / "latex" / "paper.tex"
    config = {**given["config"], "tables": ["T6", "T99"], "figures": ["F4"]}
    names = ("paper", "appendix")
    write_paper(
        *[[folder / f"{name}.{end}" for name in names] for end in ("typ", "pdf")],
        folder / "references.bib",
        latex,
        **{**given, "config": config, "texts": texts},
    )
    return latex.parent


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("policy", [True, False])
@pytest.mark.parametrize("paper", [PAPER, ""])
def test_no_number_is_typed_and_every_run_gives_the_same(tmp_path, paper, policy):
    folder = written(tmp_path, "one", paper=paper, policy=policy)
    text = (folder / "paper.tex").read_text()
    assert not typed_numbers(text)
    assert not unknown_macros(folder)
    assert ("SIMULATED INPUT" in text) is True
    assert contents(folder) == contents(
        written(tmp_path, "two", paper=paper, policy=policy)
    )


def test_a_number_that_is_typed_is_seen():
    assert typed_numbers("\\begin{document}grew by 2.0 in \\input{tables/T6}") == [
        "2.0"
    ]


def test_the_text_is_that_of_the_paper(tmp_path):
    folder = written(tmp_path, "one")
    text = (folder / "paper.tex").read_text()
    assert r"\section{Since \evenfieldTextOneNineEightZero{}: one \& two}" in text
    assert (
        r"Of \evenfieldTextFour{} states \emph{all} grew by \evenfieldSpeedLate{}\%"
        r" (\evenfieldSpeedLateInterval{}) in"
        r" \evenfieldTextOneNineEightZero{}--\evenfieldTextNineZero{}" in text
    )
    assert r"\evenfieldTextOneCommaTwoZeroZero{} km" in text
    assert r"\evenfieldsee{T6}" in text
    assert r"Table A\evenfieldTextOne{} of the online appendix" in text
    equation = r"\begin{equation}\label{eq:growth}"
    assert equation + "\n\\Delta y_i = \\alpha + \\beta \\ln y_{i}\n" in text
    assert r"In equation (\ref{eq:growth}) $\beta$ is a slope." in text
    assert r"\hyperref[F4]{the \evenfieldTextOne{}st figure}" in text
    assert r"\citep{Own2000}" in text
    assert r"\href{https://a.org/b_c\%20d\#e1}{words}" in text
    numbers = (folder / "numbers.tex").read_text()
    assert "\\newcommand{\\evenfieldSpeedLate}{2.0}\n" in numbers
    assert "\\newcommand{\\evenfieldSpeedLateInterval}{1.5 to 2.5}\n" in numbers
    table = (folder / "tables" / "T6.tex").read_text()
    assert r"b \& co & 9" in table
    assert "Copy" not in table  # a column that the paper leaves out
    assert r"\evenfieldnote{" in table
    numbered = (folder / "exhibits.tex").read_text().splitlines()
    # F4 is named before T6 is, each kind has a count of its own.
    made = "{figures/F4.csv}{topics/beta/figure.py}{}"
    assert numbered[1] == r"\evenfieldexhibit{F4}{figure}{1}" + made
    assert len(numbered) == 2
    assert (folder / "references.bib").read_text() == BIB
    assert (folder / "figures" / "F4.pdf").read_bytes().startswith(b"%PDF")


def test_two_names_that_are_one_in_tex_keep_their_numbers(tmp_path):
    known = Macros(tmp_path)
    assert known.number("a.b", "1") == r"\evenfieldAB{}"
    assert known.number("a_b", "1") == r"\evenfieldAB{}"
    assert known.number("a_b", "2") == r"\evenfieldABAlso{}"
    assert (
        known.tex()
        == "\\newcommand{\\evenfieldAB}{1}\n\\newcommand{\\evenfieldABAlso}{2}\n"
    )


def long_table():
    """A table of more lines than a page and more columns than fit beside each other."""
    frame = pd.DataFrame({f"c{k}": [10.0**k] * 50 for k in range(14)})
    frame.insert(0, "unit", [f"[{i}] & co*" for i in range(50)])
    frame["words"] = "many words in one cell, which break " * 3
    columns = [Column(names=("unit",), header="Unit")]
    columns += [right(f"[Heading] of column {k}", f"c{k}") for k in range(14)]
    columns.append(Column(names=("words",), header="Words"))
    return Table(
        id="T6",
        title="50% of it",
        note=("[a] Note.",),
        columns=tuple(columns),
        frame=frame,
    )


def test_a_long_table_goes_on_over_pages_and_a_wide_one_is_taken_apart():
    text = paper_latex(long_table())
    parts = text.count(r"\begin{longtable}")
    assert parts > 1
    assert text.count(r"\endhead") == parts
    # Every part has the row headings.
    assert text.count(r"{}[7] \& co*") == parts
    (width,) = set(re.findall(r"p\{([\d.]+)cm\}", text))
    assert 2 < float(width) < 16
    assert r"\begin{evenfieldlong}" in text
    assert r"\begin{adjustbox}" in paper_latex(made_table("T6"))


@pytest.mark.parametrize("compiler", FOUND)
def test_it_compiles(tmp_path, compiler):
    folder = written(tmp_path, "one", policy=True)
    write_text(paper_latex(long_table()), folder / "tables" / "T6.tex")
    log = compiled(folder, compiler)
    assert not re.findall(r"undefined|multiply defined|Missing character", log)
