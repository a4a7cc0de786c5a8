"""T4, T4c, T5, T22, T21, T24, T23: how groups differ in means, over periods, in
changes, at programmes and in wages.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables.notes import NOT_CAUSAL, basis_mark, period_with_basis
from evenfield.shared.tables.numbers import fixed, p_value, with_decimals, with_error
from evenfield.shared.tables.rows import Row, only, pick, records
from evenfield.shared.tables.table import Column, Short, Table, right
from evenfield.shared.tables.units import in_words, last_main_period, period_label
from evenfield.shared.tables.warnings import numbers
from evenfield.study.errors import ArtifactError
from evenfield.topics.group_contrasts.table_lines import (
    RANGE_NOTE,
    comparison_name,
    contrast_columns,
    contrast_line,
    inference_note,
    rows_beside,
)

DIFFERENCE = "cluster - sez"
PERMUTED = {"p_free": "p, permuted"}
PERMUTATION = {"p_free": "Permutation p"}
OWN_PREMIUMS = (
    ("cluster", "", "Clusters against the others"),
    ("cluster", DIFFERENCE, "Clusters minus zones"),
)
DATINGS = {"": "Zones from their first year", "+undated": "Zones in every year"}
DATED = re.compile(r"_\d{4}$")
POWER = "Detectable: smallest difference found with {power:.0%} power"
BALANCE = (
    ("gap_growth", "cluster", DIFFERENCE, "gap, clusters minus zones"),
    ("gap_growth", "cluster", "", "gap, clusters"),
    ("gap_growth", "sez", "", "gap, zones"),
    ("urban_growth", "cluster", DIFFERENCE, "urban income, clusters minus zones"),
    ("rural_growth", "cluster", DIFFERENCE, "rural income, clusters minus zones"),
    (
        "gap_level",
        "cluster",
        DIFFERENCE,
        "level of the log gap, clusters minus zones (log points)",
    ),
)
PROGRAMMES = {
    "primary": "Change of growth",
    "mechanism": "Growth after alone",
    "border": "Neighbours on two sides of the line",
    "placebo": "Placebo dates",
    "robustness": "Other comparison groups, controls, samples",
    "exploratory": "Exploratory",
}
METHODS = {
    "panel_fe": "clusters minus zones (CR3, decides)",
    "panel_fe_wcr33": "clusters minus zones (wild bootstrap 33)",
    "panel_fe_driscoll_kraay": "clusters minus zones (Driscoll-Kraay, fixed-b)",
    "panel_fe_slopes": "clusters minus zones (one slope a unit, SCPC)",
}
OWN = {
    "log_wage": "wage, neither",
    "log_wage_x_cluster": "wage x cluster",
    "log_wage_x_sez": "wage x zone",
}
COST = "unit_labour_cost_growth"
COSTS = {
    COST: "unit labour cost",
    "wage_growth": "wage",
    "productivity_growth": "output per worker",
}


def t4(facts: Facts) -> Table:
    """Arrange the own premium and the group's difference by unit scheme: spans, the
    last main period, pooled.
    """
    spec = _growth(facts)
    periods = facts.config["periods"]
    pooled = "+".join(spec.get("pooled", []))
    spans = [
        name for name in spec.get("periods", []) if periods[name].get("role") == "span"
    ]
    shown = [
        *sorted(spans, key=lambda name: int(periods[name]["start"])),
        last_main_period(periods),
    ]
    shown += [pooled] if pooled else []
    estimates = facts.estimates(
        family="premium", spec_id=str(spec.get("id")), sample_id="all"
    )
    estimates = only(estimates, treatment_def=_taxonomy(facts))
    lines = []
    for scheme, label in (
        spec.get("unit_schemes") or {facts.main: facts.words["units_name"]}
    ).items():
        for term, contrast, name in OWN_PREMIUMS:
            contrast_rows = only(
                estimates, unit_scheme=scheme, term=term, contrast=contrast
            )
            line: Row = {"group": name, "label": _large(label)}
            for period in shown:
                kind = "pooled" if period == pooled else "ols"
                line |= numbers(
                    period,
                    pick(
                        contrast_rows, estimator=kind, effect_type="coef", period=period
                    ),
                )
            for key in ("i2", "q"):
                statistic = pick(
                    contrast_rows, effect_type=f"stat_{key}", period=pooled
                )
                line[key] = statistic.get("p_value" if key == "q" else "estimate")
            lines.append(line)
    lines.sort(
        key=lambda line: [name for *_, name in OWN_PREMIUMS].index(line["group"])
    )
    lines += _faded(facts, shown[0]) if spans else []
    heads = {
        name: "Pooled over periods" if name == pooled else period_label(name, periods)
        for name in shown
    }
    columns = [Column(names=("label",), header="Units")]
    for name, head in heads.items():
        keys = (f"{name}_estimate", f"{name}_std_error")
        columns += [
            right(
                head, *keys, show=with_decimals(with_error, 2), reason=f"{name}_reason"
            )
        ]
        columns += [right("p", f"{name}_p_value", show=p_value)]
    columns += (
        [
            right("I\u00b2", "i2", show=with_decimals(fixed, 2)),
            right("p of Q", "q", show=p_value),
        ]
        if pooled
        else []
    )
    over = in_words(
        [period_label(name, periods) for name in spec.get("pooled") or [""]]
    )
    note = facts.note(
        "Growth between the end points of a period in percentage points a year, given"
        " log income at its start, by OLS on one row per unit: units with clusters"
        " against the others; then the coefficient of clusters minus that of zones,"
        " both in one regression. Standard errors in parentheses and p by conditional"
        " SCPC (average pairwise correlation of shocks at most .03), which asks for"
        " more than two standard errors.",
        (
            f"Pooled: random effects over {over} (Paule and Mandel), each with the"
            " variance that its own interval implies, normal p. I\u00b2: share of the"
            " differences between periods beyond what those variances lead one to"
            " expect; p of Q: test of no difference."
            if pooled
            else ""
        ),
        (
            "Change: slope of the growth premium of zones on the number of the period;"
            " with fewer than four units in a group p is by permutation. In every year:"
            " units with zones count as such before they had one."
            if spans
            else ""
        ),
        NOT_CAUSAL,
    )
    return _table("T4", note, tuple(columns), lines)


def _growth(facts: Facts) -> Mapping[str, Any]:
    """Return the premium in growth: the one pooled over periods, else the first on a
    column of periods.
    """
    specs = sorted(
        _specs(facts, "premium"),
        key=lambda one: (not one.get("pooled"), one.get("table") != "periods"),
    )
    return specs[0] if specs else {}


def _faded(facts: Facts, span: str) -> Iterator[Row]:
    """Return the change of the growth premium of zones from period to period, zones
    dated and not.
    """
    spec = next(
        (one for one in _specs(facts, "fading") if one.get("table") == "periods"), {}
    )
    fading_rows = facts.estimates(
        family="fading",
        spec_id=str(spec.get("id")),
        estimator="ols",
        term="sez",
        contrast="",
    )
    fading_rows = fading_rows[
        ~fading_rows["period"].isin(list(facts.config["periods"]))
    ]
    for suffix, label in DATINGS.items():
        if row := pick(fading_rows, treatment_def=f"{_taxonomy(facts)}{suffix}"):
            yield {
                "group": "Zones against the others: change from period to period",
                "label": label,
            } | numbers(span, row)


def t4c(facts: Facts) -> Table:
    """Arrange the premiums: the deciding comparison by outcome and period, then the
    exploratory ones, then doses.
    """
    estimates = facts.estimates(family=["premium", "dose"])
    shown = facts.shown("main", "span")
    beside = rows_beside(estimates)
    labels = _labels(facts, "premium") | _labels(facts, "dose")
    main = only(
        estimates,
        estimator="ols",
        effect_type="coef",
        unit_scheme=facts.main,
        sample_id="all",
    )
    main = main[main["family"].eq("dose") | main["treatment_def"].eq(_taxonomy(facts))]
    rows = [row for row in records(main) if row["period"] in shown]
    rows.sort(
        key=lambda r: (
            list(labels).index(r["spec_id"]),
            r["contrast"],
            r["term"],
            shown.index(r["period"]),
        )
    )
    lines = []
    for row in rows:
        name = period_with_basis(
            row["period"], row["output_basis"], facts.config["periods"]
        )
        dosed = (
            f"per s.d. of {row['term'].replace('_', ' ')}"
            if row["family"] == "dose"
            else comparison_name(row)
        )
        lines.append(
            contrast_line(
                beside, row, name, f"{_large(labels[row['spec_id']])}: {dosed}"
            )
        )
    note = facts.note(
        "Difference between the group and the other units in the mean of log income"
        " relative to the mean over the years of a period (log points), and in growth"
        " given log income in the first year (pp a year), by OLS. Intervals and p by"
        " conditional SCPC; with fewer than four units in a group only permutation is"
        " shown.",
        f"{POWER.format(power=facts.power)} by the same test; of interest: set in"
        " advance. Where detectable exceeds of interest the comparison is"
        " underpowered. n: units in the smaller group.",
        "Per s.d.: growth given initial income on one dose, in standard deviations of"
        " it across units.",
        RANGE_NOTE,
        NOT_CAUSAL,
    )
    columns = contrast_columns(
        facts, "Period", PERMUTED | {"p_connected": "p, connected"}
    )
    growth = _growth(facts).get("id", "")
    short = Short(
        lambda row: row["spec_id"] == growth,
        ("estimate", "conf_low", "p_value", "p_free", "mde", "sesoi"),
    )
    return replace(_table("T4c", note, columns, lines), short=short)


def t5(facts: Facts) -> Table:
    """Arrange the outcomes in the order of the config, with the joint test beneath."""
    estimates = facts.estimates(family="factor_intensity")
    beside = rows_beside(estimates)
    measures = [
        measure
        for spec in _specs(facts, "factor_intensity")
        for measure in spec["measures"]
    ]
    labels = {measure["id"]: _label(measure) for measure in measures}
    rows = records(
        only(
            estimates,
            estimator="ols",
            effect_type="coef",
            treatment_def=_taxonomy(facts),
        )
    )
    rows.sort(key=lambda row: (row["spec_id"], list(labels).index(row["outcome"])))
    lines = [
        contrast_line(
            beside,
            row,
            labels[row["outcome"]],
            f"{_large(comparison_name(row))}, {_years(row)}",
        )
        for row in rows
    ]
    note = facts.note(
        "Period means over their standard deviation across units, regressed by OLS on"
        " zone and cluster; shown is the zone coefficient minus the cluster"
        " coefficient, in standard deviations. Intervals and p by conditional SCPC;"
        " several: Romano-Wolf step-down over the outcomes on common free"
        " permutations.",
        _joint_note(estimates),
        *_left_out(facts, "factor_intensity", labels),
        f"{POWER.format(power=facts.power)}; of interest: set in advance. Where it"
        " exceeds of interest the comparison is underpowered. n: units in the smaller"
        " group. Foreign-funded investment: the total investment of registered"
        " foreign-funded enterprises, a stock.",
        RANGE_NOTE,
        NOT_CAUSAL,
        basis=False,
    )
    columns = contrast_columns(facts, "Outcome", PERMUTED | {"p_several": "p, several"})
    return _table("T5", note, columns, lines)


def t22(facts: Facts) -> Table:
    """Arrange changes of premiums with the premiums they come from, then the location
    quotient.
    """
    estimates = facts.estimates(family="fading")
    labels = _labels(facts, "fading")
    main = only(estimates, treatment_def=_taxonomy(facts))
    beside = rows_beside(estimates)
    lines = [
        line
        for spec in labels
        for line in _fading_lines(facts, beside, only(main, spec_id=spec), labels[spec])
    ]
    note = facts.note(
        "Premium: difference between the group and the others in a period mean. Change"
        " per period: least squares slope of the premium on the period index, estimated"
        " as a cross-section of one slope per unit, so that unit and period effects"
        " drop out. Windows start where the figures of every unit start. Of interest:"
        " the change that would halve the first premium over the sample; for the"
        " quotient, a fall by a quarter.",
        "Location quotient: share in foreign-funded investment (registered total"
        " investment, a stock) over share in output. Trend: slope of its log, group"
        " against the others, log points per decade. End level: the quotient, mean of"
        " the last five years, tested against one. Group series: trend of the group's"
        " own log quotient, HAC with fixed-b law.",
        *_left_out(facts, "fading", labels),
        f"{POWER.format(power=facts.power)}; above of interest the comparison is"
        " underpowered.",
        RANGE_NOTE,
        NOT_CAUSAL,
    )
    columns = contrast_columns(facts, "Period", PERMUTED)
    return _table("T22", note, columns, lines)


def _fading_lines(
    facts: Facts,
    beside: dict[tuple[str, ...], Row],
    fading_rows: pd.DataFrame,
    label: str,
) -> Iterator[Row]:
    periods = facts.config["periods"]
    for row in sorted(
        records(fading_rows), key=lambda row: _fading_place(row, list(periods))
    ):
        group = (
            f"{_large(label)}: {comparison_name({'term': row['term'], 'contrast': ''})}"
        )
        given = f", {row['contrast'].partition(' ')[2]}" if row["contrast"] else ""
        trend = (
            "trend per decade"
            if "decade" in row["unit_of_measure"]
            else "change per period"
        )
        mark = basis_mark(row["output_basis"])
        name = {
            0: (
                f"{period_with_basis(row['period'], row['output_basis'], periods)}:"
                " premium"
            ),
            1: f"{_years(row)}{mark}: {trend}{given}",
            2: (
                f"{_years(row)}:"
                f" {'end level' if row['estimator'] == 'ratio' else 'group series, trend'}"
            ),
        }.get(_fading_place(row, list(periods)))
        if name:
            yield contrast_line(beside, row, name, group)


def _fading_place(row: Row, periods: list[str]) -> int:
    if row["estimator"] == "ols" and row["effect_type"] == "coef":
        return 0 if row["period"] in periods else 1
    return 2 if row["estimator"] in {"ratio", "group_series"} else 3


def t21(facts: Facts) -> Table:
    """Arrange the urban-rural estimates: one specification in full, then the difference
    of all others.
    """
    estimates = facts.estimates(family="balance")
    spec = _primary(facts, "balance")
    taxonomy = _taxonomy(facts)
    main = only(estimates, estimator="long_difference")
    beside = rows_beside(estimates)
    windows = sorted(set(main["period"]))
    lines = []
    for window in windows:
        for outcome, term, contrast, label in BALANCE:
            wanted = {
                "outcome": outcome,
                "term": term,
                "contrast": contrast,
                "treatment_def": taxonomy,
            }
            if row := pick(main, spec_id=spec, period=window, **wanted):
                lines.append(contrast_line(beside, row, label, _years(row)))
    for window in windows:
        differences = only(
            main, outcome="gap_growth", contrast=DIFFERENCE, period=window
        )
        differences = differences[
            differences["spec_id"].ne(spec) | differences["treatment_def"].ne(taxonomy)
        ]
        for row in records(
            differences.sort_values(["spec_id", "treatment_def"], kind="stable")
        ):
            label = row["treatment_def"] if row["spec_id"] == spec else _variant(row)
            group = (
                f"Gap, clusters minus zones, {_years(row)}: other lists, controls,"
                " samples"
            )
            lines.append(contrast_line(beside, row, label, group))
    note = facts.note(
        "Yearly change of the log of urban over rural income per head between the ends"
        " of a window, on cluster and zone indicators by OLS, one row per unit; 1 pp a"
        f" year moves the ratio by about 1 %. Taxonomy {taxonomy} unless another one is"
        " named. No change is taken from one window to the next: the definition of"
        " income differs. Of interest: a change of the ratio over a whole window,"
        " spread over its years.",
        "Urban minus rural row = gap row: the parts show through which income the gap"
        " moves. Incomes are at current prices.",
        inference_note(facts),
        NOT_CAUSAL,
        basis=False,
    )
    columns = contrast_columns(facts, "Comparison", PERMUTATION, "pp/yr")
    return _table("T21", note, columns, lines)


def _variant(row: Row) -> str:
    given = (
        ""
        if row["controls_id"] == "none"
        else f"given {row['controls_id'].replace('_', ' ')}"
    )
    sample = "" if row["sample_id"] == "all" else row["sample_id"].replace("_", " ")
    return ", ".join(part for part in (given, sample) if part) or row[
        "spec_id"
    ].replace("_", " ")


def t24(facts: Facts) -> Table:
    """Arrange the programme estimates: deciding rows, what supports or doubts them, the
    rest.
    """
    estimates = facts.estimates(family="programmes")
    main = estimates[
        estimates["role"].ne("ladder") & estimates["effect_type"].eq("coef")
    ]
    main = main.assign(
        part=main["role"].mask(main["estimator"].eq("border_pairs"), "border")
    )
    lines = []
    beside = rows_beside(estimates)
    for part, title in PROGRAMMES.items():
        for row in records(
            only(main, part=part).sort_values(
                ["term", "spec_id", "period"], kind="stable"
            )
        ):
            mark = basis_mark(row["output_basis"])
            # A programme is named without its year: the windows say which years are
            # compared.
            name = DATED.sub("", row["term"]).replace("_", " ")
            spec = row["spec_id"].replace("_", " ")
            lines.append(
                contrast_line(
                    beside, row, f"{_large(name)} ({spec}), {_years(row)}{mark}", title
                )
            )
    placebos = only(main, part="placebo")
    failed = int(
        (placebos["p_value"] < 1 - facts.config["inference"]["conf_level"]).sum()
    )
    note = facts.note(
        "Mean growth after minus mean growth before, percentage points a year, on an"
        " indicator of the programme's units by OLS, one row per unit; programmes named"
        " beside it have their own coefficient, so that their units are not in the"
        " comparison group. Growth across the joint of proxy and official output is"
        " left out.",
        "Shown as what it is and no more: where growth before rests on proxy output"
        f" the common path before cannot be checked, and {failed} of {len(placebos)}"
        " comparisons at dates at which nothing began show a difference too.",
        "Border: mean difference over pairs of neighbours, one on each side; clusters"
        " by the units of both sides, t with the smaller number of units less one."
        " Placebo: the same at dates at which no such programme began; a difference"
        " there speaks against reading the one above.",
        inference_note(facts),
        "Programmes went where growth was low: associations, not effects.",
    )
    columns = contrast_columns(facts, "Comparison", PERMUTATION, "pp/yr")
    return _table("T24", note, columns, lines)


def t23(facts: Facts) -> Table:
    """Arrange elasticities of foreign investment, then unit labour cost by window."""
    estimates = facts.estimates(family="wages", effect_type="coef")
    beside = rows_beside(estimates)
    lines = [
        contrast_line(beside, row, label, group)
        for row, label, group in _wage_rows(facts, estimates)
    ]
    note = facts.note(
        "Elasticity: log of foreign investment a year later on the log wage and its"
        " products with cluster and zone, unit and year effects; CR3 by unit with t(G*"
        " \u2212 1). Wages rise everywhere, so a group's own trend of investment enters"
        " its elasticity; year effects of each group's own (group years) leave it out.",
        "Unit labour cost: wage x employment / output at current prices, growth"
        " between the ends of a window, pp a year; wage minus output per worker."
        f" Taxonomy {_taxonomy(facts)} unless another one is named. Wages of urban"
        " units cover formal employment only.",
        inference_note(facts),
        NOT_CAUSAL,
        basis=False,
    )
    columns = contrast_columns(facts, "Comparison", PERMUTATION, "Estimate", "Deciding")
    return _table("T23", note, columns, lines)


def _wage_rows(facts: Facts, shown: pd.DataFrame) -> Iterator[tuple[Row, str, str]]:
    spec = _primary(facts, "wages")
    taxonomy = _taxonomy(facts)
    spec_rows = only(shown, spec_id=spec, treatment_def=taxonomy)
    named = [
        (pick(spec_rows, estimator=name, contrast=DIFFERENCE), label)
        for name, label in METHODS.items()
    ]
    named += [
        (pick(spec_rows, estimator="panel_fe", term=term, contrast=""), label)
        for term, label in OWN.items()
    ]
    yield from (
        (row, label, f"Elasticity of investment, {_years(row)}")
        for row, label in named
        if row
    )
    others = only(shown, estimator="panel_fe", contrast=DIFFERENCE, role="robustness")
    for row in records(others.sort_values(["spec_id", "treatment_def"], kind="stable")):
        label = (
            row["treatment_def"]
            if row["spec_id"] == spec
            else row["spec_id"].replace("_", " ")
        )
        yield (
            row,
            label,
            "Elasticity, clusters minus zones: other lists, wages, samples",
        )
    costs = only(shown, estimator="long_difference", contrast=DIFFERENCE)
    for window in sorted(set(costs["period"])):
        inside = only(costs, period=window)
        for outcome, label in COSTS.items():
            if row := pick(
                inside, outcome=outcome, treatment_def=taxonomy, role="mechanism"
            ):
                yield (
                    row,
                    f"{label}, clusters minus zones",
                    f"Unit labour cost, {_years(row)}, pp/yr",
                )
        for row in records(
            only(inside, outcome=COST, role="robustness").sort_values(
                "treatment_def", kind="stable"
            )
        ):
            yield row, row["treatment_def"], f"Unit labour cost, {_years(row)}, pp/yr"


TABLES = {
    "T4": t4,
    "T4c": t4c,
    "T5": t5,
    "T22": t22,
    "T21": t21,
    "T24": t24,
    "T23": t23,
}


def _table(
    name: str, note: tuple[str, ...], columns: tuple[Column, ...], lines: list[Row]
) -> Table:
    if not lines:
        raise ArtifactError(
            f"no rows for {name}",
            "the columns of its question in the panel",
            f"add them or remove {name} from `tables`",
        )
    return Table(
        id=name, note=note, columns=columns, frame=pd.DataFrame(lines), group="group"
    )


def _specs(facts: Facts, question: str) -> list[dict[str, Any]]:
    return list(facts.config["estimates"]["group_contrasts"].get(question, []))


def _primary(facts: Facts, question: str) -> str:
    specs = _specs(facts, question)
    leading = [*(spec for spec in specs if spec.get("role") == "primary"), *specs]
    return str(leading[0]["id"]) if leading else ""


def _labels(facts: Facts, question: str) -> dict[str, str]:
    return {spec["id"]: _label(spec) for spec in _specs(facts, question)}


def _label(spec: dict[str, Any]) -> str:
    return str(spec.get("label") or spec["id"].replace("_", " "))


def _taxonomy(facts: Facts) -> str:
    return str(facts.config["taxonomy"]["primary"])


def _left_out(facts: Facts, question: str, labels: dict[str, str]) -> Iterable[str]:
    left_out = [
        item for item in facts.fit()["left_out"] if item["question"] == question
    ]
    return [
        f"Not testable here: {labels[item['part']]} ({item['reason']})."
        for item in left_out
    ]


def _joint_note(estimates: pd.DataFrame) -> str:
    joint, count = (
        pick(estimates, effect_type=name) for name in ("stat_joint", "stat_right_signs")
    )
    return (
        f"Joint test (largest |t|, permuted): p {p_value(joint['p_value'])};"
        f" {count['warning']}."
        if joint
        else ""
    )


def _large(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"


def _years(row: Row) -> str:
    return str(row["period"]).replace("-", "\u2013")
