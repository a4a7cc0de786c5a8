"""T41 and T41b: effects of policies, each with its leads; T42: who got them; T43: units nearby."""

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables import (
    Row,
    Table,
    count,
    ends,
    fixed,
    in_words,
    is_missing,
    left,
    number,
    only,
    p_value,
    pick,
    probability,
    records,
    right,
    text,
)

BASE = "imputation"
SURE = "sure dates"
ALL = "all dates"
YEAR = "year"
# Columns of an estimate that a row of the table takes over.
TAKEN = "estimate conf_low conf_high p_value mde n_treated".split()


def t41(facts: Facts) -> Table:
    """Return a row for each specification, average of horizons and kind of dates."""
    section = facts.config.estimates["event_study"]
    estimates = facts.estimates()
    rows = []
    for spec in facts.specs(question="specs"):
        own = only(estimates, spec_id=spec["id"])
        for treatment in sorted(own["treatment_def"].unique()):
            rows += _effect_rows(facts, spec, only(own, treatment_def=treatment))
    rows = _together(rows)
    note = facts.note(
        "",
        f"Mean gap between outcome and prediction over the {facts.words['units_name']}"
        " that got the policy and the years since; predictions from effects of"
        f" {facts.words['units_name']} and of years, by group where the row says so,"
        " fitted to years before the policy and without it (Borusyak, Jaravel and Spiess"
        " 2024).",
        f"{facts.level} intervals and p by {facts.words['unit_name']} or by group,"
        " whichever interval is wider; p, permuted: dates dealt out again within the"
        " groups; seen from: the smallest effect that would be seen four times in five.",
        f"Leads: joint p of the last {section.get('leads', 4)} years before the policy,"
        " on years before it alone. Early: a policy that is taken to come that many"
        " years early. Below .05 outcomes moved before the policy came. For comparison, C"
        " and S'A: changes since the year before the policy less those of"
        f" {facts.words['units_name']} of the group without it yet (Callaway and"
        " Sant'Anna 2021); two-way: the coefficient of a regression with the same"
        " effects. Trends: how many times the largest change between two leads trends"
        " may differ by, each year since the policy, before the interval of C and S'A's"
        " estimate reaches zero; 0 where it holds zero already (Rambachan and Roth"
        " 2023).",
        basis=False,
    )
    columns = (
        left("Specification", "label", width_cm=4.2),
        number("Effect", "estimate", 3, "reason"),
        ends(f"{facts.level} interval", "conf_low", "conf_high", 3, "reason"),
        probability("p", "p_value", "reason"),
        probability("p, permuted", "p_permuted"),
        number("Seen from", "mde", 3),
        probability("p, leads", "p_leads", "leads_reason"),
        right("Early (p)", "pseudo", "p_pseudo", show=_with_p),
        number("C and S'A", "group_time", 3),
        number("Two-way", "two_way", 3),
        number("Trends, times", "breakdown", 1),
        count("With policy", "n_treated"),
        count("N", "n_units"),
    )
    return Table.of(columns, rows, note)


def t41b(facts: Facts) -> Table:
    """Return the deciding average of every specification with all dates and with sure
    ones side by side, each with its leads.
    """
    estimates = facts.estimates()
    rows = []
    for spec in facts.specs(question="specs"):
        own = only(estimates, spec_id=spec["id"])
        of_all = own[own["treatment_def"].str.endswith(ALL)]
        sure = own[own["treatment_def"].str.endswith(SURE)]
        label = _label(facts, spec, of_all)
        row: Row = {"group": _heading(facts, spec), "label": label}
        for dates, part in (("all", of_all), ("sure", sure)):
            # The deciding average comes first.
            effect = next(iter(_effect_rows(facts, spec, part)), {})
            names = (*TAKEN, "p_leads", "reason")
            row |= {f"{dates}_{name}": effect.get(name) for name in names}
        rows.append(row)
    note = facts.note(
        "",
        "Effects over the first of the averages of T41, with all dates and without"
        f" {facts.words['units_name']} whose date is not sure; p, leads: joint p of the"
        " years before, below .05 outcomes had moved before the policy came.",
        f"{facts.level} intervals.",
        basis=False,
    )
    columns = [left("Specification", "label", width_cm=4.2)]
    for dates, words in (("all", "All dates"), ("sure", "Sure dates")):
        reason = f"{dates}_reason"
        bounds = (f"{dates}_conf_low", f"{dates}_conf_high")
        columns += [
            number(words, f"{dates}_estimate", 3, reason),
            ends(f"{facts.level} interval", *bounds, 3, reason),
            probability("p, leads", f"{dates}_p_leads"),
            count("With policy", f"{dates}_n_treated"),
        ]
    return Table.of(tuple(columns), rows, note)


