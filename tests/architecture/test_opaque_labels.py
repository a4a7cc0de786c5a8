"""A row says in its field ``asked`` what it asks of the library: calls, tables, figures and
texts read that, and take no label of the row apart.
"""

import ast
from collections.abc import Iterator, Set
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[2] / "workflow" / "evenfield"
# What is printed, where an underscore or a hyphen of a label is replaced.
PRINTED = [
    path
    for pattern in (
        "topics/*/[teft]*.py",
        "shared/tables/*.py",
        "shared/figures/*.py",
        "report/*.py",
        "answers/*.py",
        "opened/*.py",
    )
    for path in sorted(LIBRARY.glob(pattern))
    if not path.name.startswith("estimate")
]
LABELS = {"estimator", "period", "sample_id", "term", "role", "warning"}
# Where a printed label is read all the same, and why.
EXCEPTIONS = {
    "topics/design/table.py": "a line of series.csv, whose term is two columns",
    "topics/spatial_panel/table.py": "a part of a warning is printed as it is",
    "report/short_evidence.py": "a part of a warning is printed elsewhere",
    "report/evidence.py": "a variable is named as a word in a term of any estimator",
    "answers/study.py": "the years of the figures stand in warnings alone",
}
CALLS = sorted(LIBRARY.glob("topics/*/call*.py"))
CALLS += sorted(LIBRARY.glob("shared/**/calls.py"))
PARSING = {
    *("startswith", "endswith", "partition", "rpartition", "split", "rsplit"),
    *("removeprefix", "removesuffix", "replace", "strip", "lstrip", "rstrip"),
    *("find", "rfind", "index", "rindex", "splitlines"),
}
# Of a printed label these change letters alone.
LETTERS = {"replace", "strip", "lstrip", "rstrip"}
# Of a column of labels.
OF_COLUMNS = {"contains", "extract", "extractall", "fullmatch", "match", "slice"}
# Of the module `re`; a compiled pattern has them too.
PATTERNS = {"findall", "finditer", "fullmatch", "match", "search", "sub"}
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def labels_taken_apart(tree: ast.AST, allowed: Set[str] = frozenset()) -> Iterator[str]:
    """Yield what takes a label of a row apart, but by methods that are allowed."""
    for function in ast.walk(tree):
        if not isinstance(function, FUNCTIONS):
            continue
        labels = _names_of_labels(function)
        for node in ast.walk(function):
            parsed = isinstance(node, ast.Call) and _takes_apart(node, labels)
            parsed = parsed and getattr(node.func, "attr", "") not in allowed
            inside = isinstance(node, ast.Compare) and _looks_inside(node, labels)
            if parsed or inside:
                yield f"line {node.lineno}: {ast.unparse(node)}"


def _names_of_labels(function: ast.AST) -> set[str]:
    """Return the names that are bound to a label of a row, or to what is made of one."""
    labels: set[str] = set()
    known = -1
    while known < len(labels):  # one name may be bound to another
        known = len(labels)
        for node in ast.walk(function):
            for target, value in _bound(node):
                if _is_label(value, labels):
                    labels |= {
                        name.id
                        for name in ast.walk(target)
                        if isinstance(name, ast.Name)
                    }
    return labels


