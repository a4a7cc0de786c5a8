"""The texts of a study: Markdown with named numbers and conditions, read once, written
as HTML, Typst and LaTeX.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from html import escape
from itertools import chain, pairwise
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, get_args

from markdown_it.token import Token

from evenfield.answers.spec import Kind
from evenfield.report.bibliography import Reference, read_references
from evenfield.report.conditions import GUARDS, conditions_beside, read_conditions
from evenfield.report.equations import (
    equation_faults,
    equation_names,
    typst_math,
    with_equations,
)
from evenfield.report.markup import (
    SILENT,
    Mark,
    Placed,
    at_line,
    in_plain_words,
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
from evenfield.report.printable import Lookup, printed
from evenfield.report.quantifiers import condition_faults, quantifier_faults
from evenfield.report.text_language import (
    Expression,
    FaultInLine,
    Text,
    TextEvaluator,
    Words,
    box_faults,
    named,
    read_text,
)
from evenfield.shared.tables.markdown import escape_markdown
from evenfield.shared.topics import in_words_of, measured_in, put_in
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
from evenfield.study.study_config import DEFAULT_POWER

LARGEST = 1_000_000  # bytes of a text or of its references
# What a text may place beside tables and figures; each renderer says which of them it
# knows.
BLOCKS = (
    "map units_table statements answer_counts claims_table rest methods assumptions"
    " data_sources exhibit_index provenance"
).split()
PLACED_BY_NAME = ("table", "figure")
# Blocks that a reader uses, of which a page holds one.
PLACED_ONCE = ("map", "units_table", "answer_counts", "statements")
PLACING = (*PLACED_BY_NAME, "claims_table")
OF_EXHIBITS = ("see", "table", "figure")
NAMING = (*OF_EXHIBITS, "claims_table", "map")  # what the paper numbers by
# What is told which text it stands in.
OF_TEXTS = ("section", "sections", "in_short", "findings", "limits", "briefs")
# What a text may name beside its blocks; a run fills them.
GIVEN = (
    "n answers later counts groups tally kinds total questions claims words vintage study income units"
    " years proxy made section sections in_short findings limits briefs headline whose origin"
).split()
HERE = "\ue006"  # before what is looked for in a text
SENTENCE_END = re.compile(rf"(?<=[.])\s+(?={HERE}?[A-Z])")
GROUP = re.compile(r"(?<!\\)\[(@[^\[\]]*)\]")
CITE = re.compile(r"(?<![\\\w])@([A-Za-z][\w-]*)")
CITATION = re.compile(rf"((?:{GROUP.pattern})|(?:{CITE.pattern}))")
# Paragraphs of the introduction that stand in the config, by the key of `study`.
OWN_PARAGRAPHS = ("contribution", "literature")
# A named number, of which study, with the words behind it.
MEASURED = re.compile(r"\{\{\s*(\w+)\.(\w+)(?:\.\w+)?\s*\}\}(%?(?:[ \t]+[a-z%]+){0,5})")
A_YEAR = re.compile(r"\b(a|per) year\b")
ANNUAL = re.compile(r"/yr|\b(a|per) year\b")
# Measures of which no number is so many times another.
DIFFERENCE = re.compile(r"change of|difference|percentage points|pp\b|%|log|s\.d\.")


class Document(NamedTuple):
    """The text that is written: its word, and the exhibits and sections in it."""

    name: str
    standing: set[str]


def names_of_config(
    config: Record, claims: Sequence[Record], hypotheses: Collection[object]
) -> dict[str, Any]:
    """Return the names of a text that need no results."""
    kinds = Counter(claim["kind"] for claim in claims)
    design = config["estimates"].get("design", {})
    return {
        "kinds": Lookup("kind", {kind: kinds[kind] for kind in get_args(Kind)}),
        "total": len(claims),
        "questions": len(hypotheses),
        "study": config["study"],
        "income": config["panel"]["income"]["unit"],
        "power": f"{design.get('power', DEFAULT_POWER):.0%}",
        "aside": config.get("aside", []),
        "made": [*config["tables"], *config["figures"]],
    }


class Use(NamedTuple):
    """A use of a number by a text."""

    where: str  # text/page.md, line 3
    sentence: str  # as a reader sees it; empty for a condition, which prints nothing


class Prose:
    """The texts of one study, by the word of their file: ``paper`` is ``paper.md``."""

    def __init__(
        self,
        texts: Mapping[str, Path],
        names: Record,
        references: Mapping[str, Reference],
        exhibits: Iterable[str] = (),
        *,
        templates: Mapping[str, Path] = MappingProxyType({}),
        before_results: bool = False,
    ) -> None:
        self._texts = dict(texts)
        self._templates = dict(templates)  # texts of the library
        self._before_results = before_results
        self._references = references
        self._exhibits = frozenset(exhibits)
        placing: dict[str, Callable[..., Mark]] = {
            **{block: partial(mark, block) for block in BLOCKS},
            **{kind: partial(self._exhibit, kind) for kind in OF_EXHIBITS},
            "claims_table": self._claims_table,
            "eq": partial(mark, "eq"),
            "must": _must,
            "with_citations": with_citations,
            "unchecked": lambda *_: Mark(SILENT),
        }
        self._names = {**placing, **names}
        self._filled = cache(lambda name: _cited(self._rendered(name)))
        self._conditions = cache(
            lambda name: read_conditions(conditions_beside(self._path(name)))
        )

    @property
    def names(self) -> list[str]:
        """The words of the texts."""
        return [*self._texts, *self._templates]

    def name(self, key: str) -> Any:
        """Return what stands behind a name that the texts may use."""
        return self._names[key]

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
            "math": lambda tex: f"<code>{escape(tex)}</code>",
            "equation": lambda tex, _: f"<code>{escape(tex)}</code>",
            "eq": lambda name: f"({escape(name)})",
        }
        return self.written(name, to_html, {**own, **placed})

    def typst(self, name: str, placed: Placed) -> str:
        """Return a text as Typst markup."""
        own: Placed = {
            "cite": _cite_typst,
            "cite_group": _group_typst,
            "number": lambda _, __, text: typst_text(text),
            "math": lambda tex: f"${typst_math(tex)}$",
            "equation": lambda tex, name: f"$ {typst_math(tex)} $ <eq-{name}>",
            "eq": lambda name: f"(#ref(<eq-{name}>, supplement: none))",
        }
        return self.written(name, to_typst, {**own, **placed})

    def headings(self, name: str, level: int = 2) -> list[tuple[str, str]]:
        """Return id and title of the headings of one level."""
        return [
            (slug(heading.content), plain(heading.content))
            for opening, heading in pairwise(tokens_of(self._filled(name)))
            if opening.type == "heading_open" and opening.tag == f"h{level}"
        ]

    def word_count(self, name: str) -> int:
        """Return how many words a reader sees of a text."""
        paragraphs = in_plain_words(self._filled(name), self._plain)
        return sum(len(words.split()) for words in paragraphs)

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

    def placed_blocks(self, name: str) -> list[str]:
        """Return what a text places of which a page holds one, such as the map."""
        return [kind for kind, *_ in self.marks(name) if kind in PLACED_ONCE]

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
        return self._path(name).read_text(encoding="utf-8-sig")

    def uses(self, number: str) -> Iterator[Use]:
        """Yield the uses of a number, which is named as ``n.premium``: each sentence that
        prints it, and each condition.
        """
        for name in sorted(self._texts):
            text = read_text(self.source(name))
            evaluator = self._evaluator(name, text)
            for paragraph in text.paragraphs:
                using = [
                    part
                    for part in paragraph
                    if isinstance(part, Expression) and part.uses(number)
                ]
                printing = [part for part in using if part.called not in GUARDS]
                sentences = dict[str, int]()  # line of each
                if printing:
                    written = self._sentences(name, paragraph, number, evaluator)
                    for part, sentence in zip(printing, written, strict=True):
                        sentences.setdefault(sentence, part.line)
                for sentence, line in sentences.items():
                    yield Use(f"{_shown(self._path(name))}, line {line}", sentence)
                for part in using:
                    if part not in printing:
                        yield Use(f"{_shown(self._path(name))}, line {part.line}", "")
            beside = conditions_beside(self._path(name))
            for part in self._conditions(name).expressions:
                if part.uses(number):
                    yield Use(f"{_shown(beside)}, line {part.line}", "")

    def _sentences(
        self,
        name: str,
        paragraph: Iterable[Expression | Words],
        number: str,
        evaluator: TextEvaluator,
    ) -> list[str]:
        """Return the sentence around each place in which a paragraph prints a number."""
        out = []
        for part in paragraph:
            if isinstance(part, Words):
                out.append(part.text)
            elif part.called in GUARDS:
                out.append(SILENT)
            else:
                here = HERE if part.uses(number) else ""
                out.append(here + self._printed(self._path(name), part, evaluator))
        sentences = []
        for words in in_plain_words(_cited("".join(out)), self._plain):
            for sentence in SENTENCE_END.split(words):
                read = " ".join(sentence.replace(HERE, "").split())
                sentences += [read] * sentence.count(HERE)
        return sentences

    @property
    def _plain(self) -> Placed:
        """What stands in plain words for what a text places."""

        def cited(*keys: str, form: str = "{0.short} {0.year}") -> str:
            return "; ".join(form.format(self._references[key]) for key in keys)

        def see(which: str, label: str = "") -> str:
            kind = "Table" if which.startswith("T") else "Figure"
            return label or f"{kind} {which}"

        return {
            "number": lambda _, __, printed: printed,
            "math": lambda tex: tex,
            "equation": lambda tex, _: tex,
            "eq": lambda name: f"({name})",
            "cite": lambda key: cited(key, form="{0.short} ({0.year})"),
            "cite_group": lambda *keys: f"({cited(*keys)})",
            "see": see,
        }

    def faults(self) -> Iterator[EvenfieldError]:
        """Yield all that is wrong with the texts whatever the numbers are."""
        for key, words in own_paragraphs(self._names.get("study", {})).items():
            for _, fault in self._citation_faults(words):
                found = f"study.{key}: {fault.found}"
                yield ReportError(found, fault.expected, fault.action)
        for name in self._texts:
            wrong = Faults()
            with wrong.caught():
                text = self._text(name)
                evaluator = self._evaluator(name, text)
                wrong += self._broken(name, evaluator)
                for part in text.expressions:
                    with wrong.caught():
                        self._printed(self._path(name), part, evaluator)
            yield from wrong

    def _broken(self, name: str, evaluator: TextEvaluator) -> Faults:
        """Return the conditions beside a text that do not hold, or cannot be computed."""
        broken = Faults()
        beside = conditions_beside(self._path(name))
        for condition in self._conditions(name).expressions:
            with broken.caught():
                self._printed(beside, condition, evaluator)
        return broken

    def broken_conditions(self) -> Iterator[EvenfieldError]:
        """Yield the conditions, beside a text and in it, that do not hold; one that names
        what is not there yet is for a run to say.
        """
        for name in self._texts:
            path = self._path(name)
            text = read_text(self.source(name))
            evaluator = self._evaluator(name, text)
            in_text = [part for part in text.expressions if part.called in GUARDS]
            beside = self._conditions(name).expressions
            for file, conditions in [
                (conditions_beside(path), beside),
                (path, in_text),
            ]:
                for condition in conditions:
                    try:
                        evaluator.value(condition.tree)
                    except _BrokenError as error:
                        yield _in_file(
                            file, condition.line, _with_its(condition, error)
                        )
                    except (ReportError, ArithmeticError):
                        continue

    def sentence_faults(self) -> Iterator[EvenfieldError]:
        """Yield the sentences with a quantifier that no condition guards, or with the
        words of another unit behind a number.
        """
        for name in self._texts:
            path = self._path(name)
            beside = conditions_beside(path)
            source = self.source(name)
            text = read_text(source)
            conditions = self._conditions(name)
            own_faults = [
                *quantifier_faults(source, text, conditions, _shown(beside)),
                *self._unit_faults(source),
            ]
            for line, fault in own_faults:
                yield _in_file(path, line, fault)
            for line, fault in condition_faults(source, text, conditions, _shown(path)):
                yield _in_file(beside, line, fault)

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

    def _text(self, name: str) -> Text:
        """Return a text of which every part is in order, and every condition beside it."""
        path = self._path(name)
        beside = conditions_beside(path)
        source = self.source(name)
        text = read_text(source)
        wrong = [
            *self._citation_faults(source),
            *self._unit_faults(source),
            *box_faults(source.splitlines()),
            *equation_faults(source),
            *_reference_faults(source, text),
            *text.faults,
        ]
        faults = Faults(_in_file(path, line, fault) for line, fault in wrong)
        for line, fault in self._conditions(name).faults:
            faults.append(_in_file(beside, line, fault))
        faults.refuse()
        return text

    def _names_in(self, name: str, placed: Iterable[str]) -> dict[str, Any]:
        """Return the names of a text, of which some ask in which text they stand."""
        document = Document(name, set(placed))
        told = {
            key: partial(self._names[key], document)
            for key in OF_TEXTS
            if key in self._names
        }
        return {**self._names, **told}

    def _evaluator(self, name: str, text: Text) -> TextEvaluator:
        names = self._names_in(name, _placed_by(text))
        return TextEvaluator(
            name=partial(named, names),
            functions={},
            both=self._before_results,
        )

    def _rendered(self, name: str) -> str:
        """Return a text with what its names stand for; each part says from which line
        of the source it comes.
        """
        if name in self._templates:
            return self._rendered_template(name)
        text = self._text(name)
        evaluator = self._evaluator(name, text)
        self._broken(name, evaluator).refuse()
        path = self._path(name)
        out = []
        for part in text.parts:
            if isinstance(part, Words):
                lines = enumerate(part.text.split("\n"), part.line)
                out.append("\n".join(f"{at_line(i)}{words}" for i, words in lines))
            else:
                out.append(at_line(part.line) + self._printed(path, part, evaluator))
        return "".join(out)

    def _printed(
        self, path: Path, expression: Expression, evaluator: TextEvaluator
    ) -> str:
        """Return what an expression prints; what it refuses has its file and line."""
        try:
            value = evaluator.value(expression.tree)
            if isinstance(value, float) and not expression.names:
                raise ReportError(
                    "a number that is typed in a text is printed",
                    "a number named in numbers.yaml",
                    "name it there",
                )
            return printed(value)
        except _BrokenError as error:
            fault = _with_its(expression, error)
        except ReportError as error:
            fault = error
        except ArithmeticError:
            fault = ReportError(
                "a condition divides by zero or becomes infinite",
                "a finite number",
                "correct the line",
            )
        raise _in_file(path, expression.line, fault) from None

    def _rendered_template(self, name: str) -> str:
        """Return a text of the library, which is a template with branches."""
        # Jinja takes long to load, and texts of a study need none of it.
        from evenfield.report.own_templates import filled_template, placed_by, worded

        study = self._names.get("study", {})
        source = self._templates[name].read_text(encoding="utf-8")
        source = worded(with_equations(source), partial(in_words_of, study))
        try:
            text = filled_template(source, self._names_in(name, placed_by(source)))
            return put_in(escape_markdown(measured_in(study)), text)
        except ReportError as error:
            raise _in_file(self._path(name), 0, error) from None

    def _path(self, name: str) -> Path:
        return self._texts[name] if name in self._texts else self._templates[name]

    def written(
        self, name: str, write: Callable[[list[Token], Placed], str], placed: Placed
    ) -> str:
        """Write a text; what the parser or a writer refuses has its file and line."""
        text = self._filled(name)
        try:
            return write(tokens_of(text), placed)
        except ReportError as error:
            raise _in_file(self._path(name), error.line, error) from None

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


def own_paragraphs(study: Mapping[str, str]) -> dict[str, str]:
    """Return the paragraphs that the section `study` of a config holds."""
    return {key: study[key] for key in OWN_PARAGRAPHS if study.get(key)}


def with_citations(text: str) -> Mark:
    """Return words of a config as a text has them, with the citations in them."""
    out = []
    rest = 0
    for citation in CITATION.finditer(text):
        out += [printed(text[rest : citation.start()]), citation[0]]
        rest = citation.end()
    return Mark("".join([*out, printed(text[rest:])]))


def read_texts(
    texts: Iterable[str],
    faults: Faults,
    study: Mapping[str, str],
) -> tuple[dict[str, Path], dict[str, Reference]]:
    """Return a study's own texts by name, and its references, which these texts or
    paragraphs of the config cite; those that cannot be read are added to ``faults``.
    """
    references = dict[str, Reference]()
    written = dict[str, str]()
    for path in texts:
        with faults.caught():
            written[path] = _read_text(path)
    unread = {*texts} - {*written}
    paths = {
        path.stem: path
        for path in map(Path, written)
        # A text whose conditions cannot be read is not printed without them.
        if path.suffix == ".md" and str(conditions_beside(path)) not in unread
    }
    for path in written:
        if path.endswith(".bib"):
            with faults.caught():
                references = read_references(path)
                # Only all texts together say which entries none cites.
                if set(written) == set(texts):
                    cited = [written[str(text)] for text in paths.values()]
                    cited += own_paragraphs(study).values()
                    check_citations(cited, references, path)
    return paths, references


class _BrokenError(ReportError):
    """A condition that no longer holds."""


def _with_its(condition: Expression, error: _BrokenError) -> ReportError:
    """Return the fault of a condition that does not hold, with the condition."""
    written = condition.source.removeprefix("must")
    found = f"{error.found} {' '.join(written.split())}"
    return ReportError(found, error.expected, error.action)


def _must(condition: object, words: str = "") -> Mark:
    if not condition:
        sentence = f"the sentence with '{words}'" if words else "the sentence below"
        raise _BrokenError(
            f"{sentence} no longer holds",
            "a sentence that the numbers support",
            "rewrite the sentence",
        )
    return Mark(SILENT)


def _shown(path: Path) -> str:
    """Return how a file of texts is named to its author, such as ``text/page.md``."""
    return f"{path.parent.name}/{path.name}"


def _in_file(path: Path, line: int, error: ReportError) -> ReportError:
    """Return a fault with the file and, unless it is 0, the line where it stands."""
    where = f"{_shown(path)} line {line}" if line else _shown(path)
    return ReportError(f"{where}: {error.found}", error.expected, error.action)


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


def _placed_by(text: Text) -> set[str]:
    """Return the exhibits and blocks that a text places by its own words."""
    placing = [part for part in text.expressions if part.called in PLACED_BY_NAME]
    blocks = {part.called for part in text.expressions} & {*PLACED_ONCE}
    return {*blocks, *(part.texts[0] for part in placing if part.texts)}


def _reference_faults(source: str, text: Text) -> Iterator[FaultInLine]:
    """Yield references to equations that a text does not have."""
    names = equation_names(source)
    for part in text.expressions:
        wrong = [name for name in part.texts if name not in names]
        if part.called == "eq" and wrong:
            yield part.line, ReportError(*not_known("equation", wrong[0], names))


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