def t42(facts: Facts) -> Table:
    """Return a row for each kind of policy and placement specification."""
    estimates = facts.estimates()
    outcomes = facts.config.estimates["event_study"]["outcomes"]
    rows = []
    for spec in facts.specs(question="placement"):
        own = only(estimates, spec_id=spec["id"])
        for row in records(only(own, estimator="placement")):
            permuted = pick(
                own, estimator="placement_permuted", contrast=row["contrast"]
            )
            within = spec.get("within")
            parts = [f"within {within}" if within else "all groups", *_apart(spec)]
            if spec.get("held"):
                held = in_words([name.replace("_", " ") for name in spec["held"]])
                parts.append(f"{held} held")
            rows.append(
                {
                    **{name: row[name] for name in TAKEN},
                    "group": f"{_capital(outcomes[spec['outcome']]['label'])},"
                    f" {row['period']}: {row['contrast'].replace('_', ' ')}",
                    "label": ", ".join(parts),
                    "n_units": row["n_units"],
                    "reason": text(row["warning"]),
                    "p_permuted": permuted.get("p_value"),
                }
            )
    rows = _together(rows)
    note = facts.note(
        "",
        f"How far {facts.words['units_name']} that got a policy later lay from others"
        " before it, other kinds held. Intervals and p by HC3; p, permuted: policies"
        " dealt out again within the groups, those of a"
        f" {facts.words['unit_name']} together.",
        basis=False,
    )
    columns = (
        left("Compared", "label"),
        number("Difference", "estimate", 3, "reason"),
        ends(f"{facts.level} interval", "conf_low", "conf_high", 3),
        probability("p", "p_value"),
        probability("p, permuted", "p_permuted"),
        number("Seen from", "mde", 3),
        count("With policy", "n_treated"),
        count("N", "n_units"),
    )
    return Table.of(columns, rows, note)


def t43(facts: Facts) -> Table:
    """Return the own effect and a row for each ring of every specification with rings."""
    estimates = facts.estimates()
    section = facts.config.estimates["event_study"]
    rows = []
    specs = {spec["id"]: spec for spec in facts.specs(question="specs")}
    for ring in facts.specs(question="rings"):
        spec = specs[ring["of"]]
        unit = ring.get("distance", "km")
        reach = f"{ring['radii'][-1]:g} {unit}"
        own = only(estimates, spec_id=spec["id"], w_id=reach)
        for treatment in sorted(own["treatment_def"].unique()):
            part = only(own, treatment_def=treatment)
            shared = {
                "group": f"{_heading(facts, spec)}, {_label(facts, spec, part)}",
                "far": pick(part, term="far units").get("estimate"),
            }
            estimators = [f"{BASE}_far", f"{BASE}_rings"]
            shown = part[part["estimator"].isin(estimators)]
            for row in records(shown[shown["effect_type"].eq("coef")]):
                rows.append(_ring_row(unit, part, row) | shared)
    # The own effect first, then rings from the innermost to the outermost.
    rows = _together(sorted(rows, key=lambda row: row["inner"]))
    note = facts.note(
        "",
        f"Mean gap of {facts.words['units_name']} without the policy by distance to the"
        " nearest one that has it, over the first years after one came inside the"
        f" outermost ring; controls are {facts.words['units_name']} without the policy"
        " and beyond all rings (Butts 2021). Own: the effect of T41 with these controls."
        f" Cells: {facts.words['units_name']} nearby times years. Without one: smallest and"
        f" largest estimate if one {facts.words['unit_name']} nearby is left out, or one"
        " with the policy and those near it."
        f" Below {section.get('min_controls', 10)} such {facts.words['units_name']} there"
        " are no rings.",
        "Intervals, p and seen from as in T41.",
        basis=False,
    )
    columns = (
        left("Distance", "label"),
        number("Effect", "estimate", 3, "reason"),
        ends(f"{facts.level} interval", "conf_low", "conf_high", 3),
        probability("p", "p_value"),
        probability("p, permuted", "p_permuted"),
        number("Seen from", "mde", 3),
        count("Nearby", "n_treated"),
        count("Cells", "cells"),
        ends("Without one", "without_low", "without_high", 3),
        count("Far away", "far"),
    )
    return Table.of(columns, rows, note)


