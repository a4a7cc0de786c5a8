"""Tables as LaTeX, everything escaped: whole, with booktabs lines inside a
threeparttable, and in the form of the paper, in parts as wide as a page.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from evenfield.shared.tables.table import Column, Grid, Line, Table, grid, shortened
from evenfield.shared.tables.typst import (
    LONG_CELL,
    LONG_TABLE,
    head_lines,
    longest_cells,
    page_parts,
)
from evenfield.study.latin import in_latin

PAGE_CM = 16.0  # what the columns of a paper's table share
CHARACTER_CM = 0.135  # in 8 points
WIDE = 7  # columns of a table that is set in a smaller type
SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        **{letter: f"\\{letter}" for letter in "&%$#_{}"},
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        "\u2212": "$-$",
        "\u2013": "--",
        "\u00d7": r"$\times$",
        "\u2265": r"$\geq$",
        "\u2264": r"$\leq$",
        "\u00b1": r"$\pm$",
        "\u2192": r"$\to$",
        "\u00b2": "$^2$",
        "\u03bb": r"$\lambda$",
        "\u03c3": r"$\sigma$",
        "\u03c1": r"$\rho$",
        "\u03b2": r"$\beta$",
        "\u2019": "'",
        "\u2026": r"\ldots{}",
    }
)
# Letters outside Latin that have no command above.
OTHER = re.compile("[\u0180-\u200f\u2030-\uffff\U00010000-\U0010ffff]+")


def escape_latex(plain: str) -> str:
    """Escape text so that LaTeX prints it as it is."""
    return OTHER.sub(_other_letters, plain.translate(SPECIAL))


def _start(line: str) -> str:
    """Keep LaTeX from reading a bracket or star at the start of a line as an option of
    what stands before it.
    """
    return f"{{}}{line}" if line.startswith(("[", "*")) else line


def _other_letters(match: re.Match[str]) -> str:
    """Print letters outside Latin with XeLaTeX and LuaLaTeX; pdfLaTeX prints the Latin
    ones below or their numbers.
    """
    latin = unicodedata.normalize("NFKD", match[0]).encode("ascii", "ignore").decode()
    codes = " ".join(f"U+{ord(letter):04X}" for letter in match[0])
    return rf"\ifdefined\Umathcode {match[0]}\else {latin or codes}\fi{{}}"


def table_latex(table: Table) -> str:
    """Write a table as a LaTeX float."""
    body = grid(table)
    width = len(table.columns)
    head = " & ".join(map(_header, table.columns))
    types = "".join(map(_column_type, table.columns))
    size = r"\footnotesize\setlength{\tabcolsep}{4pt}" if width > WIDE else r"\small"
    return "\n".join(
        [
            r"\begin{table}[htbp]",
            r"\centering",
            size,
            r"\begin{threeparttable}",
            rf"\caption{{{escape_latex(table.title)}}}",
            rf"\label{{tab:{table.id}}}",
            rf"\begin{{tabular}}{{@{{}}{types}@{{}}}}",
            r"\toprule",
            rf"{_start(head)} \\",
            r"\midrule",
            *(_row(line, width, first=not i) for i, line in enumerate(body.lines)),
            r"\bottomrule",
            r"\end{tabular}",
            *_notes(body),
            r"\end{threeparttable}",
            r"\end{table}",
            "",
        ]
    )


def _header(column: Column) -> str:
    heading = escape_latex(column.header)
    if column.align != "left":
        return rf"\multicolumn{{1}}{{c}}{{{heading}}}"
    return heading


def _column_type(column: Column) -> str:
    if column.width_cm:
        return rf">{{\raggedright\arraybackslash}}p{{{column.width_cm:g}cm}}"
    return column.align[0]


def _row(line: Line, width: int, *, first: bool) -> str:
    if line.cells:
        cells = " & ".join(escape_latex(cell.text) for cell in line.cells)
        return rf"{_start(cells)} \\"
    space = "" if first else r"\addlinespace "
    group = rf"\textit{{{escape_latex(line.group)}}}"
    return rf"{space}\multicolumn{{{width}}}{{@{{}}l}}{{{group}}} \\"


def _notes(body: Grid) -> list[str]:
    if not body.note:
        return []
    note = _start(escape_latex(" ".join(body.note)))
    return [
        r"\begin{tablenotes}[flushleft]",
        r"\footnotesize",
        rf"\item {note}",
        r"\end{tablenotes}",
    ]


def paper_latex(table: Table) -> str:
    """Write what the paper prints of a table, for `results/report/latex`: the commands
    whose names begin with evenfield stand at the head of its `paper.tex`.
    """
    # Before widths are taken, since Latin names are longer.
    table = replace(table.worded(in_latin), title=in_latin(table.title))
    table = shortened(table)
    body = grid(table)
    longest = longest_cells(table, body.lines)
    is_long = len(body.lines) > LONG_TABLE  # it goes on over pages
    parts = page_parts(longest)
    bodies = [
        _paper_part(table, body.lines, longest, part, is_long=is_long) for part in parts
    ]
    caption = rf"\evenfieldcaption{{{escape_latex(table.title)}}}"
    note = escape_latex(" ".join(body.note))
    lines = [caption, *bodies, rf"\evenfieldnote{{{note}}}"]
    opens, closes = (
        (r"\begin{evenfieldlong}", r"\end{evenfieldlong}")
        if is_long
        else (r"\begin{table}[tbp]", r"\end{table}")
    )
    return "\n".join([opens, *lines, closes, ""])


def _paper_part(
    table: Table,
    lines: Sequence[Line],
    longest: Sequence[int],
    part: Sequence[int],
    *,
    is_long: bool,
) -> str:
    """Return the columns of one part of a table under its row headings."""
    heads = [_paper_head(table.columns[i], longest[i]) for i in part]
    head = rf"{_start(' & '.join(heads))} \\"
    columns = "".join(_paper_columns(table, longest, part))
    rows = [
        _row(_only(line, part), len(part), first=not number)
        for number, line in enumerate(lines)
    ]
    if is_long:
        opens = rf"\begin{{longtable}}[l]{{@{{}}{columns}@{{}}}}"
        above = [opens, r"\toprule", head, r"\midrule", r"\endhead"]
        below = [r"\bottomrule", r"\end{longtable}"]
    else:
        # A table whose letters are wider than counted is made to fit.
        opens = r"\begin{adjustbox}{max width=\linewidth}"
        columns = rf"\begin{{tabular}}{{@{{}}{columns}@{{}}}}"
        above = [opens, columns, r"\toprule", head, r"\midrule"]
        below = [r"\bottomrule", r"\end{tabular}", r"\end{adjustbox}\par\smallskip"]
    return "\n".join([*above, *rows, *below])


def _only(line: Line, part: Sequence[int]) -> Line:
    cells = tuple(line.cells[i] for i in part) if line.cells else ()
    return Line(line.group, cells)


def _paper_head(column: Column, longest: int) -> str:
    lines = [escape_latex(line) for line in head_lines(column.header, longest)]
    side = column.align[0]
    if len(lines) < 2:
        heading = "".join(lines)
    else:
        stacked = r" \\ ".join(map(_start, lines))
        heading = rf"\shortstack[{side}]{{{stacked}}}"
    return rf"\multicolumn{{1}}{{{side}}}{{{heading}}}" if side != "l" else heading


def _paper_columns(
    table: Table, longest: Sequence[int], part: Sequence[int]
) -> list[str]:
    """Return the type of each column: natural where its cells are short; those of long
    cells share what is left of the page by the length of their cells.
    """
    short = sum(longest[i] + 2 for i in part if longest[i] <= LONG_CELL)
    left = max(PAGE_CM - CHARACTER_CM * short, PAGE_CM / 3)
    weights = {i: min(longest[i], 90) for i in part if longest[i] > LONG_CELL}
    types = []
    for i in part:
        if i in weights:
            width = min(
                left * weights[i] / sum(weights.values()),
                CHARACTER_CM * longest[i],
            )
            types.append(rf">{{\raggedright\arraybackslash}}p{{{width:.2f}cm}}")
        else:
            types.append(table.columns[i].align[0])
    return types
