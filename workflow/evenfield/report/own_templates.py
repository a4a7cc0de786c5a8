"""The texts of the library itself, which serve studies that nobody has seen: Jinja
templates with branches and loops, filled with what a study is called and has found.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, Undefined

from evenfield.report.printable import noun, printed, with_article, word
from evenfield.shared.tables import in_words

# An exhibit that a template places by its own words.
# An expression or a statement.
BRACES = re.compile(r"(\{\{.*?\}\}|\{%.*?%\})", re.DOTALL)
PLACED = re.compile(r"\b(?:table|figure)\(\"(\w+)\"\)")


@cache
def _environment() -> Environment:
    environment = Environment(
        undefined=StrictUndefined,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # words are escaped by the writers of page and paper
    )
    environment.filters |= {"word": word, "noun": noun, "with_article": with_article}
    environment.filters |= {"in_words": in_words}
    return environment


def _printed(value: object) -> str:
    # A condition without `else` prints nothing; a name that is not there says so.
    return str(value) if isinstance(value, Undefined) else printed(value)


def worded(source: str, words: Callable[[str], str]) -> str:
    """Return a template whose own words are put as a study has them; what stands between
    braces is none of them.
    """
    parts = BRACES.split(source)
    return "".join(
        part if number % 2 else words(part) for number, part in enumerate(parts)
    )


def filled_template(source: str, names: dict[str, Any]) -> str:
    """Return a template with what its names stand for."""
    return _template(source).render(names)


@cache
def _template(source: str) -> Template:
    return _environment().from_string(source)


def placed_by(source: str) -> set[str]:
    """Return the exhibits that a template places by its own words, in any branch."""
    return set(PLACED.findall(source))
