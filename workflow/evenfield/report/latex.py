"""The paper as a folder of LaTeX that compiles anywhere: the text of the PDF, in which
each number is a macro, its tables, figures and references.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import typst
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it.token import Token

from evenfield.report.exhibits import MARKS, TEMPLATES, Exhibit
from evenfield.report.markup import Placed, filled, shown_tokens
from evenfield.report.numbering import MAP, Numbering, map_mention
from evenfield.report.numbers import DIGITS, macro, macros, read_numbers
from evenfield.report.prose import Prose
from evenfield.shared.tables.latex import escape_latex, paper_latex
from evenfield.shared.tables.table import Table
from evenfield.study.files import Record, copy_file, write_bytes, write_text
from evenfield.study.latin import in_latin

# A number as a text writes it: 1980, 1,200, 3.5. The group keeps it in a split.
NUMBER = re.compile(r"(\d(?:[\d.,]*\d)?)")
# Names of macros have letters alone, which spell the characters of a number.
SPELLED = {".": "Point", ",": "Comma"} | {str(i): word for i, word in enumerate(DIGITS)}
# Between an equation and the rest of its sentence, which is no new paragraph.
GOES_ON = re.compile(r"(?<=\\end\{equation\})\n\n(?=[a-z])")
# A page of Typst around the map, as large as that.
MAP_PAGE = (
    '#set page(width: auto, height: auto, margin: 0pt)\n#image("/{}", width: 16cm)\n'
)
HEADINGS = {"h1": "section", "h2": "subsection", "h3": "subsubsection"}
# What stands in LaTeX for a token of Markdown.
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
    """What every macro of a paper stands for, by its name, in TeX.

    Parameters
    ----------
    root : Path
        A results folder: its named numbers have macros even where the paper prints none
        of them, for whoever writes on.
    """

    def __init__(self, root: Path) -> None:
        path = root / "numbers.json"
        named_numbers = macros(read_numbers(path)) if path.is_file() else []
        self._definitions = {name: escape_latex(text) for name, text in named_numbers}

    def number(self, name: str, text: str) -> str:
        """Return the macro of a named number, or of a part of it such as ``a.low``."""
        # What a text calls smallest_visible is Visible in numbers.tex.
        macro_name = macro(name.replace(".smallest_visible", ".visible"))
        definition = escape_latex(text)
        # ``a.b`` and ``a_b`` have one name in TeX, which has no dots and underscores.
        while self._definitions.setdefault(macro_name, definition) != definition:
            macro_name += "Also"
        return f"{macro_name}{{}}"

    def words(self, text: str) -> str:
        """Return a text in TeX with a macro for each number that it writes: years,
        levels, counts of the study.
        """
        pieces = []
        for place, piece in enumerate(NUMBER.split(text)):
            is_number = place % 2 == 1  # words and numbers take turns in the split
            if is_number:
                spelled = [SPELLED[character] for character in piece]
                pieces.append(self.number("_".join(["text", *spelled]), piece))
            else:
                pieces.append(escape_latex(piece))
        return "".join(pieces)

    def tex(self) -> str:
        """Return the definitions of all macros, one a line."""
        return "".join(
            f"\\newcommand{{{name}}}{{{text}}}\n"
            for name, text in self._definitions.items()
        )


def to_latex(
    words: Callable[[str], str], tokens: Sequence[Token], placed: Placed
) -> str:
    """Return parsed Markdown as LaTeX.

    Parameters
    ----------
    words : callable
        From plain text to TeX: ``Macros.words``, or what escapes its characters.
    tokens : sequence of Token
        As the parser of Markdown gives them.
    placed : mapping
        What writes each thing that a text places (a number, a table, a citation), by its
        name.
    """
    return "".join(_latex(words, token, placed) for token in shown_tokens(tokens))


def _latex(words: Callable[[str], str], token: Token, placed: Placed) -> str:
    """Return one token as LaTeX."""
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
    """Write the folder from what the PDF is made of.

    Parameters
    ----------
    folder : Path
        Where ``paper.tex`` and what it reads are written.
    picture : Path
        SVG of the map.
    sources : Table
        Sources of the data.
    context : mapping
        Names that the template of the paper uses, ``prose`` and ``everything`` (all
        exhibits) among them.
    root : Path
        Results folder of the study.
    """
    known = Macros(root)
    prose: Prose = context["prose"]
    placed = _placed(known, context)
    write = partial(to_latex, known.words)
    written = {
        name: prose.written(name, write, placed) for name in ("abstract", "paper")
    }
    texts = {name: GOES_ON.sub("\n", text) for name, text in written.items()}
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, **MARKS
    )
    environment.filters["tex"] = lambda text: known.words(_plain(text))
    cited = prose.cited("abstract", "paper")
    version = context["provenance"]["package"]["version"]
    paper = environment.get_template("paper.tex.j2").render(
        **context,
        texts=texts,
        cites=bool(cited),
        version=known.number("version", version),
    )
    write_text(paper, folder / "paper.tex")
    # The template and the texts have asked for all macros by now.
    write_text(known.tex(), folder / "numbers.tex")
    write_text("\n".join(item.bibtex for item in cited), folder / "references.bib")
    write_text(paper_latex(sources), folder / "tables" / "sources.tex")
    exhibits: Sequence[Exhibit] = context["everything"]
    write_text(_numbered(context), folder / "exhibits.tex")
    for item in exhibits:
        _write_exhibit(item, folder)
    _write_map(picture, folder / "map.pdf")


def _plain(text: str) -> str:
    """Return a title without the marks that keep its years together, in Latin letters."""
    return in_latin(text.replace("\u2060", ""))


def _placed(known: Macros, context: Record) -> Placed:
    """Return what writes in TeX each thing that the texts place, by its name."""
    numbering: Numbering = context["numbering"]

    def exhibit(which: str) -> str:
        folder = "tables" if which.startswith("T") else "figures"
        return f"\\evenfieldinput{{{folder}}}{{{which}}}\n\n"

    def see(which: str, label: str = "") -> str:
        called, in_paper = numbering.seen_from("paper", which)
        if not in_paper:
            return f"{known.words(label or str(called))} of the online appendix"
        if not label:
            return f"\\evenfieldsee{{{which}}}"
        return f"\\hyperref[{which}]{{{known.words(label)}}}"

    def shown_map(_: str = "") -> str:
        if not context["map"]:
            return ""
        title = known.words(f"The {context['study']['units_name']} on the map")
        caption = known.words(in_latin(context["map"]))
        named = known.words(map_mention(context["study"]))
        return f"\\evenfieldsee{{{MAP}}} {named}\n\n\\evenfieldmap{{{title}}}{{{caption}}}\n\n"

    return {
        "cite": lambda key: f"\\citet{{{key}}}",
        "cite_group": lambda *keys: f"\\citep{{{','.join(keys)}}}",
        "number": lambda _, name, text: known.number(name, text),
        "math": lambda tex: f"${tex}$",
        "equation": _equation,
        "eq": lambda name: f"(\\ref{{eq:{name}}})",
        "see": see,
        "table": exhibit,
        "figure": exhibit,
        "claims_table": lambda: exhibit("T0"),
        "map": shown_map,
        "data_sources": lambda: "\\evenfieldinput{tables}{sources}\n\n",
        # No line breaks within a hash, so that lines have no common end.
        "provenance": lambda: (
            f"{{\\raggedright {known.number('made_of', context['made_of'])}\\par}}\n\n"
        ),
    }


def _equation(tex: str, name: str) -> str:
    """Return a numbered equation on lines of its own."""
    return f"\n\\begin{{equation}}\\label{{eq:{name}}}\n{tex}\n\\end{{equation}}"


def _numbered(context: Record) -> str:
    """Return what an exhibit of the paper is called and the files behind it, a line
    each.
    """
    files = {item.id: _files_behind(item) for item in context["everything"]}
    nothing = ("map.pdf", "", "")  # behind the map, which is no exhibit of a topic
    return "".join(
        "\\evenfieldexhibit"
        + "".join(
            f"{{{part}}}"
            for part in (
                which,
                label.kind.lower(),
                label.number,
                *files.get(which, nothing),
            )
        )
        + "\n"
        for which, label in context["numbering"].paper.items()
    )


def _files_behind(item: Exhibit) -> tuple[str, str, str]:
    """Return the data of an exhibit, the file that made it and its git object."""
    path = Path(item.files[".csv"])
    return f"{path.parent.name}/{path.name}", item.script, item.blob


def _write_exhibit(item: Exhibit, folder: Path) -> None:
    """Write a table, or a figure and its picture."""
    is_table = bool(item.html)
    if is_table:
        table = Path(item.files[".paper.tex"]).read_text("utf-8")
        write_text(table, folder / "tables" / f"{item.id}.tex")
        return
    title = escape_latex(in_latin(item.title))
    caption = escape_latex(in_latin(item.caption))
    lines = [
        r"\begin{figure}[tbp]",
        f"\\evenfieldcaption{{{title}}}",
        f"\\evenfieldpicture[{item.in_print:g}]{{figures/{item.id}.pdf}}",
        f"\\evenfieldnote{{{caption}}}",
        r"\end{figure}",
        "",
    ]
    write_text("\n".join(lines), folder / "figures" / f"{item.id}.tex")
    copy_file(item.files[".pdf"], folder / "figures" / f"{item.id}.pdf")


def _write_map(picture: Path, path: Path) -> None:
    """Write the map as a PDF of its own size; an empty one where there is no map."""
    # The types of Typst want a root of the type of the source, which bytes cannot name.
    content = typst.compile(  # type: ignore[type-var]
        MAP_PAGE.format(picture.name).encode(),
        root=str(picture.parent),
        ignore_system_fonts=True,  # which differ between machines
        timestamp=0,  # so that the bytes are the same
    )
    write_bytes(content, path)
