"""The topics of the library as the workflow sees them: what each reads, which sections
of the config move it, what it shows.

Each topic says this in its `topic.yaml`, a `TopicFile`. Nothing else names a topic.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from evenfield.shared.topic_file import Step, TopicFile
from evenfield.study.files import Record
from evenfield.study.letters import texts_of
from evenfield.study.logarithms import MONEY_WORDS

LIBRARY = Path(__file__).parents[1]
TOPICS = LIBRARY / "topics"
# Read by every job that opens a study.
ALWAYS = ("panel.unit_scheme", "panel.unit_schemes")
ZONES = re.compile(r"\b(?:special economic zones?|(?<=a)n SEZ|SEZs?)\b")
IMPORT = re.compile(
    r"^\s*(?:from (evenfield[\w.]*) import (\([^)]*\)|[^\n]*)|import"
    r" (evenfield[\w.]+))",
    re.M,
)
# Words of income in texts, but not in names of columns, specifications and numbers.
INCOME = re.compile(
    r"(?<![\w`./-])(?:(?:real )?(?:income|output) per (?:head|resident)|incomes?)"
    r"(?![\w`/-]|\.\w)",
    re.IGNORECASE,
)
AN_INCOME = re.compile(r"\b([Aa])n income\b(?! per)")
OUR_LABEL = re.compile(rf"(?:log )?(?:{INCOME.pattern})", re.IGNORECASE)
SPREAD = re.compile(r"How (?:far apart incomes are|incomes are spread)")
MONEY = re.compile(rf"{MONEY_WORDS}|\bpay\b", re.IGNORECASE)
# No unit is named so: names begin with a capital.
RICH = re.compile(
    r"\b(?:poor(?:er|est)?|rich(?:er|est)?|Poorer|Richer|(?:Poor|Rich)(?= among))\b"
)
INCOME_KIND = "income"
TOTAL = "total"
# What makes units poorer and richer, by the kind of the figures.
LEVELS = {
    TOTAL: {
        "poor": "small",
        "poorer": "smaller",
        "poorest": "smallest",
        "rich": "large",
        "richer": "larger",
        "richest": "largest",
    },
    "rate": {
        "poor": "low",
        "poorer": "lower",
        "poorest": "lowest",
        "rich": "high",
        "richer": "higher",
        "richest": "highest",
    },
}
UNNAMED = "figures"  # that are no income, of a study that does not say of what
PRIMARY_AND_ALL = ["weights.primary", "weights.families"]
TABLE_ENDINGS = ("csv", "tex", "paper.tex", "md", "html", "typ", "docx")
FIGURE_ENDINGS = ("pdf", "svg", "png", "csv", "alt.txt")


@cache
def read_topics() -> dict[str, TopicFile]:
    """Return every topic's ``topic.yaml`` by topic word, in the order of the page."""
    topics = {}
    for path in TOPICS.glob("*/topic.yaml"):
        content = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
        topics[path.parent.name] = TopicFile.model_validate(content)
    return dict(sorted(topics.items(), key=lambda item: (item[1].order, item[0])))


def sections(estimates: Record) -> dict[str, object]:
    """Return the section of every family of rows that a config asks for."""
    topics = read_topics()
    by_family = dict[str, Any]()
    for topic, section in estimates.items():
        several = topic in topics and topics[topic].families
        by_family |= section if several else {topic: section}
    return by_family


def exhibit_owners() -> dict[str, str]:
    """Return the topic of every exhibit by its id."""
    return {
        id_: name for name, topic in read_topics().items() for id_ in topic.exhibits
    }


def exhibit_files(name: str, folder: str = "results") -> list[str]:
    """Return the files of a table or figure below a folder."""
    if name.startswith("T"):
        return [f"{folder}/tables/{name}.{ending}" for ending in TABLE_ENDINGS]
    return [f"{folder}/figures/{name}.{ending}" for ending in FIGURE_ENDINGS]


def latex_files(
    names: Iterable[str], folder: str = "results/report/latex"
) -> list[str]:
    """Return the files of the paper in LaTeX with its tables and figures ``names``."""
    files = ["numbers.tex", "exhibits.tex", "references.bib", "map.pdf"]
    files.append("tables/sources.tex")
    for name in names:
        if name.startswith("T"):
            files.append(f"tables/{name}.tex")
        else:
            files += [f"figures/{name}.{ending}" for ending in ("tex", "pdf")]
    return [f"{folder}/{name}" for name in files]


