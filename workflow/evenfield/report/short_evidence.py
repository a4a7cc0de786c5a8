"""The short evidence behind a number, which page and tables open beside it.

By the name of a number: the estimate with its interval, what it is of, how sure it is,
from which rows, and last how it was computed, each with its label; and the lines of
Python that fit it again. `python3 run why NAME` prints more.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from evenfield.report.assumptions import LIBRARY
from evenfield.report.claims import in_unit, unit_words
from evenfield.report.numbers import read_entries, read_numbers
from evenfield.report.sections import ReadSection, section_numbers
from evenfield.shared.calls import no_call
from evenfield.shared.estimates import read_estimates
from evenfield.shared.second_studies import second_configs, second_results
from evenfield.shared.tables.numbers import (
    is_missing,
    p_value,
    significant,
    text,
    whole,
    with_interval,
)
from evenfield.shared.tables.rows import Row, records
from evenfield.shared.tables.units import period_label
from evenfield.shared.topics import (
    kind_of,
    measured_in,
    own_words,
    read_topics,
    with_measure,
)
from evenfield.study.expressions import columns_of
from evenfield.study.files import HASH_LETTERS, Record, read_json
from evenfield.study.study_config import Period, StudyConfig

# The cells of a table name the estimates that they print.
NAMED_BY_CELL = re.compile(r' data-estimate="((?:\w+\.)?[0-9a-f]{12})"')
COMMAND = "python3 run why {}"
# Lines of Python, which run in the folder of the study; they print a fit of the estimate
# and the row beside its numbers, else the row alone, else the value of a number without
# an estimate.
IMPORT = "import evenfield as ef"
HERE = "."  # the folder of the study, where nobody has named another one
FIT = ('s.fit("{}")', 's.compared("{}").to_string()')
ROW = ('s.row("{}")',)
VALUE = ('s.numbers["{}"]',)
ANSWER = ('s.table("answers.csv").set_index("id").loc["{}"].dropna().to_dict()',)
OF_ANOTHER_STUDY = "with --directory and the folder of this study"
# Columns of an estimate that say what was fitted and to which units, and their labels.
MODEL = {
    "outcome": "outcome",
    "term": "term",
    "contrast": "contrast",
    "controls_id": "given",
    "fe_id": "effects",
    "w_id": "weights",
    "treatment_def": "list",
}
SAMPLE = {"sample_id": "sample", "unit_scheme": "units", "output_basis": "output"}
# What an inference allows for, by how its name in the estimates begins.
ALLOWED_FOR = {
    "SCPC": "shocks that neighbours share",
    "Conley": "shocks that neighbours share",
    "CR": "errors that are correlated within groups",
    "HC": "errors of unequal variance",
    "sandwich by unit": "errors that are correlated within units",
    "clustered by unit": "errors that are correlated within units",
    "wild": "errors redrawn with random signs",
    "permutation": "labels assigned at random",
}
# The warning that "Detectable" says in words.
UNDERPOWERED = re.compile(r"UNDERPOWERED: [^;]*(?:; )?")
Facts = dict[str, str]


class ShortEvidence:
    """What stands behind the numbers, answers and estimates of a study, in short."""

    def __init__(
        self,
        config: Record,
        root: str | Path,
        sections_read: ReadSection | None = None,
    ) -> None:
        root = Path(root)
        self._folders = config.get("beside", {})
        self._beside = {
            study: ShortEvidence(other, second_results(config)[study])
            for study, other in second_configs(config).items()
        }
        self._numbers = read_numbers(root / "numbers.json")
        self._numbers |= section_numbers(config, root, sections_read)
        self._entries = read_entries(config)
        content = read_json(root / "answers.json")
        items = [*content["hypotheses"], *content["claims"]]
        self._answers = {item["id"]: item["estimate_id"] for item in items}
        self._statements = {
            item["estimate_id"]: item.get("statement") or item["claim"]
            for item in reversed(items)
        }
        self._periods = StudyConfig.of(config).periods
        self._study = config["study"]
        self._vintage = read_json(root / "ingest" / "description.json").get("vintage")
        estimates = read_estimates(root / "estimates.csv")
        self._rows = {row["estimate_id"]: row for row in records(estimates)}
        # `run` stands in the folder of the library: a study elsewhere is named to it.
        is_in_folder_of_run = Path.cwd() == LIBRARY.resolve().parents[1]
        self.command = COMMAND
        self.command_with = "" if is_in_folder_of_run else OF_ANOTHER_STUDY

    def __contains__(self, name: str) -> bool:
        study, own_name = self._source(name)
        if study:
            return own_name in self._beside[study]
        return name in self._numbers or self._estimate_id(name) in self._rows

    def in_words(self, name: str) -> Facts:
        """Return the labelled words about a number of numbers.yaml or of a section, the
        number of an answer, or an estimate.
        """
        study, own_name = self._source(name)
        if study:
            facts = self._beside[study].in_words(own_name)
            return {"Study": self._folders[study], **facts}
        estimate_id = self._estimate_id(name)
        if estimate_id:
            return self._of_estimate(estimate_id)
        entry = self._entries.get(name)
        if entry is None:  # a number of a section.md that is counted or read
            return {"Cell of": f"results/{self._numbers[name].source}", **self._data()}
        if entry.expression:
            used = sorted(set(columns_of(entry.expression)))
            values = [f"{part} = {self._printed(part)}" for part in used]
            return {"Arithmetic": entry.expression, "Of": ", ".join(values)}
        where = [f"{column} {value}" for column, value in entry.where.items()]
        cell = [entry.take if entry.take != "one" else "", entry.column, *where]
        return {
            "Cell of": f"results/{entry.file}",
            "Column": ", ".join(filter(None, cell)),
            **self._data(),
        }

    def code(self, name: str) -> str:
        """Return the lines of Python that fit a number, or read it where nothing is
        fitted.
        """
        study, own_name = self._source(name)
        evidence = self._beside[study] if study else self
        estimate_id = evidence._estimate_id(own_name)
        if not estimate_id:
            return code_that_prints(VALUE, name)
        is_fitted = evidence._is_fitted(estimate_id)
        return code_that_prints(FIT if is_fitted else ROW, name)

    def _is_fitted(self, estimate_id: str) -> bool:
        """Say whether a function of the library gives an estimate, as its topic says."""
        row = self._rows[estimate_id]
        known = row.get("topic") in read_topics() and not is_missing(row["estimate"])
        return known and not no_call(row)

    def store(self, estimate_ids: Iterable[str]) -> str:
        """Return what the cells of tables open, as JSON in which each text stands
        once; empty where no cell names an estimate. A row holds the number of a text for
        each label, and last which of the two codes is its own.
        """
        names = sorted(name for name in {*estimate_ids} if name in self)
        rows = {name: self.in_words(name) for name in names}
        if not rows:
            return ""
        labels = dict.fromkeys(label for facts in rows.values() for label in facts)
        number_of = {"": 0}  # texts in order; the blank one where a row has no label
        codes = [code_that_prints(ROW), code_that_prints(FIT)]
        store = {}
        for name, facts in rows.items():
            words = [facts.get(label, "") for label in labels]
            numbers = [number_of.setdefault(word, len(number_of)) for word in words]
            is_fitted = self.code(name) == code_that_prints(FIT, name)
            store[name] = [*numbers, int(is_fitted)]
        content = {
            "command": self.command,
            "with": self.command_with,
            "code": codes,
            "labels": [*labels],
            "texts": [*number_of],
            "rows": store,
        }
        packed = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        return packed.replace("<", "\\u003c")  # no text closes the script

    def _source(self, name: str) -> tuple[str, str]:
        """Return the second study that a name is of, blank for this one, and the name in
        that study.
        """
        study, _, own_name = (self._estimate_id(name) or name).partition(".")
        return (study, own_name) if study in self._beside else ("", name)

    def _estimate_id(self, name: str) -> str:
        """Return the id of the estimate behind a name; blank for arithmetic and cells of
        tables.
        """
        if name in self._numbers:
            return self._numbers[name].estimate_id
        return str(self._answers.get(name, name))

    def _of_estimate(self, estimate_id: str) -> Facts:
        """Return the labelled words about an estimate, with the question it answers."""
        row = self._rows[estimate_id]
        facts = {"Question": self._statements.get(estimate_id, "")}
        facts |= row_words(row, self._periods, self._study)
        return _without_blanks(facts) | self._data(row["data_hash"])

    def _printed(self, name: str) -> str:
        """Return a number as a text prints it."""
        number = self._numbers[name]
        return number.written(number.value)

    def _data(self, data_hash: str = "") -> Facts:
        """Return the hash of the data of a row and the vintage of the study's figures."""
        # The row's own figures may be of another vintage, as its units say.
        vintage = f"main figures: {self._vintage}" if self._vintage else ""
        words = [data_hash[:HASH_LETTERS], vintage]
        return _without_blanks({"Data": "; ".join(filter(None, words))})


