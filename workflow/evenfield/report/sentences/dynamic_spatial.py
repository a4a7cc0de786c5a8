"""The dynamic spatial panel: persistence, neighbours, whether there is a long run, and whether to trust the numbers."""

from __future__ import annotations

from collections.abc import Sequence

from evenfield.report.numbers import count_word, fixed
from evenfield.report.rows import Row, first, number, pick
from evenfield.report.sentences.base import Facts, Sentence, proxy_mark

BASE = "dynamic_sdm"
OUTCOMES = {"log_income": "log income", "growth_pct": "growth"}
FILE = "results/estimates/dynamic_spatial/estimates.csv"
WITHHELD, UNSTABLE = "WITHHELD", "NOT STABLE"


def dynamic_spatial_sentences(facts: Facts) -> list[Sentence]:
    """Quote the dynamics of the specifications that are printed, and say which are withheld."""
    rows = facts.rows(family="dynamic_spatial")
    if not rows:
        return []
    section = facts.config["estimates"]["dynamic_spatial"]
    specs = [str(item["id"]) for item in section["specifications"]]
    printed = [spec for spec in specs if _value(rows, spec, "tau") is not None]
    shown = _one_of_each(rows, printed)
    return [*(_dynamics(pick(rows, spec_id=spec), facts) for spec in shown), *_withheld(rows, specs, printed)]


def _value(rows: Sequence[Row], spec: str, term: str) -> float | None:
    row = first(rows, spec_id=spec, estimator=BASE, effect_type="coef", term=term)
    return number(row, "estimate") if row else None


def _one_of_each(rows: Sequence[Row], printed: list[str]) -> list[str]:
    """Return the first printed specification of each outcome and basis."""
    kinds: dict[tuple[str, str], str] = {}
    for spec in printed:
        row = first(rows, spec_id=spec)
        if row:
            kinds.setdefault((row["outcome"], row["output_basis"]), spec)
    return list(kinds.values())


def _dynamics(rows: Sequence[Row], facts: Facts) -> Sentence:
    tau, rho, eta = (first(rows, estimator=BASE, effect_type="coef", term=name) or {} for name in ("tau", "rho", "eta"))
    parts = [f"{words} {_with_interval(row)}" for words, row in (
        ("its own value a year before with", tau), ("the neighbours' value now with", rho),
        ("the neighbours' value a year before with", eta))]  # fmt: skip
    text = f"{OUTCOMES.get(tau['outcome'], tau['outcome'])} goes with {parts[0]}, {parts[1]}, and {parts[2]}"
    basis = f"{tau['n_units']} {facts.units}, {tau['w_id'].replace('_', ' ')} weights, bias-corrected; {FILE}"
    return Sentence(f"{text}. {_run(rows)}", tau["period"].replace("-", "\u2013"), basis, proxy_mark(tau))


def _with_interval(row: Row) -> str:
    low, high = number(row, "conf_low"), number(row, "conf_high")
    return f"{fixed(number(row, 'estimate') or 0.0)} (95% interval {fixed(low or 0.0)} to {fixed(high or 0.0)})"


def _run(rows: Sequence[Row]) -> str:
    radius = first(rows, effect_type="radius") or {}
    size = number(radius, "estimate") or 0.0
    if UNSTABLE in radius.get("warning", ""):
        return (f"The largest root that time effects leave is {fixed(size, 3)}: differences between neighbourhoods do "
                "not die out, so no long run is quoted.")  # fmt: skip
    slow, fast = (number(first(rows, effect_type=f"speed_{name}") or {}, "estimate") for name in ("slowest", "fastest"))
    ends = f"{fixed(slow, 1) if slow is not None else 'none'}% to {fixed(fast, 1) if fast is not None else 'any'}%"
    return f"Differences die out at {ends} a year, by how far they reach; one speed does not describe them."


def _withheld(rows: Sequence[Row], specs: list[str], printed: list[str]) -> list[Sentence]:
    gone = [spec for spec in specs if spec not in printed]
    if not gone:
        text = "In panels drawn at the study's own size, the correction leaves a bias below the limit set in advance"
        return [Sentence(f"{text} for each of the {count_word(len(specs))} specifications.", basis=FILE)]
    row = first(rows, spec_id=gone[0]) or {}
    why = next((part.strip().removeprefix(f"{WITHHELD}: ") for part in row.get("warning", "").split(";")
                if part.strip().startswith(WITHHELD)), "")  # fmt: skip
    text = f"The numbers of {count_word(len(gone))} of {count_word(len(specs))} specifications are withheld"
    joint = ", the first because" if len(gone) > 1 else " because"
    return [Sentence(f"{text}{joint} {why}.", basis=FILE, caution=True)]