def _bound(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield what a statement or an expression binds, and to what; element by element
    where both sides are tuples.
    """
    if isinstance(node, ast.Assign):
        pairs = [(target, node.value) for target in node.targets]
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        pairs = [(node.target, node.value)]
    elif isinstance(node, ast.For | ast.comprehension):
        pairs = [(node.target, node.iter)]
    else:
        pairs = []
    for target, value in pairs:
        tuples = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
        if tuples and len(target.elts) == len(value.elts):
            yield from zip(target.elts, value.elts, strict=True)
        else:
            yield target, value


def _is_label(value: ast.expr, labels: set[str]) -> bool:
    """Say whether an expression is a label of a row, one of two, or a text with one."""
    if isinstance(value, ast.Subscript):
        return _is_row(value.value)
    if isinstance(value, ast.Name):
        return value.id in labels
    if isinstance(value, ast.Call):
        function = value.func
        if isinstance(function, ast.Attribute) and _is_row(function.value):
            return function.attr == "get"
        # str(row["term"]); what another function makes of a label is its own.
        texts = {"str", "list", "tuple"}
        of_text = isinstance(function, ast.Name) and function.id in texts
        methods = {"lower", "upper", *PARSING}
        of_label = isinstance(function, ast.Attribute) and function.attr in methods
        parts = value.args if of_text else []
        parts = [*parts, function.value] if of_label else parts
        return any(_is_label(part, labels) for part in parts)
    if isinstance(value, ast.Compare | ast.Dict | ast.Constant | FUNCTIONS):
        return False
    parts = [part for part in ast.iter_child_nodes(value) if isinstance(part, ast.expr)]
    return any(_is_label(part, labels) for part in parts)


def _is_named_label(value: ast.expr) -> bool:
    """Say whether an expression is a column of a row that holds labels."""
    return (
        isinstance(value, ast.Subscript)
        and _is_row(value.value)
        and isinstance(value.slice, ast.Constant)
        and value.slice.value in LABELS
    )


class WithoutOthers(ast.NodeTransformer):
    """Code without the columns of rows that hold no labels, such as numbers and names."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """Return another expression in the place of such a column."""
        self.generic_visit(node)
        other = _is_row(node.value) and not _is_named_label(node)
        return ast.Constant(value=None) if other else node


def _is_column(value: ast.expr) -> bool:
    """Say whether an expression is the texts of a column of labels: own["term"].str."""
    return (
        isinstance(value, ast.Attribute)
        and value.attr == "str"
        and isinstance(value.value, ast.Subscript)
        and isinstance(value.value.slice, ast.Constant)
        and value.value.slice.value in LABELS
    )


def _is_row(value: ast.expr) -> bool:
    """Say whether an expression is a row by its name: row, self.row."""
    if isinstance(value, ast.Attribute):
        return value.attr == "row"
    return isinstance(value, ast.Name) and value.id == "row"


def _takes_apart(call: ast.Call, labels: set[str]) -> bool:
    """Say whether a call of a method takes a label apart, by itself or by a pattern."""
    if isinstance(call.func, ast.Name):
        # int(row["period"])
        is_number = call.func.id in {"int", "float"}
        return is_number and any(map(_is_named_label, call.args))
    if not isinstance(call.func, ast.Attribute):
        return False
    if _is_column(call.func.value):
        return call.func.attr in PARSING | OF_COLUMNS
    if call.func.attr in PATTERNS:
        return any(_is_label(given, labels) for given in call.args)
    return call.func.attr in PARSING and _is_label(call.func.value, labels)


def _looks_inside(comparison: ast.Compare, labels: set[str]) -> bool:
    """Say whether a text is looked for inside a label: "_change" in row["estimator"]."""
    sides = zip(comparison.ops, comparison.comparators, strict=True)
    return any(
        isinstance(how, ast.In | ast.NotIn) and _is_label(where, labels)
        for how, where in sides
        # A label among others is one of them, or none: in (row["term"], "").
        if not isinstance(where, ast.Tuple | ast.List | ast.Set)
    )


@pytest.mark.parametrize("path", CALLS, ids=lambda path: path.parent.name)
def test_no_call_is_found_by_taking_a_label_apart(path):
    found = [*labels_taken_apart(ast.parse(path.read_text("utf-8")))]
    assert not found, (
        f"{path.relative_to(LIBRARY)}: {found}; let the estimate say it"
        " (`asked=asking(...)` in evenfield.shared.estimates), and read `asked_of(row)`"
    )


@pytest.mark.parametrize(
    "path", PRINTED, ids=lambda path: path.relative_to(LIBRARY).as_posix()
)
def test_nothing_printed_is_found_by_taking_a_label_apart(path):
    name = path.relative_to(LIBRARY).as_posix()
    tree = WithoutOthers().visit(ast.parse(path.read_text("utf-8")))
    found = [*labels_taken_apart(tree, LETTERS)]
    if name in EXCEPTIONS:
        assert found, f"{name} takes no label apart any more: no exception"
    else:
        assert not found, (
            f"{name}: {found}; read what the row says (`with_asked(rows, ...)`)"
        )


@pytest.mark.parametrize(
    "line",
    [
        'row["estimator"].startswith("logt_")',
        'first, last = map(int, row["period"].split("-"))',
        'term = row["term"]; kind = term.partition("_")[0]',
        'term, name = row["term"], ""; term.removesuffix("_sd")',
        '(row["contrast"] or row["term"]).replace("x", "")',
        'years = re.findall("[0-9]+", row["period"])',
        'year = int(row["period"])',
        'own["estimator"].str.startswith("logt")',
        'own["term"].str.extract("([0-9]+)")',
        'estimator = str(asked.row["estimator"]).lower(); estimator.endswith("_cr3")',
        'row.get("warning", "").split(": ")',
        'estimator = row["estimator"]; changes = "_change" in estimator',
    ],
)
def test_a_label_that_is_taken_apart_is_seen(line):
    tree = ast.parse(f"def call(study, row):\n    {line}")
    assert [*labels_taken_apart(tree)]


@pytest.mark.parametrize(
    "line",
    [
        'row["estimator"] == "equivalence"',
        'row["estimator"] in ("kappa", COUNT)',
        'period in (row["period"], "all")',
        'TERMS[row["term"]].split()',
        'asked_of(row)["first"]',
        "f\"{row['term']} at the end\"",
        'spec = specification(specs, row); spec.model.replace("a", "b")',
        'float(row["estimate"])',
        'own["name"].str.startswith("a")',
    ],
)
def test_a_label_may_be_held_against_another_and_looked_up(line):
    tree = ast.parse(f"def call(study, row):\n    {line}")
    assert not [*labels_taken_apart(tree)]
