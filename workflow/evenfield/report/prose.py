"""The texts of a study: Markdown with named numbers and conditions, read once, written
as HTML and as Typst.
"""

import re
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property, lru_cache, partial
from html import escape
from itertools import chain, pairwise
from operator import attrgetter
from pathlib import Path
from typing import Any, get_args

from jinja2 import Template, TemplateError, TemplateSyntaxError, Undefined, nodes
from markdown_it.token import Token

from evenfield.answers.spec import Kind
from evenfield.report.bibliography import Reference, read_references
from evenfield.report.markup import (
    SILENT,
    Mark,
    Placed,
    mark,
    marks,
    plain,
    slug,
    to_html,
    to_typst,
    tokens_of,
    typst_text,
    without_lines,
)
from evenfield.report.numbers import Number
from evenfield.report.quantifiers import GUARDS, quantifier_faults
from evenfield.report.template import (
    ROUNDS,
    SYNTAX,
    FaultInLine,
    RoundCounter,
    Sandbox,
    Value,
    box_faults,
    template_environment,
    template_faults,
    with_lines,
)
from evenfield.shared.tables.numbers import is_missing, p_value
from evenfield.study import letters
from evenfield.study.errors import (
    EvenfieldError,
    Faults,
    ReportError,
    first_examples,
    nearest,
    not_known,
)
from evenfield.study.files import Record

LARGEST = 1_000_000  # bytes of a text or of its references
COUNTS = (
    "no one two three four five six seven eight nine ten eleven twelve thirteen"
    " fourteen fifteen sixteen seventeen eighteen nineteen"
).split()
# from two times ten on
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
# What a text may place beside tables and figures; each renderer says which of them it
# knows.
BLOCKS = (
    "map units_table statements answer_counts claims_table rest methods assumptions"
    " data_sources"
).split()
PLACING = ("table", "figure", "claims_table")
OF_EXHIBITS = ("see", "table", "figure")
# What a section finds of the text that calls it: its word, and the exhibits that stand
# in it.
DOCUMENT = "document_that_calls"
PLACED = "exhibits_that_stand"
# What a text may name beside its blocks; a run fills them.
GIVEN = (
    "n answers later counts kinds total questions claims words vintage study income units"
    " years proxy made section sections in_short limits briefs headline whose origin"
).split()
# of a number
PARTS = ("low", "high", "p", "p_is", "interval", "smallest_visible", "unit")
GROUP = re.compile(r"(?<!\\)\[(@[^\[\]]*)\]")
CITE = re.compile(r"(?<![\\\w])@([A-Za-z][\w-]*)")
# A named number, of which study, with the words behind it.
MEASURED = re.compile(r"\{\{\s*(\w+)\.(\w+)(?:\.\w+)?\s*\}\}(%?(?:[ \t]+[a-z%]+){0,5})")
A_YEAR = re.compile(r"\b(a|per) year\b")
ANNUAL = re.compile(r"/yr|\b(a|per) year\b")
# Measures of which no number is so many times another.
DIFFERENCE = re.compile(r"change of|difference|percentage points|pp\b|%|log|s\.d\.")
# By which a text may have several wordings.
CONDITIONS = (
    nodes.If,
    nodes.For,
    nodes.CondExpr,
    nodes.Compare,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Test,
)
# What Markdown would read as more than a letter, in words that a template prints.
MARKED = re.compile(r"([\\`*_\[\]<>@])")


class Part:
    """A number as a text sees it: what it prints, its parts, ``value`` for conditions,
    and the name under which a page opens its evidence.
    """

    def __init__(
        self,
        name: str,
        text: str,
        value: float | None,
        evidence: str = "",
        **parts: object,
    ) -> None:
        self.name = name
        self.text = text
        self.evidence = evidence
        self.value = Value("nan" if value is None else value)
        self.__dict__.update(parts)

    def __str__(self) -> str:
        return self.text

    def _whole(self, _: object) -> Any:
        raise ReportError(
            f"{self.name} is compared or computed with as a whole",
            f"{self.name}.value in a condition",
            "add .value",
        )

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _whole
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _whole
    __truediv__ = __rtruediv__ = __pow__ = __rpow__ = __mod__ = _whole
    __hash__ = object.__hash__  # a class with __eq__ has none of its own

    def __getattr__(self, part: str) -> object:
        # What Python and Jinja ask for on their own is no part of a number.
        if part.startswith("_"):
            raise AttributeError(part)
        expected = f"one of value, {', '.join(PARTS)}"
        action = nearest(part, ("value", *PARTS), "correct it")
        if part in PARTS:
            expected = "a number that rests on a test"
            action = "leave it out"
        raise ReportError(f"{self.name} has no {part}", expected, action)