def exhibit_words(config: Record) -> dict[str, dict[str, str]]:
    """Return title and caption of every exhibit by its id, in the nouns of the study."""
    study = config["study"]
    proxy = config.get("panel", {}).get("income", {}).get("proxy", "")
    nouns = {"{{unit}}": study["unit_name"], "{{units}}": study["units_name"]}
    words = {}
    for topic in read_topics().values():
        for name, exhibit in topic.exhibits.items():
            # Our words first, so that no noun of the study is taken for one of them.
            title = renamed(study, exhibit.title)
            caption = renamed(study, exhibit.caption)
            for noun, study_noun in nouns.items():
                title = title.replace(noun, study_noun)
                caption = caption.replace(noun, study_noun)
            if not proxy:  # what is said of it stands in sentences of its own
                sentences = re.split(r"(?<=\.) ", caption)
                caption = " ".join(part for part in sentences if "roxy" not in part)
            words[name] = {"title": title}
            if caption:
                words[name]["caption"] = caption
    return words


def renamed(study: Record, text: str, own: Sequence[str] = ()) -> str:
    """Call taxonomies, special economic zones and what is studied by the study's names
    for them, and units of measure in words; what the user wrote himself (`own_words`)
    stays as it is.
    """
    text = text.replace("pp/yr", "pp a year")
    text = with_measure(measured_in(study), text, kind_of(study), own)
    names: Mapping[str, str] = study.get("names", {})
    if names:
        # The longest id first, since one may begin with another.
        ids = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
        text = re.sub(
            rf"(?<![\w`])(?:{ids})(?![\w+`])", lambda named: names[named[0]], text
        )
    one = study.get("zone_name", "zone")
    many = study.get("zones_name", "zones")
    if one == "SEZ":
        return text
    return ZONES.sub(lambda found: many if found[0].endswith("s") else one, text)


HERE = "\ue000what\ue000"  # where what is studied stands in a text
OWN = "\ue000{}\ue000"  # where words of the user stand


def kind_of(study: Record) -> str:
    """Return what kind of figures a study is of: income, a total or a rate.

    # ASSUME: what is no money and not said to be anything else is a rate, which makes
    # nobody rich.
    """
    said = study.get("kind")
    what = str(study.get("what", ""))
    if said:
        return str(said)
    return "rate" if what and not MONEY.search(what) else INCOME_KIND


def measured_in(study: Record) -> str:
    """Return what a study is of in place of income per head; blank: income."""
    named = str(study.get("what", ""))
    return named or ("" if kind_of(study) == INCOME_KIND else UNNAMED)


def with_measure(what: str, text: str, kind: str = "", own: Sequence[str] = ()) -> str:
    """Name what a study is of in place of income per head, in our own words; blank:
    income. Words of the user (``own``) stay as they are.
    """
    if not what or text.strip() in own:
        return text
    # A name such as household income holds the word that it stands for.
    text = text.replace(what, HERE).replace(_cased(what, "A"), HERE.upper())
    # A single word of the user may be one of ours elsewhere.
    kept = [words for words in own if " " in words and words in text]
    for number, words in enumerate(kept):
        text = text.replace(words, OWN.format(number))
    text = our_words(text, kind or kind_of({"what": what}))
    for number, words in enumerate(kept):
        text = text.replace(OWN.format(number), words)
    return put_in(what, text)


def in_words_of(study: Record, text: str) -> str:
    """Return a text of the library in the words that a study's kind of figures has, with
    a place for what is studied, which `put_in` fills.
    """
    return our_words(text, kind_of(study)) if measured_in(study) else text


def put_in(what: str, text: str) -> str:
    """Put what is studied where `our_words` has left its place."""
    return text.replace(HERE, what).replace(HERE.upper(), _cased(what, "A"))


def our_words(text: str, kind: str) -> str:
    """Return a text of the library with a place for what is studied where it says income,
    and with the words that the kind of figures has for poorer and richer.
    """
    text = SPREAD.sub(f"Spread of {HERE}", text)
    text = AN_INCOME.sub(r"\1 figure", text)
    text = text.replace(
        "incomes: standard deviation of their", "incomes: standard deviation of its"
    )
    text = INCOME.sub(
        lambda found: HERE.upper() if found[0][0].isupper() else HERE, text
    )
    levels = LEVELS.get(kind)
    if levels is None:
        return text
    return RICH.sub(lambda found: _cased(levels[found[0].lower()], found[0]), text)


def label_in_words(study: Record, label: str) -> str:
    """Return a label of a config, in the study's words if it says income alone, as labels
    that `run new` writes.
    """
    ours = OUR_LABEL.fullmatch(label)
    return with_measure(measured_in(study), label, kind_of(study)) if ours else label


