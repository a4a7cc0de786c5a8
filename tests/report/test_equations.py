"""Equations of a text: TeX in, Typst and LaTeX out; what neither could print is refused."""

import pytest
import typst

from evenfield.report.equations import (
    equation_faults,
    equation_names,
    typst_math,
    with_equations,
)
from evenfield.report.markup import marks
from evenfield.study.errors import ReportError

DISPLAYED = "Before.\n\n$$\n\\alpha_i = b\n$$ {#eq:one}\n\nAfter $x_i$.\n"


@pytest.mark.parametrize(
    ("tex", "written"),
    [
        (r"\beta_C - \beta_Z", "beta_(C) - beta_(Z)"),
        (r"y_{i,2000}", "y_(i comma 2000)"),
        (r"\frac{100}{T}\ln x", "frac(100, T) ln x"),
        (r"\mathbf{1}(t - E_i = k)", "bold(1) ( t - E_(i) = k )"),
        (r"\text{near 10}", 'upright("near 10")'),
        (r"x^{2}/\hat{y}", "x^(2) slash hat(y)"),
        (r"ab", "a b"),
    ],
)
def test_tex_is_put_into_the_notation_of_typst(tex, written):
    assert typst_math(tex) == written
    typst.compile(f"$ {written} $".encode())


@pytest.mark.parametrize(
    ("tex", "message"),
    [
        (r"\input{secret}", r"an equation has \\input"),
        (r"\bta", r"write \\beta|one of"),
        (r"x_{i", "an opening brace that nothing closes"),
        (r"x}", "a closing brace that nothing opens"),
        (r"\frac{1}", "a command without what it is of"),
        ("a % b", "the sign %"),
        (r"\text{#panic()}", "# among words"),
        (r"\text{\write}", "write among words"),
        (r"\text x", "words without braces"),
    ],
)
def test_what_cannot_be_printed_is_refused(tex, message):
    with pytest.raises(ReportError, match=message):
        typst_math(tex)


def test_equations_become_marks_and_lines_stay_where_they_are():
    text = with_equations(DISPLAYED)
    assert text.count("\n") == DISPLAYED.count("\n")
    assert marks(text) == [["equation", r"\alpha_i = b", "one"], ["math", "x_i"]]
    assert text.split("\n")[6].startswith("After ")


@pytest.mark.parametrize(
    "text", ["It cost $5 and then $6.", r"\$x\$", "US$ of 2017, $", "a$b$c"]
)
def test_sums_of_money_are_no_equations(text):
    assert with_equations(text) == text


def test_each_equation_has_a_name_of_its_own():
    assert equation_names(DISPLAYED) == ["one"]
    assert not list(equation_faults(DISPLAYED))
    [(line, fault)] = equation_faults(DISPLAYED + "\n$$x$$ {#eq:one}\n")
    assert line == 9
    assert "two equations are called one" in str(fault)
