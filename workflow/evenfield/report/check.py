"""Hold the plan of a study against its tables: what a run would refuse is refused at
once, and nothing is estimated.
"""

import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cache, cached_property
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from evenfield.report.numbers import Entry, check_cells, read_entries
from evenfield.report.plan import Plan, note_checked, plan_study, unchecked
from evenfield.report.prose import (
    BLOCKS,
    GIVEN,
    OWN_PARAGRAPHS,
    Prose,
    read_texts,
)
from evenfield.report.sections import method_references
from evenfield.report.stand_ins import (
    PLACING_WORDS,
    second_entries,
    stand_ins,
    text_faults,
    unread_texts,
)
from evenfield.report.topic_numbers import check_numbers
from evenfield.shared.second_studies import in_study, require_folder, second_exhibit
from evenfield.shared.spec import read
from evenfield.shared.topics import read_topics
from evenfield.study.config_files import study_config
from evenfield.study.errors import (
    ConfigError,
    EvenfieldError,
    Faults,
    NumbersError,
    SecondStudyError,
    counted,
    first_examples,
    not_known,
)
from evenfield.study.files import Record
from evenfield.study.ingest.dictionary import public_dictionary
from evenfield.study.ingest.outlines import outlines_missing, read_outlines
from evenfield.study.ingest.study_tables import describe_study, read_study, read_tables
from evenfield.study.jumps import jumps
from evenfield.study.latin import latin_sentences
from evenfield.study.panel.build import BuiltPanel, build_panel
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.study.study import Study
from evenfield.study.table_files import TEXT_COLUMNS
from evenfield.study.tables import resource_named
from evenfield.study.weights.build import build_geography, build_weights
from evenfield.study.weights.exposures import exposure_frame, mean_doses

# What only a person can say of a paper, by the key of `study`.
OF_THE_PAPER = ("author", "affiliation", "keywords", "jel", "repository")
MOST_WORDS = 150  # of an abstract, as journals ask
TESTED = ("association", "effect", "no gain")  # kinds of claims
# Sections of the config that a panel is built from.
KEYS_OF_PANELS = ("panel.", "periods.", "weights.", "taxonomy.")


class BuiltStudy(Study):
    """A study whose tables, panels and weights were built in memory and are nowhere
    written.
    """

    def __init__(self, config: Record) -> None:
        super().__init__(config)
        self.tables = read_study(config)
        dictionary = public_dictionary(config["data"]["package"])
        panel = resource_named(dictionary, "panel")
        self.fields = {field.name: field for field in panel.fields}
        self.built: dict[str, BuiltPanel] = {}
        self.built_weights = defaultdict[str, dict[str, SpatialWeights]](dict)
        self._read = cache(self._read_once)
        self._outlines = cache(lambda: read_outlines(config["data"]["package"]))

    def build(self, faults: Faults) -> None:
        """Build every panel and every weights matrix that can be."""
        weights = self.config["weights"]
        for scheme in self.schemes:
            with faults.caught():
                built = build_panel(self.tables, self.fields, self.config, scheme)
                self.built[scheme] = built
                merged = built.description["merged"]
                geography = build_geography(
                    built.units, built.adjacency, built.panel, weights["join"], merged
                )
                for name, spec in weights["families"].items():
                    if "path" in spec and not Path(spec["path"]).is_file():
                        continue  # which the plan names
                    with faults.caught():
                        matrix = build_weights(name, spec, geography)
                        self.built_weights[scheme][name] = matrix

    def _table(
        self, name: str, scheme: str = "", text: tuple[str, ...] = ()
    ) -> pd.DataFrame:
        # Many topics ask for one table; a copy shares its columns until one is changed.
        return self._read(name, scheme or self.main, text).copy(deep=False)

    def _read_once(self, name: str, scheme: str, text: tuple[str, ...]) -> pd.DataFrame:
        if name == "exposures":
            return _as_read(self._exposures(scheme), text)
        return _as_read(getattr(self.built[scheme], name), text)

    def _exposures(self, scheme: str) -> pd.DataFrame:
        built = self.built[scheme]
        described = built.description
        doses = mean_doses(built.doses, described["periods"], described["units"])
        return exposure_frame(self.built_weights[scheme], built.cells, doses)

    def _description(self, scheme: str = "") -> dict[str, object]:
        return dict(self.built[scheme or self.main].description)

    def _weights(self, name: str = "", scheme: str = "") -> SpatialWeights:
        name = name or self.config.weights.primary
        return self.built_weights[scheme or self.main][name]

    def _ingested(self, name: str, text: tuple[str, ...]) -> pd.DataFrame:
        return _as_read(self.tables[name], text)

    @cached_property
    def units(self) -> set[str]:
        """Every unit of the study."""
        return set(self.tables["units"]["unit"])

    def outlines(self) -> dict[str, object]:
        """Return the outlines of the units."""
        return self._outlines()


