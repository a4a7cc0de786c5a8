"""The texts of a study: Markdown with named numbers and conditions, read once, written
as HTML and as Typst.
"""

import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError, Undefined, nodes

from evenfield.report.bibliography import Reference, read_references
from evenfield.report.markup import (
    SILENT,
    Mark,
    Placed,
    mark,
    marks,
    slug,
    to_html,
    to_typst,
    tokens_of,
    without_lines,
)
from evenfield.report.numbers import Number
from evenfield.report.template import (
    ROUNDS,
    SYNTAX,
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

LARGEST = 1_000_000  # bytes of a text or of its references
COUNTS = (
    "no one two three four five six seven eight nine ten eleven twelve thirteen"
    " fourteen fifteen sixteen seventeen eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
# What a text may place beside tables and figures; each renderer says which of them it
# knows.
BLOCKS = "map statements answer_counts claims_table rest methods assumptions data_sources".split()
PLACING = ("table", "figure", "claims_table")
# What a text may name beside its blocks; a run fills them.
GIVEN = (
    "n answers counts kinds total questions claims words vintage study income units"
    " years proxy convergence made"
).split()
KINDS = ("fact", "association", "effect", "out of reach", "not empirical")
PARTS = ("low", "high", "p", "p_is", "interval", "smallest_visible", "unit")
GROUP = re.compile(r"(?<!\\)\[(@[^\[\]]*)\]")
CITE = re.compile(r"(?<![\\\w])@([A-Za-z][\w-]*)")
# A number of numbers.yaml with a percent sign behind it.
PERCENTAGE = re.compile(r"\{\{\s*n\.(\w+)(?:\.\w+)?\s*\}\}%")
# What Markdown would read as more than a letter, in words that a template prints.
MARKED = re.compile(r"([\\`*_\[\]<>@])")


class Part:
    """A number as a text sees it: what it prints, its parts, and ``value`` for
    conditions.
    """

    def __init__(self, name: str, text: str, value: float | None, **parts: Any) -> None:
        self.name, self.text, self.value = (
            name,
            text,
            Value(float("nan") if value is None else value),
        )
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
    __hash__ = object.__hash__

    def __getattr__(self, part: str) -> Any:
        if part in PARTS:
            raise ReportError(
                f"{self.name} has no {part}",
                "a number that rests on a test",
                "leave it out",
            )
        if not part.startswith("_"):
            raise ReportError(
                f"{self.name} has no {part}",
                f"one of value, {', '.join(PARTS)}",
                nearest(part, ("value", *PARTS), "correct it"),
            )
        raise AttributeError(part)


def part_of(name: str, number: Number) -> Part:
    """Return a named number as a text sees it."""
    ends = {end: getattr(number, end) for end in ("low", "high", "smallest_visible")}
    parts: dict[str, Any] = {
        end: Part(f"{name}.{end}", number.written(value), value)
        for end, value in ends.items()
        if not is_missing(value)
    }
    parts |= {"interval": number.interval} if number.interval else {}
    parts |= {"unit": number.unit} if number.unit else {}
    if not is_missing(number.p):
        text = p_value(number.p)
        parts |= {
            "p": Part(f"{name}.p", text, number.p),
            "p_is": f"p {'' if text[0] in '<>' else '= '}{text}",
        }
    return Part(name, number.text, number.value, **parts)


class Lookup:
    """Names that a text may use, which refuse one that is not among them."""

    def __init__(self, what: str, content: Mapping[str, Any]) -> None:
        self._what, self._content = what, content

    def __getitem__(self, name: str) -> Any:
        if name not in self._content:
            raise ReportError(*not_known(self._what, name, sorted(self._content)))
        return self._content[name]

    def unit_of(self, name: str) -> str | None:
        """Return the unit of a number; nothing where there is no such number."""
        number = self._content.get(name)
        return None if number is None else str(vars(number).get("unit", ""))


class Prose:
    """The texts of one study, by the word of their file: ``paper`` is ``paper.md``."""

    def __init__(
        self,
        texts: Mapping[str, Path],
        names: Mapping[str, Any],
        references: Mapping[str, Reference],
        exhibits: Iterable[str] = (),
    ) -> None:
        self._texts, self._references, self._exhibits = (
            dict(texts),
            references,
            frozenset(exhibits),
        )
        blocks: dict[str, Callable[..., Mark]] = {
            name: lambda *args, name=name: mark(name, *args) for name in BLOCKS
        }
        exhibit = {
            name: lambda which, *label, name=name: self._exhibit(name, which, *label)
            for name in ("see", "table", "figure")
        }
        blocks["claims_table"] = self._claims_table
        self._names = {**blocks, **exhibit, "must": _must, **names}
        self._filled_texts: dict[str, str] = {}

    @property
    def names(self) -> list[str]:
        """The words of the texts."""
        return list(self._texts)

    def with_names(self, names: Mapping[str, Any]) -> "Prose":
        """Return the same texts with other things behind the names that they use."""
        return Prose(self._texts, names, self._references, self._exhibits)

    def html(self, name: str, placed: Placed) -> str:
        """Return a text as HTML; ``placed`` says what stands for ``see``, ``table``,
        ``figure`` and each block.
        """
        cite: Placed = {"cite": self._cite_html, "cite_group": self._group_html}
        return self._located(
            name, lambda: to_html(tokens_of(self._filled(name)), {**cite, **placed})
        )

    def typst(self, name: str, placed: Placed) -> str:
        """Return a text as Typst markup."""
        cite: Placed = {
            "cite": _cite_typst,
            "cite_group": lambda *keys: "".join(f"#cite(<{key}>);" for key in keys),
        }
        return self._located(
            name, lambda: to_typst(tokens_of(self._filled(name)), {**cite, **placed})
        )

    def headings(self, name: str, level: int = 2) -> list[tuple[str, str]]:
        """Return id and title of the headings of one level."""
        tokens = tokens_of(self._filled(name))
        opens = [
            (token.type, token.tag) == ("heading_open", f"h{level}") for token in tokens
        ]
        heads = [
            after for is_head, after in zip(opens, tokens[1:], strict=False) if is_head
        ]
        return [(slug(head.content), head.content) for head in heads]

    def marks(self, name: str) -> list[list[str]]:
        """Return name and arguments of all that a text places or links to."""
        return marks(self._filled(name))

    def placed(self, name: str) -> list[str]:
        """Return the tables and figures that a text places, in its order."""
        marks_found = self.marks(name)
        return [
            "T0" if kind == "claims_table" else args[0]
            for kind, *args in marks_found
            if kind in PLACING
        ]

    def cited(self, *names: str) -> list[Reference]:
        """Return the references that texts cite, sorted as they are printed."""
        citations = [
            args
            for name in names
            for kind, *args in self.marks(name)
            if kind.startswith("cite")
        ]
        keys = {key for args in citations for key in args}
        return sorted(
            (self._references[key] for key in keys), key=lambda item: item.sort_key
        )

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
            tree = _environment().parse(self.source(name))
            branches = {
                id(node)
                for branch in tree.find_all((nodes.If, nodes.CondExpr))
                for node in branch.find_all(nodes.Expr)
            }
            for node in tree.find_all((nodes.Getattr, nodes.Getitem, nodes.Call)):
                if id(node) not in branches and (refused := self._unknown(node)):
                    yield self._fault(name, node.lineno, refused)

    def _unknown(self, node: Any) -> ReportError | None:
        """Return why a number, an answer or an exhibit that is named will not be there."""
        call = isinstance(node, nodes.Call)
        owner = getattr(node.node, "name", "")
        given = (
            node.attr
            if isinstance(node, nodes.Getattr)
            else (node.args[:1] or [None])[0]
            if call
            else node.arg
        )
        wanted = getattr(given, "value", given)
        try:
            if call and owner in ("see", "table", "figure") and isinstance(wanted, str):
                self._exhibit(owner, wanted)
            elif not call and isinstance(self._names.get(owner), Lookup):
                self._names[owner][wanted]
        except ReportError as error:
            return error
        return None

    def _citation_faults(self, name: str) -> Iterator[ReportError]:
        text = self.source(name)
        for match in CITE.finditer(text):
            if match[1] not in self._references:
                yield self._fault(
                    name,
                    _line_at(text, match),
                    _unknown_key(match[1], self._references),
                )
        for match in GROUP.finditer(text):
            keys = [part.strip() for part in match[1].split(";")]
            if wrong := [part for part in keys if not CITE.fullmatch(part)]:
                fault = ReportError(
                    f"'{wrong[0]}' is no citation",
                    "[@Key] or [@Key; @Other]",
                    "correct it",
                )
                yield self._fault(name, _line_at(text, match), fault)

    def _unit_faults(self, name: str) -> Iterator[ReportError]:
        """Yield what is printed in percent and named in another unit."""
        numbers = self._names.get("n")
        if not isinstance(numbers, Lookup):
            return
        text = self.source(name)
        for match in PERCENTAGE.finditer(text):
            unit = numbers.unit_of(match[1])
            if unit is None or unit.startswith("%"):
                continue
            fault = ReportError(
                f"{match[1]} is printed with % and has"
                f" {f'the unit {unit}' if unit else 'no unit'}",
                f'unit: "%" of {match[1]} in numbers.yaml',
                "name its unit there, or write another one here",
            )
            yield self._fault(name, _line_at(text, match), fault)

    def _filled(self, name: str) -> str:
        if name not in self._filled_texts:
            self._filled_texts[name] = _cited(self._rendered(name))
        return self._filled_texts[name]

    def _template(self, name: str) -> nodes.Template:
        """Return a text as a template whose syntax is in order."""
        source = self.source(name)
        faults = Faults(self._citation_faults(name))
        faults += self._unit_faults(name)
        faults += (
            self._fault(name, line, fault)
            for line, fault in box_faults(source.splitlines())
        )
        environment = _environment()
        try:
            tree = environment.parse(source)
        except TemplateSyntaxError as error:
            wrong = ReportError(str(error.message), SYNTAX, "correct the line")
            faults.append(self._fault(name, error.lineno, wrong))
        except RecursionError:
            wrong = ReportError("brackets too deep", SYNTAX, "take them apart")
            faults.append(self._fault(name, 0, wrong))
        else:
            names = {*self._names, *GIVEN}
            faults += (
                self._fault(name, line, fault)
                for line, fault in template_faults(tree, environment, names)
            )
        faults.refuse()
        return tree

    def _rendered(self, name: str) -> str:
        environment = _environment()
        tree = with_lines(self._template(name), environment)
        try:
            template = environment.from_string(tree)
            return template.render({**self._names, ROUNDS: RoundCounter()})
        except ReportError as error:
            raise self._fault(name, _line_of(error), error) from None
        except TemplateError as error:
            line = getattr(error, "lineno", None) or _line_of(error)
            wrong = ReportError(str(error.message), SYNTAX, "correct the line")
            raise self._fault(name, line, wrong) from None
        except (TypeError, ValueError, LookupError) as error:
            wrong = ReportError(str(error), SYNTAX, "correct the line")
            raise self._fault(name, _line_of(error), wrong) from None
        except ArithmeticError as error:
            wrong = ReportError(
                "a condition divides by zero or becomes infinite",
                "a finite number",
                "correct the line",
            )
            raise self._fault(name, _line_of(error), wrong) from None

    def _fault(self, name: str, line: int, error: ReportError) -> ReportError:
        path = self._texts[name]
        location = f"{path.parent.name}/{path.name}" + (f" line {line}" if line else "")
        fault = error.found
        if line and isinstance(error, _BrokenError):
            condition = self.source(name).splitlines()[line - 1].partition("must")[2]
            inside = condition.rpartition("}}")[0].strip()
            fault = f"{fault} {inside}"
        return ReportError(f"{location}: {fault}", error.expected, error.action)

    def _located(self, name: str, write: Callable[[], str]) -> str:
        """Add file and line to what the parser or a renderer refuses."""
        try:
            return write()
        except ReportError as error:
            if error.found.startswith(f"{self._texts[name].parent.name}/"):
                raise
            raise self._fault(name, error.line, error) from None

    def _exhibit(self, kind: str, which: str, *label: str) -> Mark:
        fits = {"table": "T", "figure": "F"}.get(kind, which[:1])
        if which not in self._exhibits or not which.startswith(fits):
            known = [name for name in sorted(self._exhibits) if name.startswith(fits)]
            action = "add it to tables or figures in config.yaml, or correct the name"
            raise ReportError(
                f"{kind} '{which}' is not made",
                f"one of {first_examples(known, 40)}",
                action,
            )
        return mark(kind, which, *label)

    def _claims_table(self) -> Mark:
        self._exhibit("table", "T0")
        return mark("claims_table")

    def _cite_html(self, key: str) -> str:
        item = self._references[key]
        return f'<a href="#ref-{key}">{escape(item.short)} ({escape(item.year)})</a>'

    def _group_html(self, *keys: str) -> str:
        items = [self._references[key] for key in keys]
        links = [
            f'<a href="#ref-{item.key}">{escape(item.short)} {escape(item.year)}</a>'
            for item in items
        ]
        return f"({'; '.join(links)})"


def read_texts(
    texts: Iterable[str], faults: Faults
) -> tuple[dict[str, Path], dict[str, Reference]]:
    """Return a study's own texts by name, and its references; those that cannot be read
    are added to ``faults``.
    """
    paths = dict[str, Path]()
    references = dict[str, Reference]()
    written: dict[str, str] = {}
    for path in texts:
        with faults.caught():
            written[path] = _read_text(path)
    for path in written:
        if path.endswith(".md"):
            paths[Path(path).stem] = Path(path)
    for path in written:
        if path.endswith(".bib"):
            with faults.caught():
                references = read_references(path)
                if set(written) == set(texts):
                    cited = [written[str(text)] for text in paths.values()]
                    check_citations(cited, references, path)
    return paths, references


class _BrokenError(ReportError):
    """A condition that no longer holds."""


def _must(condition: object) -> Mark:
    if not condition:
        fault = "the sentence below no longer holds"
        raise _BrokenError(
            fault, "a sentence that the numbers bear out", "rewrite the sentence"
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
    if not file.is_file() or file.stat().st_size > LARGEST:
        raise ReportError(
            f"{path} cannot be read",
            f"a UTF-8 file of at most {LARGEST // 1_000_000} MB",
            "correct or remove it",
        )
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise ReportError(
            f"{path} cannot be read", "a UTF-8 file", "correct or remove it"
        ) from None
    if hidden := letters.hidden_letter(text):
        raise ReportError(f"{path} {hidden}", letters.EXPECTED, letters.ACTION)
    return text


def _environment() -> Sandbox:
    return template_environment(_finalize, word=word)


def _line_at(text: str, match: re.Match[str]) -> int:
    return text.count("\n", 0, match.start()) + 1


def _cited(text: str) -> str:
    """Return a text with a mark for each citation."""

    def group(match: re.Match[str]) -> str:
        inside, _ = without_lines(match[1])
        return mark("cite_group", *CITE.findall(inside))

    return CITE.sub(lambda match: mark("cite", match[1]), GROUP.sub(group, text))


def _finalize(value: Any) -> str:
    if isinstance(value, Mark):
        return value
    if isinstance(value, float):
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
    return MARKED.sub(r"\\\1", text)


def _kind_of(value: object) -> str:
    kinds = {Lookup: "all of a list", Mapping: "all of a list", Sequence: "a list"}
    named = [words for kind, words in kinds.items() if isinstance(value, kind)]
    return named[0] if named else f"'{type(value).__name__}'"


def word(value: Any) -> str:
    """Write a count below a hundred as a word: ``six``, ``thirty-nine``."""
    whole = (
        int(value.text) if isinstance(value, Part) and value.text.isdigit() else value
    )
    if not isinstance(whole, int):
        raise ReportError(
            f"'{value}' is no count", "a whole number", "print it without `word`"
        )
    if not len(COUNTS) <= whole < 100:
        return COUNTS[whole] if 0 <= whole < 100 else str(whole)
    tens, ones = divmod(whole, 10)
    return TENS[tens - 2] + (f"-{COUNTS[ones]}" if ones else "")


def check_citations(
    texts: Sequence[str], references: Mapping[str, Reference], where: str
) -> None:
    """Refuse an entry that no text cites; a key that has no entry is refused where it
    stands.
    """
    cited = {key for text in texts for key in CITE.findall(text)}
    if uncited := sorted(set(references) - cited):
        fault = f"{where}: no text cites {first_examples(uncited)}"
        raise ReportError(fault, "entries that are cited", "cite them or remove them")


def _unknown_key(key: str, references: Mapping[str, Reference]) -> ReportError:
    return ReportError(
        f"@{key} is not known",
        "a key of references.bib",
        nearest(key, references, "add it there", "@"),
    )


def _cite_typst(key: str) -> str:
    return f'#cite(<{key}>, form: "prose");'


def _line_of(error: Exception) -> int:
    frames = traceback.extract_tb(error.__traceback__)
    return max(
        (frame.lineno or 0 for frame in frames if frame.filename == "<template>"),
        default=0,
    )