def code_that_prints(
    expressions: Iterable[str], name: str = "{}", folder: str = HERE
) -> str:
    """Return lines of Python that print expressions of a name of the study in a folder;
    without a name, ``{}`` stands in its places.
    """
    prints = [f"print({expression.replace('{}', name)})" for expression in expressions]
    opened = f"s = ef.open_study({json.dumps(folder)})"
    opened += "  # the folder of the study" if folder == HERE else ""
    return "\n".join([IMPORT, opened, *prints])


def estimates_of_cells(html: str) -> list[str]:
    """Return the estimates that the cells of tables print."""
    return NAMED_BY_CELL.findall(html)


def row_facts(row: Row, periods: Mapping[str, Period]) -> Facts:
    """Return an estimate with interval, method, numbers of rows, specification, sample
    and period, each with its label.
    """
    interval = ""
    if not is_missing(row["conf_low"]) or not is_missing(row["conf_high"]):
        low, high = (text(row[end]) or "unbounded" for end in ("conf_low", "conf_high"))
        interval = f"{row['conf_level']:.0%}: {low} to {high}"
    p = "" if is_missing(row["p_value"]) else p_value(row["p_value"])
    method = [row["se_type"], row["p_type"], f"estimator {row['estimator']}"]
    spec = [row["family"], row["spec_id"], row["role"]]
    number = f"{text(row['estimate'])} {unit_words(row['unit_of_measure'])}".rstrip()
    return _without_blanks(
        {
            "Estimate": number or "not defined",
            "Interval": interval,
            "p": p,
            "Method": "; ".join(filter(None, method)),
            "n": f"{text(row['n_obs'])} rows, {text(row['n_units'])} units",
            "Specification": ", ".join(filter(None, spec)),
            "Model": _named(row, MODEL),
            "Sample": _named(row, SAMPLE),
            "Period": period_label(row["period"], periods),
            "Warning": row["warning"],
        }
    )