def _as_read(frame: pd.DataFrame, text: tuple[str, ...]) -> pd.DataFrame:
    """Return a table as if it had been written and read again: its text columns hold no
    blanks but empty text.
    """
    names = [name for name in frame if name in TEXT_COLUMNS or name in text]
    texts = {name: frame[name].astype(object).fillna("").astype(str) for name in names}
    return frame.assign(**texts)


def check_study(written: Record) -> list[str]:
    """Return what is in order, in lines; all that a run would refuse is refused
    together.
    """
    return check_plan(planned(written))


def planned(written: Record) -> Plan:
    """Return the plan of a study; a config of no shape is refused with the faults of its
    tables.
    """
    try:
        return plan_study(written)
    except EvenfieldError as error:
        # A config of no shape hides no fault of the tables, if it says where they are.
        faults = Faults(error.faults)
        data = written.get("data")
        package = data.get("package") if isinstance(data, Mapping) else None
        if isinstance(package, str):
            with faults.caught():
                read_tables(package)
        faults.refuse()
        raise


def check_plan(plan: Plan) -> list[str]:
    """Hold a plan against its numbers, texts and tables."""
    faults = plan.faults
    config = plan.config
    numbers = dict[str, Entry]()
    left_out = list(plan.left_out)
    for study, folder in config["beside"].items():
        with faults.caught():
            _check_second(plan, study, folder)
    for_people = _left_to_people(config["study"], plan.texts)
    with faults.caught():
        numbers = read_entries(config)
        # Texts rest on claims and numbers.
        for_people += _check_texts(plan, numbers, faults)
    for topic in plan.whole["estimates"]:
        with faults.caught():
            read(_estimator(topic).Section, plan.whole, topic)
    with faults.caught():
        study = BuiltStudy(config)
        # A panel of a config with a fault in its own keys would only repeat it.
        if not any(fault.found.startswith(KEYS_OF_PANELS) for fault in faults):
            study.build(faults)
        _check_units(study, faults)
        # Topics rest on panels, and these on all that came before.
        if not faults:
            check_cells(numbers, lambda path: _cells_of(study, path), faults)
            check_numbers(config, faults)
            left_out += _check_topics(plan, study, faults)
    faults.refuse()
    missing = outlines_missing(study.outlines(), sorted(study.units))
    left_out += [missing] if missing else []
    left_out += latin_sentences(list(study.tables["units"]["name"]))
    lines = []
    for name, built in study.built.items():
        years = built.description["years"]
        lines.append(
            f"unit scheme {name}: {counted(len(built.units), 'unit')},"
            f" {years[0]} to {years[-1]},"
            f" {len(config['weights']['families'])} weights"
        )
    claims = config["answers"].get("claims")
    if claims:
        hypotheses = len(config["answers"].get("hypotheses", ()))
        lines.append(f"claims.yaml: {len(claims)} claims, {hypotheses} hypotheses")
        lines += _at_most_suggestive(claims)
    lines += [
        f"beside {study}: {folder} is in order"
        for study, folder in config["beside"].items()
    ]
    if numbers:
        lines.append(f"numbers.yaml: {len(numbers)} numbers")
    shown = sum(map(len, plan.exhibits.values()))
    exhibits = counted(shown, "table or figure", "tables and figures")
    lines.append(f"{counted(len(plan.topics), 'topic')}, {exhibits}")
    lines += [f"left out: {text}" for text in left_out]
    lines += [f"for the paper: {text}" for text in for_people]
    names = dict(study.tables["units"][["unit", "name"]].to_numpy())
    income = study.built[study.main].panel[["unit", "year", "income"]]
    lines += [f"look at: {text}" for text in jumps(income, names)]
    described = describe_study(study.tables)
    rows = sum(table["rows"] for table in described["tables"].values())
    tables = counted(len(described["tables"]), "table")
    lines.append(
        f"config and data are in order: {tables}, {counted(rows, 'row')},"
        f" data hash {described['data_hash'][:12]}"
    )
    return lines


def _at_most_suggestive(claims: Sequence[Record]) -> Iterator[str]:
    """Yield which claims rest on a test of their own, which no answer of others bounds."""
    alone = [
        str(claim["id"])
        for claim in claims
        if claim["kind"] in TESTED and claim.get("evidence")
    ]
    if alone:
        yield (
            f"claims.yaml: {first_examples(alone)} can be SUGGESTIVE at most, since only"
            " hypotheses are adjusted together; make the row the primary one of a"
            " hypothesis, and name that in the claim, if it is to be SUPPORTED"
        )


def _check_second(plan: Plan, study: str, folder: str) -> None:
    """Check a study beside as a run of it would, then what this study names of it."""
    require_folder(study, folder)
    with in_study(folder):
        other = plan_study(study_config())
        state = unchecked(other)
        if state:  # else it is what it was when a check of it, or a run, passed
            check_plan(other)
            note_checked(state)
    if study in {*GIVEN, *BLOCKS, *read_topics()}:
        raise SecondStudyError(
            f"{study} is a word that texts use otherwise",
            "a name of its own",
            "rename it in beside of config.yaml",
        )
    if other.config["beside"]:
        raise SecondStudyError(
            f"{folder} has a companion study itself",
            "a study that stands alone",
            "remove beside from its config.yaml",
        )
    for kind in ("tables", "figures"):
        known = other.config[kind]
        for name in plan.config[kind]:
            exhibit, named = second_exhibit(name)
            if named == study and exhibit not in known:
                raise SecondStudyError(*not_known(f"{kind}: {study}", exhibit, known))