def part_of(name: str, number: Number, evidence: str = "") -> Part:
    """Return a named number as a text sees it."""

    def part(key: str, text: str, value: float | None = None) -> Part:
        return Part(f"{name}.{key}", text, value, evidence)

    parts: dict[str, Any] = {}
    for end in ("low", "high", "smallest_visible"):
        value = getattr(number, end)
        if not is_missing(value):
            parts[end] = part(end, number.written(value), value)
    if number.interval:
        parts["interval"] = part("interval", number.interval)
    if number.unit:
        parts["unit"] = number.unit
    if not is_missing(number.p):
        text = p_value(number.p)
        parts["p"] = part("p", text, number.p)
        parts["p_is"] = part("p_is", f"p {'' if text[0] in '<>' else '= '}{text}")
    parts["_measure"] = number.measure  # for what is written behind it
    return Part(name, number.text, number.value, evidence, **parts)


class Lookup:
    """Names that a text may use, which refuse one that is not among them."""

    def __init__(self, what: str, content: Record) -> None:
        self._what = what
        self._content = content

    def __getitem__(self, name: str) -> object:
        if name not in self._content:
            raise ReportError(*not_known(self._what, name, sorted(self._content)))
        return self._content[name]

    def units_of(self, name: str) -> tuple[str, str] | None:
        """Return the unit that a number names and the one that it has, which is that of
        its row if it names none; nothing where there is no such number.
        """
        number = self._content.get(name)
        if number is None:
            return None
        unit = str(vars(number).get("unit", ""))
        return unit, unit or str(vars(number).get("_measure", ""))


def names_of_config(
    config: Record, claims: Sequence[Record], hypotheses: Collection[object]
) -> dict[str, Any]:
    """Return the names of a text that need no results."""
    kinds = Counter(claim["kind"] for claim in claims)
    return {
        "kinds": Lookup("kind", {kind: kinds[kind] for kind in get_args(Kind)}),
        "total": len(claims),
        "questions": len(hypotheses),
        "study": config["study"],
        "income": config["panel"]["income"]["unit"],
        "aside": config.get("aside", []),
        "made": [*config["tables"], *config["figures"]],
    }


