"""The paper as a folder of LaTeX that compiles anywhere: the text of the PDF, in which
each number is a macro, its tables, figures and references.
"""

import re
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import typst
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it.token import Token

from evenfield.report.exhibits import MARKS, TEMPLATES, Exhibit
from evenfield.report.markup import Placed, filled, shown_tokens
from evenfield.report.numbers import DIGITS, macro, macros, read_numbers
from evenfield.report.prose import Prose
from evenfield.shared.tables.latex import escape_latex, paper_latex
from evenfield.shared.tables.table import Table
from evenfield.study.files import Record, beside, write_text
from evenfield.study.latin import in_latin

# A number as a text writes it, and how its letters are called in a macro.
WRITTEN = re.compile(r"(\d(?:[\d.,]*\d)?)")
CALLED = {".": "Point", ",": "Comma"} | {str(i): word for i, word in enumerate(DIGITS)}
MAP_PAGE = (
    '#set page(width: auto, height: auto, margin: 0pt)\n#image("/{}", width: 16cm)\n'
)
HEADINGS = {"h1": "section", "h2": "subsection", "h3": "subsubsection"}
LATEX = {
    "paragraph_open": "",
    "paragraph_close": "\n\n",
    "heading_close": "}\n\n",
    "list_item_open": "\\item{} ",  # so that a bracket is no label
    "list_item_close": "\n",
    "bullet_list_open": "\\begin{itemize}\n",
    "bullet_list_close": "\\end{itemize}\n\n",
    "ordered_list_open": "\\begin{enumerate}\n",
    "ordered_list_close": "\\end{enumerate}\n\n",
    "em_open": r"\emph{",
    "em_close": "}",
    "strong_open": r"\textbf{",
    "strong_close": "}",
    "link_close": "}",
    "softbreak": "\n",
    "hardbreak": "\\\\{}\n",
}


class Macros:
    """What every macro of a paper stands for, by its name, in TeX."""

    def __init__(self, root: Path) -> None:
        # ``root`` is a results folder, whose named numbers a co-author may use.
        numbers = root / "numbers.json"
        given = macros(read_numbers(numbers)) if numbers.is_file() else []
        self._texts = {name: escape_latex(text) for name, text in given}

    def number(self, name: str, text: str) -> str:
        """Return the macro of a named number, or of a part of it."""
        known = macro(name.replace(".smallest_visible", ".visible"))
        # Two names may be one in TeX, which has no digits and dots in them.
        while self._texts.setdefault(known, escape_latex(text)) != escape_latex(text):
            known += "Also"
        return f"{known}{{}}"

    def words(self, text: str) -> str:
        """Return a text in TeX with a macro for each number that it writes: years,
        levels, counts of the study.
        """
        parts = WRITTEN.split(text)
        # Every second part of the split is a number.
        for place in range(1, len(parts), 2):
            called = [CALLED[letter] for letter in parts[place]]
            parts[place] = self.number("_".join(["text", *called]), parts[place])
        parts[::2] = map(escape_latex, parts[::2])
        return "".join(parts)

    def tex(self) -> str:
        """Return the definitions of all."""
        return "".join(
            f"\\newcommand{{{name}}}{{{text}}}\n" for name, text in self._texts.items()
        )


def to_latex(
    words: Callable[[str], str], tokens: Sequence[Token], placed: Placed
) -> str:
    """Write parsed text as LaTeX; ``words`` writes what stands between its marks."""
    return "".join(_latex(words, token, placed) for token in shown_tokens(tokens))


def _latex(words: Callable[[str], str], token: Token, placed: Placed) -> str:
    match token.type:
        case "inline":
            return to_latex(words, token.children or [], placed)
        case "text":
            return words(in_latin(token.content))
        case "heading_open":
            return f"\\{HEADINGS[token.tag]}{{"
        case "link_open":
            address = re.sub(r"([%#&])", r"\\\1", str(token.attrs["href"]))
            return f"\\href{{{address}}}{{"
        case "mark":
            return filled(token, placed)
    return "" if token.hidden else LATEX[token.type]


