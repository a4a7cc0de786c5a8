"""How much there is to read in each room of the library, frozen at what was reached: a
feature that needs more says so in the commit that raises it (docs/decisions/0029-models.md).
"""

import ast
import io
import tokenize
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[2] / "workflow" / "evenfield"
# In thousands of tokens, rounded up.
MOST = {
    "answers": 11,
    "api": 79,  # a picture for each field, a map; what a notebook shows
    "models": 32,
    "newstudy": 81,
    "numerics": 113,
    "opened": 5,
    "report": 60,
    "shared": 48,
    "study": 39,
    "topics": 214,  # rows say what they ask of the library
}
LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef


def tokens_to_read(text: str) -> int:
    """Return the tokens but layout, docstrings and commas that only open a line; an
    f-string is one, as it is before Python 3.12.
    """
    docstrings = {
        node.body[0].lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None
    }
    count = 0
    comma = False
    inside = 0  # f-strings
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        is_docstring = token.type == tokenize.STRING and token.start[0] in docstrings
        name = tokenize.tok_name[token.type]
        inside -= name == "FSTRING_END"
        if token.type in LAYOUT or is_docstring or inside:
            continue
        inside += name == "FSTRING_START"
        count += 1 - (comma and token.string in {")", "]", "}"})
        comma = token.string == ","
    return count


@pytest.mark.parametrize("room", MOST)
def test_a_room_has_no_more_to_read_than_it_had(room):
    files = sorted((LIBRARY / room).rglob("*.py"))
    tokens = sum(tokens_to_read(path.read_text("utf-8")) for path in files)
    assert tokens <= 1000 * MOST[room], (
        f"{room} has {tokens:,} tokens, {MOST[room]},000 are allowed: say it in fewer, or"
        " raise MOST here and give the reason in the commit"
    )


def test_every_room_has_its_measure():
    rooms = {path.parent.name for path in LIBRARY.glob("*/__init__.py")}
    assert rooms == set(MOST)


def test_what_only_lays_out_a_text_does_not_count():
    opened = (
        'def f():\n    """Say."""\n    return [\n        1,  # one\n        2,\n    ]\n'
    )
    assert tokens_to_read(opened) == tokens_to_read("def f():\n    return [1, 2]\n")
    assert tokens_to_read('x = f"{a + b} c"\n') == 3