class Prose:
    """The texts of one study, by the word of their file: ``paper`` is ``paper.md``."""

    def __init__(
        self,
        texts: Mapping[str, Path],
        names: Record,
        references: Mapping[str, Reference],
        exhibits: Iterable[str] = (),
    ) -> None:
        self._texts = dict(texts)
        self._references = references
        self._exhibits = frozenset(exhibits)
        placing: dict[str, Callable[..., Mark]] = {
            **{block: partial(mark, block) for block in BLOCKS},
            **{kind: partial(self._exhibit, kind) for kind in OF_EXHIBITS},
            "claims_table": self._claims_table,
            "must": _must,
            "unchecked": lambda *_: Mark(SILENT),
        }
        self._names = {**placing, **names}
        self._filled = cache(lambda name: _cited(self._rendered(name)))

    @property
    def names(self) -> list[str]:
        """The words of the texts."""
        return list(self._texts)

    def name(self, key: str) -> Any:
        """Return what stands behind a name that the texts may use."""
        return self._names[key]

    def with_names(self, names: Record) -> "Prose":
        """Return the same texts with other things behind the names that they use."""
        return Prose(self._texts, names, self._references, self._exhibits)

    def filled(self, name: str) -> str:
        """Return a text in Markdown with its numbers, and marks for what it places."""
        return self._filled(name)

    def html(self, name: str, placed: Placed) -> str:
        """Return a text as HTML; ``placed`` says what stands for ``see``, ``table``,
        ``figure`` and each block.
        """
        own: Placed = {
            "cite": self._cite_html,
            "cite_group": self._group_html,
            "number": lambda _, __, text: escape(text),
        }
        return self.written(name, to_html, {**own, **placed})

    def typst(self, name: str, placed: Placed) -> str:
        """Return a text as Typst markup."""
        own: Placed = {
            "cite": _cite_typst,
            "cite_group": _group_typst,
            "number": lambda _, __, text: typst_text(text),
        }
        return self.written(name, to_typst, {**own, **placed})

    def headings(self, name: str, level: int = 2) -> list[tuple[str, str]]:
        """Return id and title of the headings of one level."""
        return [
            (slug(heading.content), plain(heading.content))
            for opening, heading in pairwise(tokens_of(self._filled(name)))
            if opening.type == "heading_open" and opening.tag == f"h{level}"
        ]

    def marks(self, name: str) -> list[list[str]]:
        """Return name and arguments of all that a text places or links to."""
        return marks(self._filled(name))

    def placed(self, name: str) -> list[str]:
        """Return the tables and figures that a text places, in its order."""
        return [
            "T0" if kind == "claims_table" else args[0]
            for kind, *args in self.marks(name)
            if kind in PLACING
        ]

    def cited(self, *names: str) -> list[Reference]:
        """Return the references that texts cite, sorted as they are printed."""
        cited = dict[str, Reference]()
        for kind, *args in chain.from_iterable(map(self.marks, names)):
            if kind.startswith("cite"):
                cited |= {key: self._references[key] for key in args}
        return sorted(cited.values(), key=attrgetter("sort_key"))

    def references_html(self, *names: str) -> str:
        """Return the list of references that the citations of texts link to."""
        items = "".join(
            f'<li id="ref-{item.key}">{item.html}</li>\n' for item in self.cited(*names)
        )
        return f'<ul class="references">\n{items}</ul>\n' if items else ""

    def source(self, name: str) -> str:
        """Return a text as its author wrote it."""
        return self._texts[name].read_text(encoding="utf-8-sig")

    def faults(self) -> Iterator[EvenfieldError]:
        """Yield what is wrong with the texts whatever the numbers are; a branch that
        may not be taken is left alone.
        """
        for name in self._texts:
            all_faults = Faults()
            with all_faults.caught():
                self._template(name)
            yield from all_faults
            if all_faults:
                continue
            tree = _tree_of(self.source(name))
            # Expressions inside conditions, of which a run may take another branch.
            branches = set[int]()
            for branch in tree.find_all((nodes.If, nodes.CondExpr)):
                branches |= set(map(id, branch.find_all(nodes.Expr)))
            for node in tree.find_all((nodes.Getattr, nodes.Getitem, nodes.Call)):
                try:
                    if id(node) not in branches:
                        self._check_known(node)
                except ReportError as error:
                    yield self._fault(name, node.lineno, error)

    def has_conditions(self) -> bool:
        """Whether what a text says hangs on a condition; what ``must`` and ``unchecked``
        hold stops a run and words nothing.
        """
        for name in self._texts:
            tree = _tree_of(self.source(name))
            guards = set[int]()
            for call in tree.find_all(nodes.Call):
                if getattr(call.node, "name", "") in GUARDS:
                    guards |= set(map(id, call.find_all(CONDITIONS)))
            if not guards.issuperset(map(id, tree.find_all(CONDITIONS))):
                return True
        return False

    def sentence_faults(self) -> Iterator[EvenfieldError]:
        """Yield the sentences with a quantifier that no condition guards, or with the
        words of another unit behind a number.
        """
        for name in self._texts:
            source = self.source(name)
            tree = _tree_of(source)
            wrong = [*quantifier_faults(source, tree), *self._unit_faults(source)]
            for line, fault in wrong:
                yield self._fault(name, line, fault)

    def _check_known(self, node: Any) -> None:
        """Refuse a number, an answer or an exhibit that will not be there."""
        owner = getattr(node.node, "name", "")
        if isinstance(node, nodes.Call):
            which = getattr(node.args[0], "value", None) if node.args else None
            if owner in OF_EXHIBITS and isinstance(which, str):
                self._exhibit(owner, which)
        elif isinstance(self._names.get(owner), Lookup):
            key = node.attr if isinstance(node, nodes.Getattr) else node.arg
            self._names[owner][getattr(key, "value", key)]

    def _citation_faults(self, text: str) -> Iterator[FaultInLine]:
        for match in CITE.finditer(text):
            if match[1] not in self._references:
                action = nearest(match[1], self._references, "add it there", "@")
                yield (
                    _line_at(text, match),
                    ReportError(
                        f"@{match[1]} is not known", "a key of references.bib", action
                    ),
                )
        for match in GROUP.finditer(text):
            for key in map(str.strip, match[1].split(";")):
                if not CITE.fullmatch(key):
                    yield (
                        _line_at(text, match),
                        ReportError(
                            f"'{key}' is no citation",
                            "[@Key] or [@Key; @Other]",
                            "correct it",
                        ),
                    )
                    break

    def _unit_faults(self, text: str) -> Iterator[FaultInLine]:
        """Yield numbers behind which the words of another unit stand."""
        for match in MEASURED.finditer(text):
            numbers = self._names.get(match[1])
            if not isinstance(numbers, Lookup):
                continue
            units = numbers.units_of(match[2])
            written = _wrong_unit(match[3], *units) if units else ""
            if units and written:
                unit = units[written != "%"]
                yield (
                    _line_at(text, match),
                    ReportError(
                        f"{match[2]} is printed with {written} and has"
                        f" {f'the unit {unit}' if unit else 'no unit'}",
                        "the words of its unit",
                        f"name the unit of {match[2]} in numbers.yaml, or write another"
                        " one here",
                    ),
                )

    def _template(self, name: str) -> "_TextTemplate":
        """Return a text as a template whose syntax is in order."""
        source = self.source(name)
        template = _template_of(source, frozenset({*self._names, *GIVEN}))
        wrong = [
            *self._citation_faults(source),
            *self._unit_faults(source),
            *box_faults(source.splitlines()),
            *template.faults,
        ]
        Faults(self._fault(name, line, fault) for line, fault in wrong).refuse()
        return template

    def _rendered(self, name: str) -> str:
        text = self._template(name)
        line = 0
        try:
            template = text.compiled
            return template.render(
                {
                    **self._names,
                    ROUNDS: RoundCounter(),
                    DOCUMENT: name,
                    PLACED: set(text.placed),
                }
            )
        except ReportError as error:
            fault = error
            line = _line_of(error)
        except TemplateError as error:
            fault = _of_syntax((error.message or "").removesuffix("."))
            line = getattr(error, "lineno", None) or _line_of(error)
        except (TypeError, ValueError, LookupError) as error:
            fault = _of_syntax(error)
            line = _line_of(error)
        except ArithmeticError as error:
            line = _line_of(error)
            fault = ReportError(
                "a condition divides by zero or becomes infinite",
                "a finite number",
                "correct the line",
            )
        raise self._fault(name, line, fault)

    def _fault(self, name: str, line: int, error: ReportError) -> ReportError:
        path = self._texts[name]
        fault = f"{path.parent.name}/{path.name}"
        fault += f" line {line}: {error.found}" if line else f": {error.found}"
        if line and isinstance(error, _BrokenError):
            # The condition is quoted from its line: {{ must(condition) }}.
            condition = self.source(name).splitlines()[line - 1].partition("must")[2]
            fault += f" {condition.rpartition('}}')[0].strip()}"
        return ReportError(fault, error.expected, error.action)

    def written(
        self, name: str, write: Callable[[list[Token], Placed], str], placed: Placed
    ) -> str:
        """Write a text; what the parser or a writer refuses has its file and line."""
        text = self._filled(name)
        try:
            return write(tokens_of(text), placed)
        except ReportError as error:
            raise self._fault(name, error.line, error) from None

    def _exhibit(self, kind: str, which: str, *label: str) -> Mark:
        # A table's id begins with T, a figure's with F; see() links to both.
        fits = {"table": "T", "figure": "F"}.get(kind, which[:1])
        known = [name for name in sorted(self._exhibits) if name.startswith(fits)]
        # The text would link to nothing.
        if which not in known:
            raise ReportError(
                f"{kind} '{which}' is not made",
                f"one of {first_examples(known, 40)}",
                "add it to tables or figures in config.yaml, or correct the name",
            )
        return mark(kind, which, *label)

    def _claims_table(self) -> Mark:
        self._exhibit("table", "T0")
        return mark("claims_table")

    def _cite_html(self, key: str) -> str:
        item = self._references[key]
        return f'<a href="#ref-{key}">{escape(item.short)} ({escape(item.year)})</a>'

    def _group_html(self, *keys: str) -> str:
        links = []
        for key in keys:
            words = f"{self._references[key].short} {self._references[key].year}"
            links.append(f'<a href="#ref-{key}">{escape(words)}</a>')
        return f"({'; '.join(links)})"