def t44(facts: Facts) -> Table:
    """Return a row for each part of a policy, and how far it differs from the first."""
    estimates = facts.estimates()
    specs = {spec["id"]: spec for spec in facts.specs(question="specs")}
    rows = []
    for identifier in dict.fromkeys(
        part["of"] for part in facts.specs(question="parts")
    ):
        spec = specs[identifier]
        own = only(estimates, spec_id=identifier, estimator=f"{BASE}_parts")
        for row in records(only(own, effect_type="coef")):
            rows.append(
                {
                    **{name: row[name] for name in TAKEN},
                    "group": _heading(facts, spec),
                    "label": row["contrast"],
                    "reason": text(row["warning"]),
                }
            )
    note = facts.note(
        "",
        "Effects over the first of the averages of T41 in parts of the policy, all from"
        " one imputation: by wave of first years, by kind of the first policy, by number"
        " of policies in force. A part less another: how far they differ.",
        "Intervals, p and seen from as in T41.",
        basis=False,
    )
    columns = (
        left("Part", "label"),
        number("Effect", "estimate", 3, "reason"),
        ends(f"{facts.level} interval", "conf_low", "conf_high", 3),
        probability("p", "p_value"),
        number("Seen from", "mde", 3),
        count("With policy", "n_treated"),
    )
    return Table.of(columns, _together(rows), note)


TABLES = {"T41": t41, "T41b": t41b, "T42": t42, "T43": t43, "T44": t44}


def _together(rows: list[Row]) -> list[Row]:
    """Return rows of one group next to each other, groups in the order they come."""
    groups = list(dict.fromkeys(row["group"] for row in rows))
    return sorted(rows, key=lambda row: groups.index(row["group"]))


def _effect_rows(facts: Facts, spec: Row, own: pd.DataFrame) -> list[Row]:
    """Return the rows of one specification and kind of dates; none has an effect without
    its leads.
    """
    leads = pick(own, estimator=f"{BASE}_lead", effect_type="joint")
    pseudo = pick(own, estimator=f"{BASE}_pseudo")
    rows = []
    section = facts.config.estimates["event_study"]
    whole = [[0, section.get("horizons", 5)]]
    # Averages, the deciding one first; single horizons are drawn, not printed.
    for low, high in section.get("spans") or whole:
        row = pick(own, estimator=BASE, contrast=f"{low} to {high}")
        if not row:
            continue
        if not leads and not is_missing(row["estimate"]):
            raise ValueError(f"{spec['id']} has an effect without leads")
        permuted = pick(own, estimator=f"{BASE}_permuted", contrast=row["contrast"])
        rows.append(
            {
                **{name: row[name] for name in TAKEN},
                "group": _heading(facts, spec),
                "label": f"{_label(facts, spec, own)}, years {row['contrast']}",
                "n_units": row["n_units"],
                "reason": text(row["warning"]),
                "p_permuted": permuted.get("p_value"),
                "p_leads": leads.get("p_value"),
                "leads_reason": text(leads.get("warning")),
                "pseudo": pseudo.get("estimate"),
                "p_pseudo": pseudo.get("p_value"),
                "group_time": pick(
                    own, estimator="callaway_santanna", contrast=row["contrast"]
                ).get("estimate"),
                "two_way": pick(own, estimator="two_way").get("estimate"),
                "breakdown": pick(
                    own, effect_type="breakdown", contrast=row["contrast"]
                ).get("estimate"),
            }
        )
    return rows


