"""T41 and T41b: effects of policies, each with its leads; T42: who got them; T43: units nearby."""

import pandas as pd

from evenfield.shared.study_results import StudyResults
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
    with_test,
)
from evenfield.topics.event_study.table_words import (
    ALL,
    BASE,
    SURE,
    apart,
    capital,
    dates_word,
    decimals_of,
    heading_of,
    label_of,
    named,
    outcome_of,
    printed_estimates,
    since,
)

DECIMALS = "decimals"  # column that says how many of them a row has
IN_PERCENT = "Effects on logarithms are in percent, 100 (exp(x) \u2212 1)."
PERMUTED = {"p, permuted": "p_permuted"}
# Means of Callaway and Sant'Anna by the first word of their contrast.
AGGREGATES = {
    "simple": "all years with the policy (simple)",
    "groups": "first years (group)",
    "group": "policy since {year}",
    "dates": "years (calendar)",
    "calendar": "in {year}",
}
# Columns of an estimate that a row of the table takes over.
TAKEN = "estimate conf_low conf_high p_value mde n_treated".split()


def t41(results: StudyResults) -> Table:
    """Return a row for each specification, average of horizons and kind of dates."""
    section = results.config.estimates["event_study"]
    dates = dates_word(results)
    estimates = printed_estimates(results)
    rows = []
    for spec in results.specs(question="specs"):
        own = only(estimates, spec_id=spec["id"])
        for treatment in sorted(own["treatment_def"].unique()):
            rows += _effect_rows(results, spec, only(own, treatment_def=treatment))
    rows = _together(rows)
    note = results.note(
        "",
        f"Mean gap between outcome and prediction over the {results.words['units_name']}"
        f" that got the policy and the {dates} since; predictions from effects of"
        f" {results.words['units_name']} and of years, by group where the row says so,"
        " fitted to years before the policy and without it (Borusyak, Jaravel and Spiess"
        " 2024).",
        *_how_tested(results),
        f"Leads: joint p of the last {section.get('leads', 4)} {dates} before the policy,"
        f" on years before it alone. Early: a policy that is taken to come that many {dates}"
        " early. Below .05 outcomes changed before the policy came. For comparison, C"
        " and S'A: changes since the year before the policy less those of"
        f" {results.words['units_name']} of the group without it yet (Callaway and"
        " Sant'Anna 2021); two-way: the coefficient of a regression with the same"
        " effects. Trends: how many times the largest change between two leads trends"
        " may differ by, at each date since the policy, before the interval of C and S'A's"
        " estimate reaches zero; 0 where it includes zero already (Rambachan and Roth"
        " 2023).",
        basis=False,
    )
    columns = (
        *with_test(
            left("Specification", "label", width_cm=4.2),
            "Effect",
            results.level,
            DECIMALS,
            p_values=PERMUTED,
            explained=True,
        ),
        probability("p, leads", "p_leads", "leads_reason"),
        right("Early (p)", "pseudo", "p_pseudo", DECIMALS, show=_with_p),
        number("C and S'A", "group_time", DECIMALS),
        number("Two-way", "two_way", DECIMALS),
        number("Trends, times", "breakdown", 1),
        count("With policy", "n_treated"),
        count("N", "n_units"),
    )
    return Table.of(columns, rows, note)


def t41b(results: StudyResults) -> Table:
    """Return the deciding average of every specification with all dates and with sure
    ones side by side, each with its leads.
    """
    estimates = printed_estimates(results)
    rows = []
    for spec in results.specs(question="specs"):
        own = only(estimates, spec_id=spec["id"])
        of_all = own[own["treatment_def"].str.endswith(ALL)]
        sure = own[own["treatment_def"].str.endswith(SURE)]
        label = label_of(results, spec, of_all)
        row: Row = {"group": heading_of(results, spec), "label": label}
        row[DECIMALS] = decimals_of(outcome_of(results, spec))
        for dates, part in (("all", of_all), ("sure", sure)):
            # The deciding average comes first.
            effect = next(iter(_effect_rows(results, spec, part)), {})
            names = (*TAKEN, "p_leads", "reason")
            row |= {f"{dates}_{name}": effect.get(name) for name in names}
        rows.append(row)
    note = results.note(
        "",
        "Effects over the first of the averages that are asked for, with all dates and without"
        f" {results.words['units_name']} whose date is uncertain; p, leads: joint p of the"
        f" {dates_word(results)} before, below .05 outcomes had changed before the policy came.",
        IN_PERCENT,
        f"{results.level} intervals.",
        basis=False,
    )
    columns = [left("Specification", "label", width_cm=4.2)]
    for dates, words in (("all", "All dates"), ("sure", "Sure dates")):
        reason = f"{dates}_reason"
        bounds = (f"{dates}_conf_low", f"{dates}_conf_high")
        columns += [
            number(words, f"{dates}_estimate", DECIMALS, reason),
            ends(f"{results.level} interval", *bounds, DECIMALS, reason),
            probability("p, leads", f"{dates}_p_leads"),
            count("With policy", f"{dates}_n_treated"),
        ]
    return Table.of(tuple(columns), rows, note)