class _TextTemplate:
    """A text as a template, whatever stands behind the names that it may use: what is
    wrong with its syntax, and what it is compiled to, each found once.
    """

    def __init__(self, source: str, names: Collection[str]) -> None:
        self._environment = _environment()
        self.faults = list[FaultInLine]()
        try:
            self._tree = self._environment.parse(source)
            self.faults += template_faults(self._tree, self._environment, names)
        except TemplateSyntaxError as error:
            self.faults.append((error.lineno, _of_syntax(error.message)))
        except RecursionError:
            self.faults.append(
                (0, ReportError("brackets too deep", SYNTAX, "take them apart"))
            )

    @cached_property
    def compiled(self) -> Template:
        """The template, which says in its output from which line each part comes."""
        tree = with_lines(self._tree, self._environment)
        return self._environment.from_string(tree)

    @cached_property
    def placed(self) -> frozenset[str]:
        """The exhibits that the text places by its own words."""
        return frozenset(_placed_by(self._tree))


@lru_cache(maxsize=64)
def _template_of(source: str, names: frozenset[str]) -> _TextTemplate:
    return _TextTemplate(source, names)


@lru_cache(maxsize=64)
def _tree_of(source: str) -> nodes.Template:
    """Parse a text whose syntax is in order, to be read and not to be changed."""
    return _environment().parse(source)


