"""The evidence of a number in short, as page and tables open it beside the number.

Each name leads to a few labelled words: what was estimated, with which method, from how
many rows, in which specification, period and data. `python3 run why NAME` prints more.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from evenfield.report.assumptions import LIBRARY
from evenfield.report.claims import unit_words
from evenfield.report.numbers import read_entries, read_numbers
from evenfield.report.sections import section_numbers
from evenfield.shared.beside import configs_beside, results_beside
from evenfield.shared.estimates import read_estimates
from evenfield.shared.tables.notes import HASH_LETTERS
from evenfield.shared.tables.numbers import is_missing, p_value, text
from evenfield.shared.tables.rows import Row, records
from evenfield.shared.tables.units import period_label
from evenfield.study.expressions import columns_of
from evenfield.study.files import Record, read_json
from evenfield.study.study_config import Period, StudyConfig

# The cells of a table name the estimates that they print.
NAMED_BY_CELL = re.compile(r' data-estimate="((?:\w+\.)?[0-9a-f]{12})"')
OF_ANOTHER_STUDY = "python3 run why {} --directory FOLDER"
# Columns of an estimate that say what was fitted and to which units, as they are named.
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
Facts = dict[str, str]


class ShortEvidence:
    """What stands behind the numbers, answers and estimates of a study, in short."""

    def __init__(self, config: Record, root: str | Path) -> None:
        root = Path(root)
        self._folders = config.get("beside", {})
        self._beside = {
            study: ShortEvidence(other, results_beside(config)[study])
            for study, other in configs_beside(config).items()
        }
        self._numbers = read_numbers(root / "numbers.json")
        self._numbers |= section_numbers(config, root)
        self._entries = read_entries(config)
        content = read_json(root / "answers.json")
        items = [*content["hypotheses"], *content["claims"]]
        self._answers = {item["id"]: item["estimate_id"] for item in items}
        self._periods = StudyConfig.of(config).periods
        self._vintage = read_json(root / "ingest" / "description.json").get("vintage")
        estimates = read_estimates(root / "estimates.csv")
        self._rows = {row["estimate_id"]: row for row in records(estimates)}
        # A study in a folder of its own is named to the command.
        own = Path.cwd() == LIBRARY.parents[1]
        self.command = "python3 run why {}" if own else OF_ANOTHER_STUDY

    def __contains__(self, name: str) -> bool:
        study, own_name = self._source(name)
        if study:
            return own_name in self._beside[study]
        return name in self._numbers or self._estimate_id(name) in self._rows

    def facts(self, name: str) -> Facts:
        """Return the labelled words about a number of numbers.yaml or of a section, the
        number of an answer, or an estimate.
        """
        study, own_name = self._source(name)
        if study:
            facts = self._beside[study].facts(own_name)
            return {"Study": self._folders[study], **facts}
        estimate_id = self._estimate_id(name)
        if estimate_id:
            return self._of_estimate(estimate_id)
        entry = self._entries.get(name)
        if entry is None:  # a number of a section that is counted or read
            return {"Cell of": f"results/{self._numbers[name].source}", **self._data()}
        if entry.expression:
            used = sorted(set(columns_of(entry.expression)))
            values = [f"{part} = {self._numbers[part].value:g}" for part in used]
            return {"Arithmetic": entry.expression, "Of": ", ".join(values)}
        where = [f"{column} {value}" for column, value in entry.where.items()]
        cell = [entry.take if entry.take != "one" else "", entry.column, *where]
        return {
            "Cell of": f"results/{entry.file}",
            "Column": ", ".join(filter(None, cell)),
            **self._data(),
        }

    def store(self, estimate_ids: Iterable[str]) -> str:
        """Return what the cells of tables open, as JSON in which each text stands
        once; empty where no cell names an estimate.
        """
        names = sorted(name for name in {*estimate_ids} if name in self)
        rows = {name: self.facts(name) for name in names}
        if not rows:
            return ""
        labels = dict.fromkeys(label for facts in rows.values() for label in facts)
        texts = {"": 0}  # of what a row does not have
        store = {}
        for name, facts in rows.items():
            words = [facts.get(label, "") for label in labels]
            store[name] = [texts.setdefault(word, len(texts)) for word in words]
        content = {
            "command": self.command,
            "labels": [*labels],
            "texts": [*texts],
            "rows": store,
        }
        packed = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        return packed.replace("<", "\\u003c")  # no text closes the script

    def _source(self, name: str) -> tuple[str, str]:
        """Return the study beside that holds what is behind a name, with its name
        there; no study where it is this one.
        """
        study, _, own_name = (self._estimate_id(name) or name).partition(".")
        return (study, own_name) if study in self._beside else ("", name)

    def _estimate_id(self, name: str) -> str:
        """Return the estimate behind a name; arithmetic and cells of tables have none."""
        if name in self._numbers:
            return self._numbers[name].estimate_id
        return str(self._answers.get(name, name))

    def _of_estimate(self, estimate_id: str) -> Facts:
        row = self._rows[estimate_id]
        return row_facts(row, self._periods) | self._data(row["data_hash"])

    def _data(self, data_hash: str = "") -> Facts:
        # The row's own figures may be of another vintage, as its units say.
        vintage = f"main figures: {self._vintage}" if self._vintage else ""
        words = [data_hash[:HASH_LETTERS], vintage]
        return _without_blanks({"Data": "; ".join(filter(None, words))})


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
    spans = [period_label(part, periods) for part in row["period"].split("+")]
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
            "Period": ", ".join(filter(None, spans)),
            "Warning": row["warning"],
        }
    )


def _named(row: Row, columns: Mapping[str, str]) -> str:
    """Return what a row holds in some columns, each with its name."""
    return "; ".join(
        f"{word}: {row[name]}" for name, word in columns.items() if row[name]
    )


def _without_blanks(facts: Mapping[str, object]) -> Facts:
    return {label: str(words) for label, words in facts.items() if words}