def t41c(results: StudyResults) -> Table:
    """Return a row for each mean of changes against units without the policy yet: over
    all dates, by first year and by year.
    """
    estimates = printed_estimates(results)
    rows = []
    for spec in results.specs(question="specs"):
        own = only(estimates, spec_id=spec["id"], estimator="callaway_santanna")
        kinds = own["contrast"].str.partition(" ")
        own = own.assign(kind=kinds[0], year=kinds[2])
        own = own[own["kind"].isin(list(AGGREGATES))]
        if own.empty:
            continue
        order = own["kind"].map(list(AGGREGATES).index)
        own = own.assign(order=order).sort_values(["treatment_def", "order", "year"])
        heading = heading_of(results, spec)
        for row in records(own):
            of_dates = only(own, treatment_def=row["treatment_def"])
            rows.append(
                {
                    **{name: row[name] for name in TAKEN},
                    "group": f"{heading}, {label_of(results, spec, of_dates)}",
                    DECIMALS: decimals_of(outcome_of(results, spec)),
                    "label": AGGREGATES[row["kind"]].format(year=row["year"]),
                    "n_units": row["n_units"],
                    "reason": text(row["warning"]),
                }
            )
    rows = _together(rows)
    several = results.words["units_name"]
    note = results.note(
        "",
        f"Changes since the year before the policy less those of {several} without it yet"
        " (Callaway and Sant'Anna 2021). Simple: each"
        f" {results.words['unit_name']} in each of its years counts alike; group: the mean of"
        f" a first year counts by its {several}; calendar: each year counts alike.",
        IN_PERCENT,
        f"{results.level} intervals by {results.words['unit_name']} or by group, whichever is"
        " wider.",
        basis=False,
    )
    columns = (
        *with_test(left("Mean over", "label"), "Effect", results.level, DECIMALS),
        count("With policy", "n_treated"),
        count("N", "n_units"),
    )
    return Table.of(columns, rows, note)


def t42(results: StudyResults) -> Table:
    """Return a row for each kind of policy and placement specification."""
    estimates = printed_estimates(results)
    rows = []
    for spec in results.specs(question="placement"):
        outcome = outcome_of(results, spec)
        own = only(estimates, spec_id=spec["id"])
        for row in records(only(own, estimator="placement")):
            permuted = pick(
                own, estimator="placement_permuted", contrast=row["contrast"]
            )
            within = spec.get("within")
            parts = [
                f"within {within}" if within else "all groups",
                *apart(results, spec),
            ]
            if spec.get("held"):
                held = in_words([results.word(name) for name in spec["held"]])
                parts.append(f"{held} held")
            rows.append(
                {
                    **{name: row[name] for name in TAKEN},
                    "group": f"{capital(named(outcome))}, {row['period']}:"
                    f" {results.word(row['contrast'])}",
                    DECIMALS: decimals_of(outcome),
                    "label": ", ".join(parts),
                    "n_units": row["n_units"],
                    "reason": text(row["warning"]),
                    "p_permuted": permuted.get("p_value"),
                }
            )
    rows = _together(rows)
    note = results.note(
        "",
        f"How far {results.words['units_name']} that got a policy later differed from others"
        " before it, controlling for other kinds; differences of logarithms in percent, 100 (exp(x)"
        " \u2212 1). Intervals and p by HC3; p, permuted: policies"
        " reassigned at random within the groups, those of a"
        f" {results.words['unit_name']} together.",
        basis=False,
    )
    columns = (
        *with_test(
            left("Compared", "label"),
            "Difference",
            results.level,
            DECIMALS,
            p_values=PERMUTED,
        ),
        count("With policy", "n_treated"),
        count("N", "n_units"),
    )
    return Table.of(columns, rows, note)


def t43(results: StudyResults) -> Table:
    """Return the own effect and a row for each ring of every specification with rings."""
    estimates = printed_estimates(results)
    section = results.config.estimates["event_study"]
    rows = []
    specs = {spec["id"]: spec for spec in results.specs(question="specs")}
    for ring in results.specs(question="rings"):
        spec = specs[ring["of"]]
        unit = ring.get("distance", "km")
        reach = f"{ring['radii'][-1]:g} {unit}"
        own = only(estimates, spec_id=spec["id"], w_id=reach)
        for treatment in sorted(own["treatment_def"].unique()):
            part = only(own, treatment_def=treatment)
            shared = {
                "group": f"{heading_of(results, spec)}, {label_of(results, spec, part)}",
                "far": pick(part, term="far units").get("estimate"),
                DECIMALS: decimals_of(outcome_of(results, spec)),
            }
            estimators = [f"{BASE}_far", f"{BASE}_rings"]
            shown = part[part["estimator"].isin(estimators)]
            for row in records(shown[shown["effect_type"].eq("coef")]):
                rows.append(_ring_row(unit, part, row) | shared)
    # The own effect first, then rings from the innermost to the outermost.
    rows = _together(sorted(rows, key=lambda row: row["inner"]))
    note = results.note(
        "",
        f"Mean gap of {results.words['units_name']} without the policy by distance to the"
        f" nearest one that has it, over the first {dates_word(results)} after one came"
        f" inside the outermost ring; controls are {results.words['units_name']} without the policy"
        " and beyond all rings (Butts 2021). Own: the effect on those with the policy, with"
        " these controls."
        f" Cells: {results.words['units_name']} nearby times years. Without one: smallest and"
        f" largest estimate if one {results.words['unit_name']} nearby is left out, or one"
        " with the policy and those near it."
        f" Below {section.get('min_controls', 10)} such {results.words['units_name']} there"
        " are no rings.",
        *_how_tested(results),
        basis=False,
    )
    columns = (
        *with_test(
            left("Distance", "label"),
            "Effect",
            results.level,
            DECIMALS,
            p_values=PERMUTED,
        ),
        count("Nearby", "n_treated"),
        count("Cells", "cells"),
        ends("Without one", "without_low", "without_high", DECIMALS),
        count("Far away", "far"),
    )
    return Table.of(columns, rows, note)