def own_words(config: object, names: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the words of the user that we would take for our own: names of units, and
    texts of a config, longest first; but for income and its logarithm, which `run new`
    writes as labels.
    """
    texts = {*names, *(text for _, text in texts_of(config, ""))}
    taken = {
        text
        for text in texts
        if (RICH.search(text) or INCOME.search(text) or SPREAD.search(text))
        and not OUR_LABEL.fullmatch(text)
    }
    return tuple(sorted(taken, key=lambda text: (-len(text), text)))


def _cased(word: str, like: str) -> str:
    """Return a word with a capital where another has one."""
    return word[:1].upper() + word[1:] if like[0].isupper() else word


def part(config: Record, names: Iterable[str]) -> dict[str, object]:
    """Return the sections of a config that are named, for example ``inference`` or
    ``study.units_name``.
    """
    out: dict[str, Any] = {}
    for name in [*ALWAYS, *names]:
        *folders, last = name.split(".")
        source = config
        target = out
        for key in folders:
            source = source.get(key, {})
            target = target.setdefault(key, {})
        if last in source:
            target[last] = source[last]
    return out


def settings(config: Record, topic: str, step: Step) -> dict[str, object]:
    """Return the sections of the config that move one step of a topic: its own, those
    it names, those of what it reads.
    """
    names = [f"estimates.{topic}"]
    for name in step.reads:
        folder, _, rest = name.partition("/")
        if folder == "estimates":
            names.append(f"estimates.{rest.split('/')[0]}")
        if folder == "weights":
            names += ["weights.primary"] if rest else PRIMARY_AND_ALL
    return part(config, [*sorted(names), *step.settings])


def inputs(config: Record, step: Step) -> list[str]:
    """Return the files that one step of a topic reads, for the main unit scheme or for
    all of them.
    """
    panel = config["panel"]
    families = config["weights"]["families"]
    primary = config["weights"]["primary"]
    main = step.schemes == "main"
    schemes = [panel["unit_scheme"]] if main else panel["unit_schemes"]
    files = [f"results/panel/{scheme}/description.json" for scheme in schemes]
    for name in step.reads:
        folder, _, rest = name.partition("/")
        if folder == "weights":
            matrices = [primary] if rest and primary else families
            for scheme in schemes:
                for matrix in matrices:
                    stem = f"results/weights/{scheme}/{matrix}"
                    files += [f"{stem}.csv", f"{stem}.json"]
        elif folder == "estimates":
            if rest.split("/")[0] in config["estimates"]:
                files.append(f"results/{name}")
        elif rest or "." in name:
            files.append(f"results/{name}")
        elif name == "exposures":
            if families:
                files += [f"results/weights/{scheme}/{name}.csv" for scheme in schemes]
        else:
            files += [f"results/panel/{scheme}/{name}.csv" for scheme in schemes]
    return files


def code_hash(script: Path, *files: str) -> str:
    """Hash a script, library files that it loads by name, and all that they import."""
    digest, imports = _read(script)
    seen = files_read(*imports, *files)
    lines = [f"{name} {seen[name]}" for name in sorted(seen)]
    return hashlib.sha256("\n".join([digest, *lines]).encode()).hexdigest()


def files_read(*files: str) -> dict[str, str]:
    """Return library files and every library file that they import, however far, each
    with its hash.
    """
    known = (name for name in files if name in library_files())
    names = set[str]().union(*map(_reached, known))
    return {name: library_hash(name) for name in names}


@cache
def library_hash(name: str) -> str:
    """Return the hash of a library file, named from the library's folder."""
    return _read(LIBRARY / name)[0]


_REACHED = dict[str, frozenset[str]]()  # of each file what it imports, however far


def _reached(file: str) -> frozenset[str]:
    """Name a library file and every library file that it imports, however far."""
    names = set[str]()
    todo = {file}
    while todo:
        name = todo.pop()
        if name in _REACHED:
            names |= _REACHED[name]
            todo -= names
        else:
            names.add(name)
            todo |= _read(LIBRARY / name)[1] - names
    return _REACHED.setdefault(file, frozenset(names))


@cache
def library_files() -> frozenset[str]:
    """Name every file of the library from its folder, but for what Python compiles, which
    comes and goes.
    """
    return frozenset(
        path.relative_to(LIBRARY).as_posix()
        for path in LIBRARY.rglob("*.*")
        if path.parent.name != "__pycache__" and path.is_file()
    )


@cache
def _read(path: Path) -> tuple[str, frozenset[str]]:
    content = path.read_bytes()
    modules = list[str]()
    if path.suffix == ".py":
        for package, names, plain in IMPORT.findall(content.decode()):
            modules.append(package or plain)
            for name in names.strip("()").split(","):
                modules.append(f"{package}.{name.split(' as ')[0].strip()}")
    stems = [name.partition(".")[2].replace(".", "/") for name in modules]
    files = [f"{stem}.py" for stem in stems]
    # A package is what its __init__.py says.
    files += [f"{stem}/__init__.py" for stem in stems]
    return hashlib.sha256(content).hexdigest(), library_files().intersection(files)