def row_words(row: Row, periods: Mapping[str, Period], study: Record) -> Facts:
    """Return an estimate for a reader: no more digits than its interval supports, method
    and warning in words, how it was computed in the last line.
    """
    facts = row_facts(row, periods)
    units_name = str(study["units_name"])
    unit = row["unit_of_measure"]
    low, high = row["conf_low"], row["conf_high"]
    value, ends = with_interval(row["estimate"], low, high, unit)
    ends = ends.strip("[]").replace(", ", " to ")
    inference = str(row["se_type"] or row["p_type"])
    allowed_for = [
        f"allows for {words}"
        for name, words in ALLOWED_FOR.items()
        if inference.startswith(name)
    ]
    together = ""
    if not is_missing(row["p_adjusted"]):
        together = f"{p_value(row['p_adjusted'])} with all that are tested together"
    p = facts.get("p", "")
    p = f"p {p}" if p[:1] in ("<", ">") else f"p = {p}" if p else ""
    how_sure = [p, together, *allowed_for[:1]]
    detectable = ""
    if not is_missing(row["mde"]):
        detectable = f"{significant(row['mde'])} or more"
        if not is_missing(row["sesoi"]):
            detectable += f"; {row['sesoi']:g} would matter"
    rows_and_units = f"{whole(row['n_units'])} {units_name}"
    if row["n_obs"] != row["n_units"]:
        rows_and_units = f"{whole(row['n_obs'])} rows of {rows_and_units}"
    computed = [facts.get(label, "") for label in ("Method", "Specification", "Sample")]
    what = measured_in(study)
    return {
        "Estimate": in_unit(value, unit, units_name) or "not defined",
        "Interval": f"{row['conf_level']:.0%}: {ends}" if ends else "",
        "Of": with_measure(
            what,
            _model_words(row, study.get("names", {})),
            kind_of(study),
            own_words(study) if what else (),
        ),
        "How sure": ", ".join(filter(None, how_sure)),
        "Detectable": detectable,
        "From": ", ".join(filter(None, [rows_and_units, facts.get("Period", "")])),
        "Warning": UNDERPOWERED.sub("", row["warning"]).strip("; "),
        "Computed by": "; ".join(filter(None, computed)),
    }


def _model_words(row: Row, names: Mapping[str, str]) -> str:
    """Return what was estimated: of which outcome, for which term, given what, with
    which list.
    """
    words = {
        column: names.get(row[column], row[column]).replace("_", " ")
        for column in MODEL
        if row[column] not in ("", "none")
    }
    term, contrast = words.get("term", ""), words.get("contrast", "")
    # A difference names its term; what a fact compares does not.
    subject = contrast if term in contrast else f"{term}, {contrast}".rstrip(", ")
    about = [words.get("outcome", ""), subject]
    beside = {
        "controls_id": "given",
        "fe_id": "effects of",
        "w_id": "neighbours by",
        "treatment_def": "list:",
    }
    more = [
        f"{word} {words[column]}" for column, word in beside.items() if column in words
    ]
    return ", ".join([": ".join(filter(None, about)), *more])


def _named(row: Row, columns: Mapping[str, str]) -> str:
    """Return what a row holds in some columns, each with its name."""
    return "; ".join(
        f"{word}: {row[name]}" for name, word in columns.items() if row[name]
    )


def _without_blanks(facts: Mapping[str, object]) -> Facts:
    """Return the facts that say something."""
    return {label: str(words) for label, words in facts.items() if words}
