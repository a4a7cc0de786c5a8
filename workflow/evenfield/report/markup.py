"""A subset of Markdown as HTML and as Typst, from one parse; what a text places in it
stands there as marks.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
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
# What Markdown would read within a mark, as in a unit called Jammu_&_Kashmir, stands in
# it as characters that no author writes.
READ = "\\`*_[]{}<>&!|~'\""
HIDDEN = {ord(sign): 0xE100 + ord(sign) for sign in READ}
SHOWN = {hidden: sign for sign, hidden in HIDDEN.items()}
# The number of the line of its source from which a part of a text comes.
LINE = re.compile("\ue004(\\d+)\ue005")
INLINE = ("see", "cite", "cite_group", "number", "math", "equation", "eq")
KNOWN = (
    "heading paragraph inline text softbreak hardbreak em strong link bullet_list"
    " ordered_list list_item mark block"
).split()
CONTAINER = re.compile(rf"^((?:{LINE.pattern})*):::[ \t]*([a-z]*)[ \t]*$", re.MULTILINE)
OPENS = "opens"  # a box that is closed until a reader opens it
Placed = Mapping[str, Callable[..., str]]


class Mark(str):
    """Text that a template prints as it is."""

    __slots__ = ()


def mark(name: str, *args: str) -> Mark:
    """Return the mark of what a renderer puts in later; a block stands as a paragraph
    of its own.
    """
    marked = f"{START}{APART.join([name, *args]).translate(HIDDEN)}{END}"
    return Mark(marked if name in INLINE else f"\n\n{marked}\n\n")


def marks(text: str) -> list[list[str]]:
    """Return the name and the arguments of every mark in a text."""
    return [match.translate(SHOWN).split(APART) for match in MARK.findall(text)]


def plain(text: str) -> str:
    """Return a text without marks; numbers stand as they are printed."""

    def printed(match: re.Match[str]) -> str:
        kind, *args = match[1].translate(SHOWN).split(APART)
        return args[-1] if kind == "number" else ""

    return MARK.sub(printed, text)


def in_plain_words(text: str, placed: Placed) -> list[str]:
    """Return what a reader sees of each paragraph and heading, without Markdown."""
    return [
        "".join(_plain_words(part, placed) for part in token.children or [])
        for token in tokens_of(text)
        if token.type == "inline"
    ]


def _plain_words(part: Token, placed: Placed) -> str:
    match part.type:
        case "text":
            return part.content
        case "mark":
            return filled(part, placed)
        case "softbreak" | "hardbreak":
            return " "
    return ""  # signs of Markdown


def at_line(number: int) -> str:
    """Return what says in a text from which line of its source the next part comes."""
    return f"\ue004{number}\ue005"


def without_lines(text: str) -> tuple[str, list[int]]:
    """Return a text without the numbers of its source's lines, and the number for each
    of its own lines; 0 where none is known.
    """
    lines = [0]
    for line in text.split("\n"):
        named = LINE.search(line)
        lines.append(int(named[1]) if named else lines[-1])
    return LINE.sub("", text), lines[1:]


def tokens_of(text: str) -> list[Token]:
    """Parse a text; a paragraph that is nothing but a block becomes one token.

    The metadata of each token hold the ``line`` of the text's source.
    """
    markdown = MarkdownIt("commonmark", {"html": False, "typographer": True})
    markdown.enable(["smartquotes", "table"])
    text, lines = without_lines(CONTAINER.sub(_box_mark, text))
    tokens = markdown.parse(text)
    line = 0
    for number, token in enumerate(tokens):
        line = lines[token.map[0]] if token.map else line
        token.meta["line"] = line
        if _kind(token) not in KNOWN or token.tag in ("h4", "h5", "h6"):
            contents = [after.content for after in tokens[number:] if after.content]
            raise _unknown(_kind(token), "".join(contents[:1]), line)
    out: list[Token] = []
    for token in tokens:
        first = token.map[0] if token.map else 0
        token.children = _with_marks(token.children or [], lines[first:])
        if token.type == "paragraph_close" and _is_block(out[-1]):
            # A paragraph is three tokens: its marks take the place of all three.
            inline = out.pop()
            out[-1:] = [part for part in inline.children or [] if part.type == "mark"]
        else:
            out.append(token)
    return out


def _box_mark(box: re.Match[str]) -> str:
    return (box[1] or "") + (mark("open", box[3]) if box[3] else mark("close"))


def _kind(token: Token) -> str:
    return token.type.removesuffix("_open").removesuffix("_close")


def _name(token: Token) -> str:
    """Return the name of a mark, nothing for any other token."""
    return token.content.split(APART)[0] if token.type == "mark" else ""


def _unknown(kind: str, content: str, line: int) -> ReportError:
    shown = " ".join(content.split())[:40]
    error = ReportError(
        f"{kind.replace('_', ' ')} '{shown}' is not part of the syntax",
        "headings of three levels, paragraphs, lists, emphasis, links",
        "write it so",
    )
    return error.at_line(line)


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
        if _kind(child) not in KNOWN:
            content = child.content or str(child.attrs.get("src", ""))
            raise _unknown(child.type, content, line)
        if child.type == "link_open" and not child.attrs.get("href"):
            error = ReportError(
                "a link that leads nowhere", "[words](address)", "write its address"
            )
            raise error.at_line(line)
        if SILENT in child.content and child.content.strip() != SILENT:
            error = ReportError(
                "must() stands on the line of a text",
                "must() alone on its line",
                "break the line",
            )
            raise error.at_line(line)
        if child.type == "softbreak" and out and out[-1].content == SILENT:
            out.pop()
        elif child.type != "text":
            out.append(child)
        else:
            # Every second part of the split is what a mark holds.
            for number, part in enumerate(MARK.split(child.content)):
                kind = "mark" if number % 2 else "text"
                content = part.translate(SHOWN)
                token = Token(kind, "", 0, content=content, meta={"line": line})
                out += [token] if part else []
    while out and (out[-1].content == SILENT or out[-1].type == "softbreak"):
        out.pop()
    return out


def _is_block(token: Token) -> bool:
    names = [_name(child) for child in token.children or []]
    return token.type == "inline" and not {*names} & {"", *INLINE}


def filled(token: Token, placed: Placed) -> str:
    """Return what stands for a mark."""
    name, *args = token.content.split(APART)
    if name not in placed:
        error = ReportError(
            f"{name}() has no place in this text",
            f"one of {', '.join(sorted(placed))}",
            "remove it",
        )
        raise error.at_line(token.meta.get("line", 0))
    return placed[name](*args)


def to_html(tokens: Sequence[Token], placed: Placed) -> str:
    """Write parsed text as HTML; headings have ids, a container is a box whose
    third-level sections are cards.
    """
    renderer = RendererHTML()
    options = MarkdownIt("commonmark").options
    rules: dict[str, Any] = renderer.rules
    rules["mark"] = partial(_mark_html, placed)
    out: list[str] = []
    in_box = False
    in_card = False
    to_open = False  # whether the next paragraph names what opens
    closing = "</div>\n"
    for part in _blocks(tokens):
        first = part[0]
        name = _name(first)
        if in_card and (name == "close" or first.tag == "h3"):
            out.append("</section>\n")
            in_card = False
        if first.tag == "h3" and in_box:
            out.append('<section class="card">\n')
            in_card = True
        if name in ("open", "close"):
            in_box = name == "open"
            box = first.content.removeprefix(f"open{APART}")
            if in_box:
                to_open = box == OPENS
                closing = "</details>\n" if to_open else "</div>\n"
                out.append(
                    "<details>\n" if to_open else f'<div class="{escape(box)}">\n'
                )
            else:
                out.append(closing)
            continue
        if to_open:
            words = [token for token in part if token.type == "inline"]
            out.append(f"<summary>{renderer.render(words, options, {})}</summary>\n")
            to_open = False
            continue
        if first.type == "heading_open":
            first.attrSet("id", slug(part[1].content))
        out.append(renderer.render(part, options, {}))
    return "".join(out)


def _mark_html(placed: Placed, tokens: Sequence[Token], number: int, *_: object) -> str:
    """Return what stands for a mark; a number in a link is no button in it."""
    before = sum(token.nesting for token in tokens[:number] if token.tag == "a")
    if before and _name(tokens[number]) == "number":
        return escape(tokens[number].content.split(APART)[-1])
    return filled(tokens[number], placed)


def slug(title: str) -> str:
    """Return the id of a heading."""
    return "-".join(re.findall(r"[a-z0-9]+", plain(title).lower()))


def _blocks(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    part: list[Token] = []
    depth = 0  # of tags that are open
    for token in tokens:
        part.append(token)
        depth += token.nesting
        if not depth:
            yield part
            part = []


def to_typst(tokens: Sequence[Token], placed: Placed) -> str:
    """Write parsed text as Typst markup."""
    return "".join(_typst(token, placed) for token in shown_tokens(tokens))


def shown_tokens(tokens: Sequence[Token]) -> list[Token]:
    """Return the parts of a text that are printed; a box is only of a page."""
    return [token for token in tokens if _name(token) not in ("open", "close")]


def typst_text(text: str) -> str:
    """Return a text so that Typst prints it as it is."""
    return SPECIAL.sub(r"\\\1", text)


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
    "softbreak": " ",  # a line end inside a paragraph
    "hardbreak": " \\ ",
}


def _typst(token: Token, placed: Placed) -> str:
    match token.type:
        case "inline":
            text = "".join(_typst(child, placed) for child in token.children or [])
            # A number and a full stop at the start would open a numbered list.
            return re.sub(r"^(\d+)\.", r"\1\\.", text)
        case "text":
            return typst_text(token.content)
        case "heading_open":
            return f"{'=' * int(token.tag[1])} "
        case "link_open":
            return f"#link({typst_string(str(token.attrs['href']))})["
        case "mark":
            return filled(token, placed)
    return "" if token.hidden else TYPST[token.type]