def _left_to_people(study: Record, texts: Sequence[str]) -> list[str]:
    """Return what a person still has to say of the paper, in a line."""
    asked: tuple[str, ...] = OF_THE_PAPER
    if "paper" not in (Path(text).stem for text in texts):
        asked += OWN_PARAGRAPHS  # where the text of the paper is ours
    blank = [f"study.{key}" for key in asked if not study[key]]
    return [f"fill in {', '.join(blank)} in config.yaml"] if blank else []


def _check_texts(plan: Plan, numbers: Mapping[str, Entry], faults: Faults) -> list[str]:
    """Add the faults of a study's own texts; return what a journal would ask of them."""
    faults += unread_texts(plan.texts, list(PLACING_WORDS))
    paths, references = read_texts(plan.texts, faults, plan.config["study"])
    endings = [Path(path).suffix for path in plan.texts]
    if endings.count(".md") > len(paths) or (".bib" in endings and not references):
        return []  # a text rests on the references, and these on all texts
    config = plan.config
    exhibits = [*config["tables"], *config["figures"]]
    beside = second_entries(config)
    names = stand_ins(config, numbers, beside)
    known = {**method_references(), **references}
    prose = Prose(paths, names, known, exhibits, before_results=True)
    wrong = text_faults(prose)
    faults += wrong
    if wrong:
        return []
    asked = _never_named(prose) if "paper" in paths else []
    return asked + (_abstract(prose) if "abstract" in paths else [])


def _never_named(prose: Prose) -> list[str]:
    """Return the tables and figures that the paper prints and does not mention."""
    seen = {args[0] for kind, *args in prose.marks("paper") if kind == "see"}
    unnamed = [name for name in prose.placed("paper") if name not in seen]
    if not unnamed:
        return []
    names = first_examples(unnamed)
    return [
        f"text/paper.md prints {names} without a mention: write"
        f' {{{{ see("{unnamed[0]}") }}}} in a sentence before it'
    ]


def _abstract(prose: Prose) -> list[str]:
    """Return what journals would say of the length of an abstract."""
    words = prose.word_count("abstract")
    asked = f"the abstract has {words} words; journals ask for at most {MOST_WORDS}"
    return [asked] if words > MOST_WORDS else []


def _cells_of(study: BuiltStudy, path: str) -> pd.DataFrame | None:
    """Return a table of the results as text, where it is known before a run."""
    folder, *parts = Path(path).with_suffix("").parts
    name = parts[-1]
    if folder == "estimates":
        step = read_topics()[parts[0]].estimate
        series = step.series if step else []
        _known_file(path, name, ["estimates", *series])
        return None
    if folder == "weights":
        _known_file(path, name, ["exposures"])
        return None
    if folder == "ingest":
        _known_file(path, name, list(study.tables))
        frame = study.tables[name]
    else:
        frames = [field.name for field in fields(BuiltPanel)]
        frames.remove("description")
        _known_file(path, name, frames)
        frame = getattr(study.built[parts[0]], name)
    # As the file of a run would read: all digits, blanks as empty text.
    text = frame.to_csv(index=False, float_format="%.17g")
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)


def _known_file(path: str, name: str, known: list[str]) -> None:
    if name not in known:
        raise NumbersError(*not_known(f"{path}: table", name, known))


def _check_units(study: BuiltStudy, faults: Faults) -> None:
    pairs = study.config.inference.pairs
    unknown = sorted({*chain.from_iterable(pairs)} - study.units)
    if unknown:
        fault = f"inference.pairs names {first_examples(unknown)}"
        faults.append(ConfigError(fault, "units of units.csv", "correct the id"))


def _check_topics(plan: Plan, study: BuiltStudy, faults: Faults) -> list[str]:
    """Hold each topic against the tables; return what a run leaves out, in sentences."""
    left_out = list[str]()
    for topic in plan.topics:
        module = _estimator(topic)
        section = read(module.Section, plan.config, topic)
        # What a topic cannot carry of this study is left out; what is wrong is refused.
        if hasattr(module, "look_section"):
            with faults.caught():
                left_out += module.look_section(study, section)
        for spec in _specs(section) if hasattr(module, "check_data") else ():
            with faults.caught():
                module.check_data(study, section, spec)
    return left_out


def _estimator(topic: str) -> Any:
    return import_module(f"evenfield.topics.{topic}.estimate")


def _specs(section: object) -> list[object]:
    """Return the specifications of a topic, wherever its section holds them."""
    if isinstance(section, list):
        return section
    named = [name for name in ("specifications", "specs") if hasattr(section, name)]
    return list(getattr(section, named[0])) if named else [section]