def write_latex(
    folder: Path, picture: Path, sources: Table, context: Record, root: Path
) -> None:
    """Write the folder from what the PDF is made of; ``picture`` is its map, and
    ``sources`` the table of its sources.
    """
    known = Macros(root)
    prose: Prose = context["prose"]
    placed = _placed(known, context)
    texts = {
        name: prose.written(name, partial(to_latex, known.words), placed)
        for name in ("abstract", "paper")
    }
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, **MARKS
    )
    environment.filters["tex"] = lambda text: known.words(_plain(text))
    cited = prose.cited("abstract", "paper")
    paper = environment.get_template("paper.tex.j2").render(
        **context,
        texts=texts,
        cites=bool(cited),
        version=known.number("version", context["provenance"]["package"]["version"]),
    )
    write_text(paper, folder / "paper.tex")
    write_text(known.tex(), folder / "numbers.tex")
    write_text("\n".join(item.bibtex for item in cited), folder / "references.bib")
    write_text(paper_latex(sources), folder / "tables" / "sources.tex")
    exhibits: Sequence[Exhibit] = context["everything"]
    write_text("".join(map(_evidence, exhibits)), folder / "exhibits.tex")
    for item in exhibits:
        _write_exhibit(item, folder)
    _write_map(picture, folder / "map.pdf")


def _plain(text: str) -> str:
    """Return a title without the marks that keep its years together, in Latin letters."""
    return in_latin(text.replace("\u2060", ""))


def _placed(known: Macros, context: Record) -> Placed:
    """Return what stands for each thing that the texts place."""

    def exhibit(which: str) -> str:
        folder = "tables" if which.startswith("T") else "figures"
        return f"\\input{{{folder}/{which}}}\n\n"

    def see(which: str, label: str = "") -> str:
        here = which in context["in_paper"]
        if not label:
            return f"\\evenfield{'see' if here else 'away'}{{{which}}}"
        words = known.words(label)
        linked = f"\\hyperref[{which}]{{{words}}}"
        return linked if here else f"{words} of the appendix"

    def shown_map(_: str = "") -> str:
        if not context["map"]:
            return ""
        title = known.words(f"The {context['study']['units_name']} on the map")
        return (
            f"\\evenfieldmap{{{title}}}{{{known.words(in_latin(context['map']))}}}\n\n"
        )

    return {
        "cite": lambda key: f"\\citet{{{key}}}",
        "cite_group": lambda *keys: f"\\citep{{{','.join(keys)}}}",
        "number": lambda _, name, text: known.number(name, text),
        "see": see,
        "table": exhibit,
        "figure": exhibit,
        "claims_table": lambda: exhibit("T0"),
        "map": shown_map,
        "data_sources": lambda: "\\input{tables/sources}\n\n",
    }


def _evidence(item: Exhibit) -> str:
    """Return the line of an exhibit's data and of the file that made it."""
    data = Path(item.files[".csv"])
    return (
        f"\\evenfieldexhibit{{{item.id}}}{{{data.parent.name}/{data.name}}}"
        f"{{{item.script}}}{{{item.blob}}}\n"
    )


def _write_exhibit(item: Exhibit, folder: Path) -> None:
    if item.html:
        target = folder / "tables" / f"{item.id}.tex"
        write_text(Path(item.files[".paper.tex"]).read_text("utf-8"), target)
        return
    lines = [
        r"\begin{figure}[tbp]",
        f"\\evenfieldcaption{{{item.id}}}{{{escape_latex(in_latin(item.title))}}}",
        f"\\evenfieldpicture{{figures/{item.id}.pdf}}",
        f"\\evenfieldnote{{{item.id}}}{{{escape_latex(in_latin(item.caption))}}}",
        r"\end{figure}",
        "",
    ]
    write_text("\n".join(lines), folder / "figures" / f"{item.id}.tex")
    with beside(folder / "figures" / f"{item.id}.pdf") as part:
        shutil.copyfile(item.files[".pdf"], part)


def _write_map(picture: Path, path: Path) -> None:
    """Write the map as a PDF of its own size; an empty one where there is no map."""
    # The types of Typst want a root of the type of the source, which bytes cannot name.
    content = typst.compile(  # type: ignore[type-var]
        MAP_PAGE.format(picture.name).encode(),
        root=str(picture.parent),
        ignore_system_fonts=True,  # which differ between machines
        timestamp=0,  # so that the bytes are the same
    )
    with beside(path) as part:
        part.write_bytes(content)