def read_texts(
    texts: Iterable[str], faults: Faults
) -> tuple[dict[str, Path], dict[str, Reference]]:
    """Return a study's own texts by name, and its references; those that cannot be read
    are added to ``faults``.
    """
    references = dict[str, Reference]()
    written = dict[str, str]()
    for path in texts:
        with faults.caught():
            written[path] = _read_text(path)
    paths = {Path(path).stem: Path(path) for path in written if path.endswith(".md")}
    for path in written:
        if path.endswith(".bib"):
            with faults.caught():
                references = read_references(path)
                # Only all texts together say which entries none cites.
                if set(written) == set(texts):
                    cited = [written[str(text)] for text in paths.values()]
                    check_citations(cited, references, path)
    return paths, references


class _BrokenError(ReportError):
    """A condition that no longer holds."""


def _must(condition: object, *_: object) -> Mark:
    if not condition:
        raise _BrokenError(
            "the sentence below no longer holds",
            "a sentence that the numbers bear out",
            "rewrite the sentence",
        )
    return Mark(SILENT)


def _read_text(path: str) -> str:
    file = Path(path)
    if not file.resolve().is_relative_to(Path.cwd()) and not file.is_absolute():
        raise ReportError(
            f"{path} is a link out of the study's folder",
            "a file in the study's folder",
            "put the file itself there",
        )
    try:
        if not file.is_file() or file.stat().st_size > LARGEST:
            raise OSError
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise ReportError(
            f"{path} cannot be read",
            f"a UTF-8 file of at most {LARGEST // 1_000_000} MB",
            "correct or remove it",
        ) from None
    hidden = letters.hidden_letter(text)
    if hidden:
        raise ReportError(f"{path} {hidden}", letters.EXPECTED, letters.ACTION)
    return text


def _of_syntax(error: object) -> ReportError:
    return ReportError(str(error), SYNTAX, "correct the line")


