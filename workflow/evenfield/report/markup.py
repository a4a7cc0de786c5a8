"""A subset of Markdown as HTML and as Typst, from one parse; what a text places in it
stands there as marks.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from evenfield.shared.tables.typst import SPECIAL, typst_string
from evenfield.study.errors import ReportError

# A mark stands in the text between two characters that no author writes, its parts
# apart by a third.
START = "\ue001"
END = "\ue002"
APART = "\ue003"
SILENT = "\ue000"  # what a condition that holds leaves behind
MARK = re.compile(f"{START}(.*?){END}")
# The number of the line of its source from which a part of a text comes.
LINE = re.compile("\ue004(\\d+)\ue005")
INLINE = ("see", "cite", "cite_group")
KNOWN = (
    "heading paragraph inline text softbreak hardbreak em strong link bullet_list"
    " ordered_list list_item mark block"
).split()
CONTAINER = re.compile(rf"^((?:{LINE.pattern})*):::[ \t]*([a-z]*)[ \t]*$", re.MULTILINE)
Placed = Mapping[str, Callable[..., str]]


class Mark(str):
    """Text that a template prints as it is."""

    __slots__ = ()


def mark(name: str, *args: str) -> Mark:
    """Return the mark of what a renderer puts in later; a block stands as a paragraph
    of its own.
    """
    marked = f"{START}{APART.join([name, *args])}{END}"
    return Mark(marked if name in INLINE else f"\n\n{marked}\n\n")


def marks(text: str) -> list[list[str]]:
    """Return the name and the arguments of every mark in a text."""
    return [match.split(APART) for match in MARK.findall(text)]


def at_line(number: int) -> str:
    """Return what says in a text from which line of its source the next part comes."""
    return f"\ue004{number}\ue005"


def without_lines(text: str) -> tuple[str, list[int]]:
    """Return a text without the numbers of its source's lines, and the number for each
    of its own lines; 0 where none is known.
    """
    lines = list[int]()
    number = 0
    for line in text.split("\n"):
        named = LINE.search(line)
        number = int(named[1]) if named else number
        lines.append(number)
    return LINE.sub("", text), lines


def tokens_of(text: str) -> list[Token]:
    """Parse a text; a paragraph that is nothing but a block becomes one token.

    The metadata of each token hold the ``line`` of the text's source.
    """
    markdown = MarkdownIt("commonmark", {"html": False, "typographer": True}).enable(
        ["smartquotes", "table"]
    )
    text = CONTAINER.sub(
        lambda tokens: (
            (tokens[1] or "")
            + (mark("open", tokens[3]) if tokens[3] else mark("close"))
        ),
        text,
    )
    text, lines = without_lines(text)
    tokens = markdown.parse(text)
    line = 0
    for at, token in enumerate(tokens):
        line = lines[token.map[0]] if token.map else line
        token.meta["line"] = line
        kind = token.type.removesuffix("_open").removesuffix("_close")
        if kind not in KNOWN or token.tag in ("h4", "h5", "h6"):
            content = next(
                (after.content for after in tokens[at:] if after.content), ""
            )
            raise _unknown(kind, content, line)
    out: list[Token] = []
    for token in tokens:
        first = token.map[0] if token.map else 0
        token.children = _with_marks(token.children or [], lines[first:])
        if token.type == "paragraph_close" and _is_block(out[-1]):
            inline = out.pop()
            out[-1:] = [
                child for child in inline.children or [] if child.type == "mark"
            ]
        else:
            out.append(token)
    return out


def _unknown(kind: str, content: str, line: int) -> ReportError:
    shown = " ".join(content.split())[:40]
    fault = f"{kind.replace('_', ' ')} '{shown}' is not part of the syntax"
    return _refused(
        line,
        fault,
        "headings of three levels, paragraphs, lists, emphasis, links",
        "write it so",
    )


def _refused(line: int, fault: str, expected: str, action: str) -> ReportError:
    error = ReportError(fault, expected, action)
    error.line = line
    return error


def _with_marks(children: Sequence[Token], lines: Sequence[int]) -> list[Token]:
    """Return the parts of a paragraph with its marks as parts of their own; ``lines``
    are the lines of the source.
    """
    out: list[Token] = []
    breaks = 0
    for child in children:
        line = lines[min(breaks, len(lines) - 1)]
        child.meta["line"] = line
        breaks += child.type in ("softbreak", "hardbreak")
        if (
            child.type not in KNOWN
            and child.type.removesuffix("_open").removesuffix("_close") not in KNOWN
        ):
            content = child.content or str(child.attrs.get("src", ""))
            raise _unknown(child.type, content, line)
        if child.type == "link_open" and not child.attrs.get("href"):
            fault = "a link that leads nowhere"
            raise _refused(line, fault, "[words](address)", "write its address")
        if SILENT in child.content and child.content.strip() != SILENT:
            fault = "must() stands beside a text"
            raise _refused(line, fault, "must() alone on its line", "break the line")
        if child.type == "softbreak" and out and out[-1].content == SILENT:
            out.pop()
        elif child.type != "text":
            out.append(child)
        else:
            for number, part in enumerate(MARK.split(child.content)):
                if part:
                    kind = "mark" if number % 2 else "text"
                    meta = {"line": line}
                    out.append(Token(kind, "", 0, content=part, meta=meta))
    while out and (out[-1].content == SILENT or out[-1].type == "softbreak"):
        out.pop()
    return out


def _is_block(token: Token) -> bool:
    children = token.children or []
    blocks = [
        c
        for c in children
        if c.type == "mark" and c.content.split(APART)[0] not in INLINE
    ]
    return token.type == "inline" and len(blocks) == len(children)


def place(token: Token, placed: Placed) -> str:
    """Return what stands for a mark."""
    name, *args = token.content.split(APART)
    line = token.meta.get("line", 0)
    if name not in placed:
        expected = f"one of {', '.join(sorted(placed))}"
        raise _refused(
            line, f"{name}() has no place in this text", expected, "remove it"
        )
    return placed[name](*args)


def to_html(tokens: Sequence[Token], placed: Placed) -> str:
    """Write parsed text as HTML; headings have ids, a container is a box whose
    third-level sections are cards.
    """
    renderer = RendererHTML()
    options = MarkdownIt("commonmark").options
    rules: dict[str, Any] = renderer.rules
    rules["mark"] = lambda fault, at, *_: place(fault[at], placed)
    out: list[str] = []
    inside = cards = 0
    for part in _blocks(tokens):
        first = part[0]
        name, *args = first.content.split(APART) if first.type == "mark" else [""]
        if cards and (name == "close" or first.tag == "h3"):
            out.append("</section>\n")
            cards = 0
        if first.tag == "h3" and inside:
            out.append('<section class="card">\n')
            cards = 1
        if name in ("open", "close"):
            inside = int(name == "open")
            out.append(f'<div class="{escape(args[0])}">\n' if inside else "</div>\n")
            continue
        if first.type == "heading_open":
            first.attrSet("id", slug(part[1].content))
        out.append(renderer.render(part, options, {}))
    return "".join(out)


def slug(title: str) -> str:
    """Return the id of a heading."""
    return "-".join(re.findall(r"[a-z0-9]+", MARK.sub("", title).lower()))


def _blocks(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    part: list[Token] = []
    depth = 0
    for token in tokens:
        part.append(token)
        depth += token.nesting
        if not depth:
            yield part
            part = []


def to_typst(tokens: Sequence[Token], placed: Placed) -> str:
    """Write parsed text as Typst markup."""
    shown = [
        token
        for token in tokens
        if token.type != "mark"
        or token.content.split(APART)[0] not in ("open", "close")
    ]
    return "".join(_typst(token, placed) for token in shown)


TYPST = {
    "paragraph_open": "",
    "paragraph_close": "\n\n",
    "heading_close": "\n\n",
    "list_item_open": "[",
    "list_item_close": "],",
    "bullet_list_open": "#list(",
    "bullet_list_close": ");\n\n",
    "ordered_list_open": "#enum(",
    "ordered_list_close": ");\n\n",
    "em_open": "#emph[",
    "em_close": "];",
    "strong_open": "#strong[",
    "strong_close": "];",
    "link_close": "];",
    "softbreak": " ",
    "hardbreak": " \\ ",
}


def _typst(token: Token, placed: Placed) -> str:
    match token.type:
        case "inline":
            text = "".join(_typst(child, placed) for child in token.children or [])
            # A number and a full stop at the start would open a numbered list.
            return re.sub(r"^(\d+)\.", r"\1\\.", text)
        case "text":
            return SPECIAL.sub(r"\\\1", token.content)
        case "heading_open":
            return f"{'=' * int(token.tag[1])} "
        case "link_open":
            return f"#link({typst_string(str(token.attrs['href']))})["
        case "mark":
            return place(token, placed)
    return "" if token.hidden else TYPST[token.type]
