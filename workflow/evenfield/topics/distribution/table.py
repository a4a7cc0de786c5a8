"""T11 and T11b: transition matrices with their long run and mobility, and the chain given the neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from evenfield.shared.tables.headings import heading, nothing_to_show, ordered_specs, sample_parts
from evenfield.shared.tables.notes import DESCRIPTIVE, basis_note, origin_note, period_with_basis, sample_note
from evenfield.shared.tables.numbers import fixed, interval, is_missing, p_value, whole, years, years_interval
from evenfield.shared.tables.rows import Row, only, pick, records
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.warnings import reason
from evenfield.study.errors import ArtifactError

FEW = 20
LONG_RUN = "long run"
TESTS = {"time": "test, same chain in every period", "first_order": "test, first-order chain"}
KINDS = {"pooled": "pooled quantiles", "yearly": "quantiles of each year", "fixed": "fixed classes"}


def tabulate_transitions(
    estimates: pd.DataFrame,
    series: pd.DataFrame,
    description: Mapping[str, Any],
    *,
    specs: Sequence[Mapping[str, Any]],
    periods: Mapping[str, Any],
    inference: Mapping[str, Any],
    study: Mapping[str, Any],
) -> Table:
    """Arrange transition matrices by specification and step."""
    chains = only(estimates, estimator="markov")
    rows: list[Row] = []
    for spec in ordered_specs(list(chains["spec_id"]), specs):
        config = next(item for item in specs if str(item["id"]) == spec)
        for step in sorted(only(chains, spec_id=spec)["contrast"].unique(), key=_years):
            own = only(estimates, spec_id=spec, contrast=step)
            first = pick(own, estimator="markov")
            parts = [_kind(config), _step(step), period_with_basis(first["period"], first["output_basis"], periods),
                     *sample_parts(first, description)]  # fmt: skip
            group = heading(parts) + _mobility(only(own, estimator="markov"))
            drawn = only(series, spec_id=spec, step=_years(step))
            found = [*_matrix_rows(own, drawn, config), *_test_rows(own)]
            rows += [{"group": group, "spec_id": spec, "step": _years(step), **row} for row in found]
    if not rows:
        raise nothing_to_show("transition matrices", "distribution", "T11")
    size = max((int(name[2:]) for row in rows for name in row if name.startswith("p_")), default=1)
    level = f"{inference['conf_level']:.0%}"
    note = (
        sample_note(description, study),
        f"Share of {study['units_name']} in a class of income relative to the mean that are in each class one step "
        f"later; {level} intervals redraw whole trajectories. Long run: where the chain would settle if it went on "
        "unchanged, no forecast. Shorrocks index: 0 no movement, 1 perfect movement; half-life: ln 2 over the speed "
        "at which the second root dies out. Tests of the chain: chi-squared p, right only for independent chains.",
        basis_note(description),
        DESCRIPTIVE,
        origin_note(description, inference["seed"]),
    )
    return Table(id="T11", title="Transitions between classes of relative income", note=note,
                 columns=_columns(size), frame=_frame(rows, size), group="group")  # fmt: skip


def _years(contrast: str) -> int:
    return int(str(contrast).split(" ")[0])


def _step(contrast: str) -> str:
    return "1 year" if _years(contrast) == 1 else f"{_years(contrast)} years"


def _kind(config: Mapping[str, Any]) -> str:
    kind = config.get("classes", "pooled")
    number = len(config["cutoffs"]) + 1 if kind == "fixed" else config.get("quantiles", 3)
    return f"{number} classes, {KINDS[kind]}"


def _mobility(chain: pd.DataFrame) -> str:
    index, life = pick(chain, term="shorrocks"), pick(chain, term="half_life")
    told = []
    if not is_missing(index.get("estimate")):
        told.append(f"Shorrocks {fixed(index['estimate'], 2)} {interval(index['conf_low'], index['conf_high'], 2)}")
    if life:
        value = years(life["estimate"]) if not is_missing(life["estimate"]) else "unbounded"
        told.append(f"half-life {value} years {years_interval(life['conf_low'], life['conf_high'])}".strip())
    return f": {', '.join(told)}" if told else ""


def _matrix_rows(own: pd.DataFrame, drawn: pd.DataFrame, config: Mapping[str, Any]) -> Iterable[Row]:
    chain = only(own, estimator="markov")
    cells = only(drawn, kind="transition")
    if cells.empty:
        for row in records(chain.head(1)):
            yield {"kind": "class", "label": "not defined", "reason": reason(row["warning"])}
        return
    names = _class_names(config, int(cells["x"].max()))
    for i, name in enumerate(names, start=1):
        values: Row = {"kind": "class", "label": name}
        for j in range(1, len(names) + 1):
            cell = pick(chain, term=f"p_{i}_{j}")
            values |= {f"p_{j}": cell.get("estimate"), f"low_{j}": cell.get("conf_low"),
                       f"high_{j}": cell.get("conf_high"), "n_obs": cell.get("n_obs")}  # fmt: skip
        yield values
    last: Row = {"kind": LONG_RUN, "label": LONG_RUN, "reason": ""}
    for j in range(1, len(names) + 1):
        cell = pick(chain, term=f"ergodic_{j}")
        last |= {f"p_{j}": cell.get("estimate"), f"low_{j}": cell.get("conf_low"), f"high_{j}": cell.get("conf_high")}
        last["reason"] = reason(cell.get("warning", "")) if is_missing(cell.get("estimate")) else last["reason"]
    yield last


def _class_names(config: Mapping[str, Any], number: int) -> list[str]:
    cuts = [f"{value:g}" for value in config.get("cutoffs", [])] if config.get("classes") == "fixed" else []
    if not cuts:
        return [f"class {i}{', poorest' if i == 1 else ', richest' if i == number else ''}"
                for i in range(1, number + 1)]  # fmt: skip
    middle = [f"{low} to {high}" for low, high in pairwise(cuts)]
    return [f"below {cuts[0]}", *middle, f"above {cuts[-1]}"]


def _test_rows(own: pd.DataFrame) -> Iterable[Row]:
    for row in records(only(own, estimator="anderson_goodman")):
        if not is_missing(row["p_value"]):
            told = f"{TESTS.get(row['term'], row['term'])}: p {p_value(row['p_value'])}"
            yield {"kind": f"test {row['term']}", "label": told, "test_p": row["p_value"]}


def _frame(rows: list[Row], size: int) -> pd.DataFrame:
    numbers = [f"{part}_{j}" for j in range(1, size + 1) for part in ("p", "low", "high")]
    front = [name for name in rows[0] if name not in numbers and name not in ("n_obs", "reason")]
    frame = pd.DataFrame(rows)
    others = [name for name in frame if name not in (*front, *numbers)]
    return frame.reindex(columns=[*front, *numbers, *dict.fromkeys([*others, "n_obs", "reason"])])


def _cell(value: Any, low: Any, high: Any) -> str:
    return f"{fixed(value, 2)} {interval(low, high, 2)}".strip()


def _columns(size: int) -> tuple[Column, ...]:
    return (
        Column(names=("label",), header="From"),
        *(Column(names=(f"p_{j}", f"low_{j}", f"high_{j}"), header=f"to {j}", align="right", show=_cell,
                 reason="reason") for j in range(1, size + 1)),
        Column(names=("n_obs",), header="Starts", align="right", show=whole),
    )  # fmt: skip


def tabulate_spatial_chain(
    estimates: pd.DataFrame,
    series: pd.DataFrame,
    description: Mapping[str, Any],
    *,
    specs: Sequence[Mapping[str, Any]],
    periods: Mapping[str, Any],
    inference: Mapping[str, Any],
    study: Mapping[str, Any],
) -> Table:
    """Arrange transition matrices given the class of the neighbours."""
    tests = only(estimates, estimator="spatial_markov")
    rows: list[Row] = []
    for spec in ordered_specs(list(tests["spec_id"]), specs):
        for step in sorted(only(tests, spec_id=spec)["contrast"].unique(), key=_years):
            own = only(tests, spec_id=spec, contrast=step)
            drawn = only(series, spec_id=spec, step=_years(step), kind="spatial")
            rows += _spatial_rows(own, drawn, step, periods, description)
    if not rows:
        raise ArtifactError("no chain given the neighbours", "a specification of estimates.distribution with weights",
                            "add weights to it or remove T11b from `tables`")  # fmt: skip
    size = max((int(name[2:]) for row in rows for name in row if name.startswith("p_")), default=1)
    note = (
        sample_note(description, study),
        f"Transitions by the class of the neighbours' average income. p: whole trajectories of {study['units_name']} "
        f"change places on the map {inference['permutations']:,} times, so they stay as they are and only who is next "
        "to whom changes; no chi-squared p is printed, it rejects far too often. In brackets: rows with fewer than "
        f"{FEW} starts. A p above .05 is no evidence that neighbours do not matter.",
        basis_note(description),
        DESCRIPTIVE,
        origin_note(description, inference["seed"]),
    )
    columns = (
        Column(names=("neighbours",), header="Neighbours"),
        Column(names=("own",), header="From"),
        *(Column(names=(f"p_{j}", "n_obs"), header=f"to {j}", align="right", show=_thin, reason="reason")
          for j in range(1, size + 1)),
        Column(names=("n_obs",), header="Starts", align="right", show=whole),
    )  # fmt: skip
    front = ("group", "spec_id", "step", "w_id", "q", "q_p", "lr", "lr_p", "neighbours", "own")
    numbers = [f"p_{j}" for j in range(1, size + 1)]
    frame = pd.DataFrame(rows).reindex(columns=[*front, *numbers, "n_obs", "reason"])
    return Table(id="T11b", title="Transitions given the neighbours", note=note, columns=columns, frame=frame,
                 group="group")  # fmt: skip


def _spatial_rows(
    own: pd.DataFrame, drawn: pd.DataFrame, step: str, periods: Mapping[str, Any], description: Mapping[str, Any]
) -> Iterable[Row]:
    q, lr = pick(own, term="q"), pick(own, term="lr")
    told = [f"{name} {fixed(row['estimate'], 1)}, p {p_value(row['p_value'])}"
            for name, row in (("Q", q), ("LR", lr)) if row and not is_missing(row["estimate"])]  # fmt: skip
    parts = [_step(step), period_with_basis(q["period"], q["output_basis"], periods),
             f"{q['w_id'].replace('_', ' ')} weights", *sample_parts(q, description)]  # fmt: skip
    shared = {"group": heading(parts) + (f": {'; '.join(told)}" if told else ""), "spec_id": q["spec_id"],
              "step": _years(step), "w_id": q["w_id"], "q": q["estimate"], "q_p": q["p_value"],
              "lr": lr.get("estimate"), "lr_p": lr.get("p_value")}  # fmt: skip
    if drawn.empty:
        yield {**shared, "neighbours": "not defined", "own": "", "reason": reason(q["warning"])}
        return
    for (group, x), part in drawn.groupby(["group", "x"], sort=True):
        values = {f"p_{int(row['y'])}": row["value"] for row in records(part)}
        own_class = f"class {float(str(x)):.0f}"
        yield {**shared, "neighbours": str(group).removeprefix("neighbours in "), "own": own_class, **values,
               "n_obs": float(part["count"].iloc[0]), "reason": ""}  # fmt: skip


def _thin(value: Any, count: Any) -> str:
    shown = fixed(value, 2)
    return f"({shown})" if shown and not is_missing(count) and count < FEW else shown