def _environment() -> Sandbox:
    return template_environment(_finalize, word=word, noun=noun)


def _placed_by(tree: nodes.Template) -> set[str]:
    """Return the exhibits that a text places by its own words."""
    return {
        getattr(call.args[0], "value", "")
        for call in tree.find_all(nodes.Call)
        if getattr(call.node, "name", "") in ("table", "figure") and call.args
    }


def _line_at(text: str, match: re.Match[str]) -> int:
    return text.count("\n", 0, match.start()) + 1


def _cited(text: str) -> str:
    """Return a text with a mark for each citation."""

    def group(match: re.Match[str]) -> str:
        inside, _ = without_lines(match[1])
        return mark("cite_group", *CITE.findall(inside))

    return CITE.sub(lambda match: mark("cite", match[1]), GROUP.sub(group, text))


def _wrong_unit(words: str, unit: str, measure: str) -> str:
    """Return the words of a unit behind a number that is measured in another one."""
    if words.startswith("%") and not unit.startswith("%"):
        return "%"
    # A slope from period to period is no rate of a year.
    annual = ANNUAL.search(measure) and "per period" not in measure
    if A_YEAR.search(words) and measure and not annual:
        return "a year"
    difference = DIFFERENCE.match(measure) is not None
    return "times" if words.split()[:1] == ["times"] and difference else ""


def _finalize(value: object) -> str:
    if isinstance(value, Mark):
        return value
    if isinstance(value, float):
        # Refused: a ``Value`` never prints, since only numbers of numbers.yaml do.
        return str(Value(value))
    if not isinstance(value, str | int | Part | Undefined):
        raise ReportError(
            f"{_kind_of(value)} is printed", "a number, a name or a text", "name one"
        )
    text = str(value)
    if letters.hidden_letter(text, letters.IN_TABLES):
        raise ReportError(
            "a name with a hidden character is printed",
            letters.EXPECTED,
            "delete it in the tables",
        )
    text = MARKED.sub(r"\\\1", text)  # so that a name is no emphasis or link
    if isinstance(value, Part) and value.evidence:
        return mark("number", value.evidence, value.name, text)
    return text


def _kind_of(value: object) -> str:
    kinds = {Lookup: "all of a list", Mapping: "all of a list", Sequence: "a list"}
    named = [words for kind, words in kinds.items() if isinstance(value, kind)]
    return named[0] if named else f"'{type(value).__name__}'"


def word(value: object) -> str:
    """Write a count below a hundred as a word: ``six``, ``thirty-nine``."""
    text = value.text if isinstance(value, Part) else ""
    whole = int(text) if text.isdigit() else value
    if not isinstance(whole, int):
        raise ReportError(
            f"'{value}' is no count", "a whole number", "print it without `word`"
        )
    # From twenty on a word has two parts.
    if not len(COUNTS) <= whole < 100:
        return COUNTS[whole] if 0 <= whole < 100 else str(whole)
    tens, ones = divmod(whole, 10)
    return TENS[tens - 2] + (f"-{COUNTS[ones]}" if ones else "")


def noun(number: Part, one: str, many: str = "") -> str:
    """Return the noun that goes with a count: ``club`` with 1, else ``clubs``."""
    if not isinstance(number, Part):
        raise ReportError(
            f"'{number}' is no count", "a number that has a name", "name it"
        )
    return one if number.text == "1" else many or f"{one}s"


def check_citations(
    texts: Sequence[str], references: Mapping[str, Reference], where: str
) -> None:
    """Refuse an entry that no text cites; a key that has no entry is refused where it
    stands.
    """
    uncited = sorted(set(references) - set(CITE.findall("\n".join(texts))))
    if uncited:
        raise ReportError(
            f"{where}: no text cites {first_examples(uncited)}",
            "entries that are cited",
            "cite them or remove them",
        )


def _cite_typst(key: str) -> str:
    return f'#cite(<{key}>, form: "prose");'


def _group_typst(*keys: str) -> str:
    return "".join(f"#cite(<{key}>);" for key in keys)


def _line_of(error: Exception) -> int:
    lines = [0]
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == "<template>":
            lines.append(frame.lineno or 0)
    return max(lines)
