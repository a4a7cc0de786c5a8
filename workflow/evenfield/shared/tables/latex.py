"""Tables as LaTeX: booktabs lines inside a threeparttable, everything escaped."""

import re
import unicodedata

from evenfield.shared.tables.table import Column, Grid, Line, Table, grid

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
    if column.align == "right":
        return rf"\multicolumn{{1}}{{c}}{{{heading}}}"
    return heading


def _column_type(column: Column) -> str:
    if column.width_cm:
        return rf">{{\raggedright\arraybackslash}}p{{{column.width_cm:g}cm}}"
    return "r" if column.align == "right" else "l"


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
