"""The tidy layout that every estimator writes: one row, one number, everything needed
to read it.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evenfield.study.table_files import read_table, write_results

NAN = float("nan")
# Values by name: of an estimate, of a row of a series, of a summary.
Fields = dict[str, Any]
# What the estimator of a change from one period to another adds to its name.
CHANGE = "_change"
BETWEEN = " to "  # between the periods of a change


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One number of one specification, in the layout of ``results/estimates.csv``, where
    ``topic``, the folder that makes it, stands beside these columns.

    Notes
    -----
    ``estimate_id`` is the hash of the fields from ``estimator`` to ``w_id``: labels
    such as hypothesis, family or role never change it, so adding a hypothesis changes
    no other estimate. Empty text means "does not apply", NaN means "not defined"; the
    reason then stands in ``warning``.
    """

    hypothesis: str = ""
    family: str = ""
    role: str = "exploratory"
    estimator: str
    spec_id: str
    outcome: str
    term: str
    contrast: str = ""
    effect_type: str = "coef"
    sample_id: str = "all"
    unit_scheme: str = ""
    period: str = ""
    treatment_def: str = ""
    controls_id: str = "none"
    fe_id: str = ""
    w_id: str = ""
    estimate: float
    std_error: float = NAN
    se_type: str = ""
    statistic: float = NAN
    df: float = NAN
    p_value: float = NAN
    p_type: str = ""
    p_adjusted: float = NAN
    q_value: float = NAN
    conf_low: float = NAN
    conf_high: float = NAN
    conf_level: float = NAN
    n_obs: int = 0
    n_units: int = 0
    n_periods: int = 1
    n_treated: int | None = None
    g_star: float = NAN
    max_leverage_unit: str = ""
    sesoi: float = NAN
    mde: float = NAN
    unit_of_measure: str = ""
    output_basis: str = ""
    seed: str = ""
    converged: bool = True
    warning: str = ""
    data_hash: str = ""
    # What the row asks of the library and its labels do not say, by ``asking``: the
    # method of inference by its name, the units left out.
    asked: str = ""


ID_FIELDS = tuple(
    "estimator spec_id outcome term contrast effect_type sample_id unit_scheme period"
    " treatment_def controls_id fe_id w_id".split()
)
ESTIMATE_COLUMNS = ("estimate_id", *(field.name for field in fields(Estimate)))
# Numbers of one row in one unit, which are rounded to the same digit.
ROW_SCALED = ("estimate", "std_error", "conf_low", "conf_high", "sesoi", "mde")
TEXT_FIELDS = (
    "estimate_id",
    *(field.name for field in fields(Estimate) if field.type is str),
    "topic",  # only where the tables of all topics are stacked
)


def estimate_id(estimate: Estimate) -> str:
    """Return the id of an estimate: 12 hex digits of the hash of its identifying
    fields.
    """
    # A separator that no field holds, so that two rows never make one text.
    text = "\x1f".join(str(getattr(estimate, name)) for name in ID_FIELDS)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def asking(asked: str = "", /, **what: Any) -> str:
    """Return what a row asks of the library as the text of ``Estimate.asked``: JSON by
    name; what it ``asked`` before is kept.
    """
    together = what_is_asked(asked) | what
    return json.dumps(together, sort_keys=True, ensure_ascii=False)


def untested(reason: object, asked: str = "") -> Fields:
    """Return why a row has an estimate and no interval: as the words of its warning, and
    in what it asks of the library, where ``no_call`` reads it; what it ``asked`` before is
    kept.
    """
    return {
        "warning": f"no interval: {reason}",
        "asked": asking(asked, untested=str(reason)),
    }


def what_is_asked(asked: str) -> dict[str, Any]:
    """Return what a row asks of the library, by name: the text of ``asking`` read."""
    return dict(json.loads(asked)) if asked else {}


def change_period(first: str, later: str) -> str:
    """Return what stands as the period of a change from one to another."""
    return f"{first}{BETWEEN}{later}"


def estimates_frame(estimates: Iterable[Estimate]) -> pd.DataFrame:
    """Arrange estimates as the tidy table, sorted by their identifying fields."""
    values = attrgetter(*ESTIMATE_COLUMNS[1:])
    rows = [(estimate_id(one), *values(one)) for one in estimates]
    frame = pd.DataFrame(rows, columns=list(ESTIMATE_COLUMNS))
    return _sorted(frame.astype({"n_treated": "Int64"}))


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    twice = frame.loc[frame["estimate_id"].duplicated(), list(ID_FIELDS)]
    if len(twice):
        raise ValueError(f"two estimates share an id: {twice.iloc[0].to_dict()}")
    by = [*ID_FIELDS, "estimate_id"]
    return frame.sort_values(by, kind="stable", ignore_index=True)


def write_estimates(estimates: Iterable[Estimate], path: str | Path) -> None:
    """Write estimates in the tidy layout, rounded for publication."""
    write_results(estimates_frame(estimates), path, by_row=ROW_SCALED)


def read_estimates(path: str | Path) -> pd.DataFrame:
    """Read a tidy table of estimates."""
    return read_table(path, text=TEXT_FIELDS)


def finite_or_nan(value: float) -> float:
    """Return ``value``, or NaN where it is infinite, because infinities are said in
    words.
    """
    return float(value) if np.isfinite(value) else NAN


def stacked_estimates(paths: Iterable[str]) -> pd.DataFrame:
    """Stack the tidy tables of topics, each in the folder of its topic, sorted by their
    identifying fields; the last column names the topic.
    """
    tables = []
    for path in map(Path, paths):
        tables.append(read_estimates(path).assign(topic=path.parent.name))
    return _sorted(pd.concat(tables, ignore_index=True))


def write_stacked(stacked: pd.DataFrame, target: str | Path) -> None:
    """Write stacked estimates, rounded for publication."""
    write_results(stacked.astype({"n_treated": "Int64"}), target, by_row=ROW_SCALED)