def t44(results: StudyResults) -> Table:
    """Return a row for each part of a policy, and how far it differs from the first."""
    estimates = printed_estimates(results)
    specs = {spec["id"]: spec for spec in results.specs(question="specs")}
    rows = []
    for identifier in dict.fromkeys(
        part["of"] for part in results.specs(question="parts")
    ):
        spec = specs[identifier]
        own = only(estimates, spec_id=identifier)
        parts = only(own, estimator=f"{BASE}_parts")
        # Parts and their differences, then whether all are alike.
        for row in records(parts.sort_values("effect_type", kind="stable")):
            rows.append(_part_row(results, spec, own, row))
    note = results.note(
        "",
        "Effects over the first of the averages that are asked for, in parts of the policy, all from"
        " one imputation: by wave of first years, by kind of the first policy, by number"
        " of policies in force. A part less another: how far they differ; alike: the test"
        " that no part differs from the first.",
        f"p, leads: joint p of the {dates_word(results)} before the policy, of all parts"
        " together; below .05 outcomes had changed before it came.",
        *_how_tested(results),
        basis=False,
    )
    columns = (
        *with_test(left("Part", "label"), "Effect", results.level, DECIMALS),
        probability("p, leads", "p_leads", "leads_reason"),
        count("With policy", "n_treated"),
    )
    return Table.of(columns, _together(rows), note)


TABLES = {"T41": t41, "T41b": t41b, "T41c": t41c, "T42": t42, "T43": t43, "T44": t44}


def _how_tested(results: StudyResults) -> tuple[str, str]:
    """Return the sentences on units, intervals and tests that tables of effects share."""
    return (
        IN_PERCENT,
        f"{results.level} intervals and p by {results.words['unit_name']} or by group,"
        " whichever interval is wider; p, permuted: dates reassigned at random within"
        f" the groups; detectable: the smallest effect detected with {results.power:.0%}"
        " power.",
    )


def _together(rows: list[Row]) -> list[Row]:
    """Return rows of one group next to each other, groups in the order they come."""
    groups = list(dict.fromkeys(row["group"] for row in rows))
    return sorted(rows, key=lambda row: groups.index(row["group"]))


def _effect_rows(results: StudyResults, spec: Row, own: pd.DataFrame) -> list[Row]:
    """Return the rows of one specification and kind of dates; none has an effect without
    its leads.
    """
    leads = pick(own, estimator=f"{BASE}_lead", effect_type="joint")
    pseudo = pick(own, estimator=f"{BASE}_pseudo")
    rows = []
    section = results.config.estimates["event_study"]
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
                "group": heading_of(results, spec),
                DECIMALS: decimals_of(outcome_of(results, spec)),
                "label": f"{label_of(results, spec, own)}, {since(results, row['contrast'])}",
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


def _part_row(results: StudyResults, spec: Row, own: pd.DataFrame, row: Row) -> Row:
    """Return a part, a difference of two or the test that all are alike, with the leads
    of the policy.
    """
    of_leads = {"estimator": f"{BASE}_lead", "effect_type": "joint"}
    leads = pick(own, treatment_def=row["treatment_def"], **of_leads)
    # A test of all parts has no estimate: blank cells are explained where it failed.
    joint = row["effect_type"] == "joint"
    made = joint and not is_missing(row["p_value"])
    numbers = {name: row[name] for name in (["p_value"] if joint else TAKEN)}
    return {
        **numbers,
        "group": heading_of(results, spec),
        DECIMALS: decimals_of(outcome_of(results, spec)),
        "label": row["contrast"],
        "reason": "" if made else text(row["warning"]),
        "p_leads": leads.get("p_value"),
        "leads_reason": text(leads.get("warning")),
    }


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


def _with_p(value: float, p: float, decimals: int) -> str:
    return "" if is_missing(value) else f"{fixed(value, decimals)} ({p_value(p)})"
