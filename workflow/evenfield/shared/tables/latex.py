"""Tables as LaTeX: booktabs lines inside a threeparttable, everything escaped."""

import re
import unicodedata

from evenfield.shared.tables.table import Column, Grid, Line, Table, grid

WIDE = 7
SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "\u2212": "$-$", "\u2013": "--", "\u00d7": r"$\times$", "\u2265": r"$\geq$",
    "\u2264": r"$\leq$", "\u00b1": r"$\pm$", "\u2192": r"$\to$", "\u00b2": "$^2$", "\u03bb": r"$\lambda$",
    "\u03c3": r"$\sigma$", "\u03c1": r"$\rho$", "\u03b2": r"$\beta$", "\u2019": "'", "\u2026": r"\ldots{}",
}  # fmt: skip


OTHER = re.compile("[\u0180-\u200f\u2030-\uffff\U00010000-\U0010ffff]+")


def escape_latex(plain: str) -> str:
    """Escape text so that LaTeX prints it as it is."""
    return OTHER.sub(
        _other_letters, "".join(SPECIAL.get(letter, letter) for letter in plain)
    )


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
    head = " & ".join(_header(column) for column in table.columns)
    tight = (
        r"\footnotesize\setlength{\tabcolsep}{4pt}"
        if len(table.columns) > WIDE
        else r"\small"
    )
    return "\n".join(
        [
            r"\begin{table}[htbp]",
            r"\centering",
            tight,
            r"\begin{threeparttable}",
            rf"\caption{{{escape_latex(table.title)}}}",
            rf"\label{{tab:{table.id}}}",
            (
                rf"\begin{{tabular}}{{@{{}}{''.join(_column_type(column) for column in table.columns)}@{{}}}}"
            ),
            r"\toprule",
            rf"{_start(head)} \\",
            r"\midrule",
            *_body(body, len(table.columns)),
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
    return (
        rf"\multicolumn{{1}}{{c}}{{{heading}}}" if column.align == "right" else heading
    )


def _column_type(column: Column) -> str:
    if column.width_cm:
        return rf">{{\raggedright\arraybackslash}}p{{{column.width_cm:g}cm}}"
    return "r" if column.align == "right" else "l"


def _body(body: Grid, width: int) -> list[str]:
    return [_row(line, width, first=i == 0) for i, line in enumerate(body.lines)]


def _row(line: Line, width: int, *, first: bool) -> str:
    if line.cells:
        return (
            _start(" & ".join(escape_latex(cell.text) for cell in line.cells)) + r" \\"
        )
    space = "" if first else r"\addlinespace "
    return rf"{space}\multicolumn{{{width}}}{{@{{}}l}}{{\textit{{{escape_latex(line.group)}}}}} \\"


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