def _ring_row(unit: str, own: pd.DataFrame, row: Row) -> Row:
    ring = row["estimator"] == f"{BASE}_rings"
    permuted = pick(own, estimator=f"{BASE}_rings_permuted", contrast=row["contrast"])
    apart = pick(own, estimator=f"{BASE}_rings_left_out", contrast=row["contrast"])
    inner = float(row["contrast"].split(" ")[0]) if ring and row["contrast"] else -1.0
    distance = row["contrast"].replace(" to ", "\u2013")
    label = f"{distance} {unit}" if ring else "Own"
    return {
        **{name: row[name] for name in TAKEN},
        "label": label if row["contrast"] else "no rings",
        "inner": inner,
        "reason": text(row["warning"]),
        "p_permuted": permuted.get("p_value") if ring else None,
        "cells": apart.get("n_obs") if ring else None,
        "without_low": apart.get("conf_low") if ring else None,
        "without_high": apart.get("conf_high") if ring else None,
    }


def _heading(facts: Facts, spec: Row) -> str:
    """Name the outcome and the kinds of policies of a specification."""
    outcome = facts.config.estimates["event_study"]["outcomes"][spec["outcome"]]
    label = _capital(outcome["label"])
    kinds = [kind.replace("_", " ") for kind in spec.get("kinds") or []]
    return f"{label}, {in_words(kinds)}" if kinds else label


def _label(facts: Facts, spec: Row, own: pd.DataFrame) -> str:
    """Say which effects, controls and dates a row has, and its sample and years if they
    differ.
    """
    column = spec.get("effects") or YEAR
    parts = ["effects of year" if column == YEAR else f"{column} by year"]
    parts += [f"{label} by year" for label in held_by_year(facts, spec)]
    dates = {words.rsplit(", ", 1)[-1] for words in own["treatment_def"]}
    if len(dates) == 1 and dates != {ALL}:
        parts += dates
    if spec.get("years"):
        first, last = spec["years"]
        parts.append(f"{first}\u2013{last}")
    return ", ".join([*parts, *_apart(spec)])


def held_by_year(facts: Facts, spec: Row) -> list[str]:
    """Return the labels of the controls of a specification."""
    controls = facts.config.estimates["event_study"].get("controls", {})
    return [controls[name]["label"] for name in spec.get("controls") or []]


def deciding_rows(facts: Facts, own: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of the dates that decide, and of those that stand beside them."""
    of_all = own[own["treatment_def"].str.endswith(ALL)]
    sure = own[own["treatment_def"].str.endswith(SURE)]
    section = facts.config.estimates["event_study"]
    if section.get("deciding", "all") == "sure" and len(sure):
        return sure, of_all
    return of_all, sure


def _apart(spec: Row) -> list[str]:
    """Name the sample of a specification, if it is not all units."""
    sample = spec.get("sample") or "all"
    parts = [] if sample == "all" else [f"sample {sample.replace('_', ' ')}"]
    grades = spec.get("without_grades") or []
    return [*parts, f"without grade {in_words(list(grades))}"] if grades else parts


def _capital(label: str) -> str:
    return f"{label[0].upper()}{label[1:]}"


def _with_p(value: float, p: float) -> str:
    return "" if is_missing(value) else f"{fixed(value, 3)} ({p_value(p)})"
