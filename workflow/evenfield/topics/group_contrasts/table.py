"""Tables of group contrasts: premiums by period (T4, T4c), factor intensity (T5), their
change (T22), incomes (T21), programmes (T24), wages (T23).
"""

import re
from collections.abc import Iterator, Mapping
from operator import itemgetter

import pandas as pd

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    NOT_CAUSAL,
    Column,
    Row,
    Short,
    Table,
    basis_mark,
    cited_numbers,
    in_words,
    last_main_period,
    only,
    p_value,
    pick,
    records,
    right,
    with_error,
)
from evenfield.shared.tables.placebo_lists import placebo_table
from evenfield.study.files import Record
from evenfield.topics.group_contrasts.table_lines import (
    DIFFERENCE,
    INFERENCE_NOTE,
    RANGE_NOTE,
    Line,
    capitalised,
    comparison_name,
    contrast_columns,
    contrast_table,
    printed_labels,
    printed_years,
)

OWN_PREMIUMS = {"": "Clusters against the others", DIFFERENCE: "Clusters minus zones"}
DATINGS = {"": "zones from their first year", "+undated": "zones in every year"}
EN_DASH = "\u2013"
PREMIUM = {"estimator": "ols", "effect_type": "coef"}
# How the periods are pooled.
POOLED = {
    "Pooled over periods": {"estimator": "pooled", "effect_type": "coef"},
    "Pooled, t(k \u2212 1)": {"estimator": "pooled_t", "effect_type": "coef"},
}
GROWTH_NOTE = """
Growth between the end points of a period in percentage points a year, given log income at
its start, by OLS on one row per unit: units with clusters against the others; then the
coefficient of clusters minus that of zones, both in one regression. Standard errors in
parentheses and p by conditional SCPC (average pairwise correlation of shocks at most .03),
which asks for more than two standard errors.
"""
POOLED_NOTE = """
Pooled: random effects over {periods} (Paule and Mandel), each with the variance that its
own interval implies; normal p, and by t with one degree less than there are periods.
I\u00b2: share of the differences between periods beyond what
those variances lead one to expect (the squared standard errors, which SCPC does not read
by the normal law, would make it larger); p of Q: test of no difference.
"""
SPAN_NOTE = """
Change: slope of the growth premium of zones on the number of the period; with fewer than
four units in a group p is by permutation. In every year: units with zones count as such
before they had one.
"""
PREMIUM_NOTE = """
Difference between the group and the other units in the mean of log income relative to the
mean over the years of a period (log points), and in growth given log income in the first
year (pp a year), by OLS. Intervals and p by conditional SCPC; with fewer than four units in
a group only permutation is shown.

Detectable: smallest difference found with {results.power:.0%} power by the same test; of
interest: the effect of interest of the study. Where detectable exceeds it the comparison is
underpowered. n: units in the smaller group.

Per s.d.: growth given initial income on one dose, in standard deviations of it across units.
"""


DATED = re.compile(r"_\d{4}$")
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
FADING_NOTE = """
Premium: difference between the group and the others in a period mean. Change per period:
least squares slope of the premium on the period index, estimated as a cross-section of one
slope per unit, so that unit and period effects drop out. Windows start where the figures of
every unit start. Of interest: the change that would halve the first premium over the
sample; for the quotient, a fall by a quarter.

Location quotient: share in foreign-funded investment (registered total investment, a stock)
over share in output. Trend: slope of its log, group against the others, log points per
decade. End level: the quotient, mean of the last five years, tested against one. Group
series: trend of the group's own log quotient, HAC with fixed-b law.
"""
FADING_POWER = """
Detectable: smallest difference found with {results.power:.0%} power; above of interest the
comparison is underpowered.
"""
BALANCE_NOTE = """
Yearly change of the log of urban over rural income per head between the ends of a window,
on cluster and zone indicators by OLS, one row per unit; 1 pp a year moves the ratio by
about 1 %. Clusters and zones: {taxonomy}, unless another one is named. No change is taken from one
window to the next: the definition of income differs. Of interest: a change of the ratio
over a whole window, spread over its years.

Urban minus rural row = gap row: the parts show through which income the gap moves. Incomes
are at current prices.
"""
PROGRAMMES_NOTE = """
Mean growth after minus mean growth before, percentage points a year, on an indicator of the
programme's units by OLS, one row per unit; other programmes that are named have their own
coefficient, so that their units are not in the comparison group. Growth from proxy to
official output is left out.

A description only: where growth before uses proxy output the common path
before cannot be checked, and {failed} of {placebos} comparisons at dates at which nothing
began show a difference as well.

Border: mean difference over pairs of neighbours, one on each side; clusters by the units of
both sides, t with the smaller number of units less one. Placebo: the same at dates at which
no such programme began; a difference there speaks against reading the one above.
"""


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
INTENSITY_NOTE = """
Period means over their standard deviation across units, regressed by OLS on zone and
cluster; shown is the zone coefficient minus the cluster coefficient, in standard
deviations. Intervals and p by conditional SCPC; several: Romano-Wolf step-down over the
outcomes on common free permutations.
"""
INTENSITY_POWER = """
Detectable: smallest difference found with {results.power:.0%} power; of interest: set in
advance. Where it exceeds of interest the comparison is underpowered. n: units in the
smaller group. Foreign-funded investment: the total investment of registered foreign-funded
enterprises, a stock.
"""
WAGES_NOTE = """
Elasticity: log of foreign investment a year later on the log wage and its products with
cluster and zone, unit and year effects; CR3 by unit with t(G* \u2212 1). Wages rise
everywhere, so a group's own trend of investment enters its elasticity; year effects of each
group's own (group years) leave it out.

Unit labour cost: wage x employment / output at current prices, growth between the ends of a
window, pp a year; wage minus output per worker. Clusters and zones: {taxonomy}, unless
another one is named. Wages of urban units cover formal employment only.
"""


def t4(results: StudyResults) -> Table:
    """Arrange the own premium and the group's difference by span, the last main period
    and pooled, one pair of columns for each unit scheme.
    """
    spec = _growth_spec(results)
    periods = results.config.periods
    pooled = "+".join(spec.get("pooled", []))
    named = spec.get("periods", [])
    spans = [name for name in named if periods[name].role == "span"]
    spans.sort(key=lambda name: (periods[name].start, periods[name].end))
    schemes = spec.get("unit_schemes") or {results.main: results.words["units_name"]}
    note = GROWTH_NOTE
    if pooled:
        note += POOLED_NOTE
    shown = [*spans, last_main_period(periods)]
    rows = list(_premium_rows(results, spec, list(schemes), shown, pooled))
    if spans:
        rows += _faded(results)
        note += SPAN_NOTE
    columns = [Column(names=("label",), header="Years")]
    # One column of estimates with errors, and their p, for each unit scheme.
    for scheme, head in schemes.items():
        premium = (f"{scheme}_estimate", f"{scheme}_std_error")
        columns += [
            right(
                capitalised(head), *premium, show=with_error, reason=f"{scheme}_reason"
            ),
            right("p", f"{scheme}_p_value", show=p_value),
        ]
    over = [results.period(name) for name in spec.get("pooled", [])]
    sentences = results.note(note, NOT_CAUSAL, periods=in_words(over) if over else "")
    return Table.of(columns, rows, sentences)


def _growth_spec(results: StudyResults) -> Record:
    """Return the premium in growth: the one pooled over periods, else the first on a
    column of periods.
    """
    specs = results.specs(question="premium")
    specs.sort(
        key=lambda spec: (not spec.get("pooled"), spec.get("table") != "periods")
    )
    return next(iter(specs), {})


def _premium_rows(
    results: StudyResults,
    spec: Record,
    schemes: list[str],
    shown: list[str],
    pooled: str,
) -> Iterator[Row]:
    """Yield one row a comparison and period: its premium in each unit scheme, pooled
    over periods last, and how far the periods differ.
    """
    estimates = only(
        results.estimates(family="premium", spec_id=str(spec.get("id"))),
        sample_id="all",
        treatment_def=results.taxonomy,
        term="cluster",
    )
    # What a row is called, and the rows of the estimates that it holds.
    selections = {results.period(name): {"period": name, **PREMIUM} for name in shown}
    if pooled:
        selections |= {
            label: {"period": pooled, **kind} for label, kind in POOLED.items()
        }
    for contrast, name in OWN_PREMIUMS.items():
        for label, select in selections.items():
            rows = only(estimates, contrast=contrast, **select)
            line: Row = {"group": name, "label": label}
            for scheme in schemes:
                line |= cited_numbers(scheme, pick(rows, unit_scheme=scheme))
            yield line
        if pooled:
            yield {"group": name} | _spread(only(estimates, contrast=contrast), schemes)


def _spread(estimates: pd.DataFrame, schemes: list[str]) -> Row:
    """Return I2 of the pooled periods with the p-value of Q, by unit scheme."""
    line: Row = {"label": "I\u00b2, p of Q"}
    for scheme in schemes:
        rows = only(estimates, unit_scheme=scheme)
        spread = pick(rows, effect_type="stat_i2")
        homogeneity = pick(rows, effect_type="stat_q")
        line[f"{scheme}_estimate"] = spread.get("estimate")
        line[f"{scheme}_p_value"] = homogeneity.get("p_value")
        line[f"{scheme}_estimate_id"] = spread.get("estimate_id")
    return line


def _faded(results: StudyResults) -> Iterator[Row]:
    """Yield the change of the growth premium of zones from period to period, zones
    dated and not.
    """
    specs = results.specs(question="fading")
    ids = [str(spec["id"]) for spec in specs if spec.get("table") == "periods"]
    rows = results.estimates(
        family="fading", spec_id=ids, estimator="ols", term="sez", contrast=""
    )
    # A row over a span of years is a change; under the name of a period stands that
    # period's premium.
    trends = rows[~rows["period"].isin(list(results.config.periods))]
    for suffix, label in DATINGS.items():
        for row in records(trends, treatment_def=results.taxonomy + suffix):
            group = "Zones against the others: change from period to period"
            name = f"{results.period(row['period']).replace('-', EN_DASH)}, {label}"
            yield {"group": group, "label": name} | cited_numbers(results.main, row)


def t4c(results: StudyResults) -> Table:
    """Arrange the premiums: the deciding comparison by outcome and period, then the
    exploratory ones, then doses.
    """
    estimates = results.estimates(family=["premium", "dose"])
    columns = contrast_columns(results, "Period", p_connected="p, connected")
    lines = _premium_lines(results, estimates)
    growth = _growth_spec(results).get("id", "")
    # The paper prints growth only, and what decides about it.
    printed = ("estimate", "conf_low", "p_value", "p_free", "mde", "sesoi")
    short = Short(lambda row: row["spec_id"] == growth, printed)
    note = results.note(PREMIUM_NOTE + RANGE_NOTE, NOT_CAUSAL)
    return contrast_table(estimates, lines, columns, note, short)


def _premium_lines(results: StudyResults, estimates: pd.DataFrame) -> Iterator[Line]:
    labels = printed_labels(
        results.specs(question="premium") + results.specs(question="dose")
    )
    order = list(labels)
    shown = results.shown("main", "span")
    main = only(
        estimates,
        estimator="ols",
        effect_type="coef",
        unit_scheme=results.main,
        sample_id="all",
    )
    # Doses know no list; premiums are printed for the primary one.
    main = main[main["family"].eq("dose") | main["treatment_def"].eq(results.taxonomy)]
    rows = records(main[main["period"].isin(shown)])
    rows.sort(key=itemgetter("contrast", "term"))
    rows.sort(
        key=lambda row: (
            order.index(row["spec_id"]),
            row["contrast"],
            row["term"],
            shown.index(row["period"]),
        )
    )
    for row in rows:
        compared = comparison_name(row)
        if row["family"] == "dose":
            compared = f"per s.d. of {row['term'].replace('_', ' ')}"
        group = f"{capitalised(labels[row['spec_id']])}: {compared}"
        yield row, results.when(row), group


def t4d(results: StudyResults) -> Table:
    """Return every method of inference for the premiums that have placebo lists."""
    specs = results.specs(question="premium")
    labels = printed_labels(specs)

    def heading(row: Row) -> str:
        return f"{capitalised(labels[row['spec_id']])}: {comparison_name(row)}"

    # The first period of the first comparison comes first.
    periods = dict[str, None]()
    for spec in specs:
        for named in spec.get("placebo_lists", {}).values():
            periods |= dict.fromkeys(named)
    return placebo_table(results, specs, list(periods), heading)


def t5(results: StudyResults) -> Table:
    """Arrange the outcomes in the order of the config, with the joint test beneath."""
    estimates = results.estimates(family="factor_intensity")
    labels = dict[str, str]()
    for spec in results.specs(question="factor_intensity"):
        labels |= printed_labels(spec["measures"])
    sentences = []
    joint = pick(estimates, effect_type="stat_joint")
    if joint:
        count = pick(estimates, effect_type="stat_right_signs")
        p = p_value(joint["p_value"])
        sentences = [f"Joint test (largest |t|, permuted): p {p}; {count['warning']}."]
    sentences += _left_out(results, "factor_intensity", labels)
    sentences += results.text(INTENSITY_POWER + RANGE_NOTE)
    columns = contrast_columns(results, "Outcome", p_several="p, several")
    main = only(estimates, estimator="ols", effect_type="coef")
    rows = records(only(main, treatment_def=results.taxonomy))
    order = list(labels)
    rows.sort(key=lambda row: (row["spec_id"], order.index(row["outcome"])))
    lines = []
    for row in rows:
        group = f"{capitalised(comparison_name(row))}, {printed_years(row)}"
        lines.append((row, labels[row["outcome"]], group))
    note = results.note(INTENSITY_NOTE, *sentences, NOT_CAUSAL, basis=False)
    return contrast_table(estimates, lines, columns, note)


def _left_out(
    results: StudyResults, question: str, labels: Mapping[str, str]
) -> list[str]:
    """Say which outcomes of a question the data cannot carry, and why."""
    return [
        f"Not testable here: {labels[item['part']]} ({item['reason']})."
        for item in results.fit()["left_out"]
        if item["question"] == question
    ]


def t22(results: StudyResults) -> Table:
    """Arrange changes of premiums with the premiums they come from, then the location
    quotient.
    """
    estimates = results.estimates(family="fading")
    labels = printed_labels(results.specs(question="fading"))
    sentences = _left_out(results, "fading", labels)
    sentences += results.text(FADING_POWER + RANGE_NOTE)
    lines = []
    for spec, label in labels.items():
        rows = only(estimates, treatment_def=results.taxonomy, spec_id=spec)
        named = [(*_fading_name(row, results), row) for row in records(rows)]
        for _, name, row in sorted(named, key=itemgetter(0)):
            group = f"{capitalised(label)}: {comparison_name(row | {'contrast': ''})}"
            lines += [(row, name, group)] if name else []
    note = results.note(FADING_NOTE, *sentences, NOT_CAUSAL)
    return contrast_table(estimates, lines, contrast_columns(results, "Period"), note)


def _fading_name(row: Row, results: StudyResults) -> tuple[int, str]:
    """Return where a row stands in its group, and its name; empty where it is not
    printed.
    """
    years = printed_years(row)
    match row["estimator"], row["effect_type"]:
        case "ols", "coef" if row["period"] in results.config.periods:
            return 0, f"{results.when(row)}: premium"
        case "ols", "coef":
            by_decade = "decade" in row["unit_of_measure"]
            name = "trend per decade" if by_decade else "change per period"
            given = row["contrast"].partition(" ")[2]
            name += f", {given}" if given else ""
            return 1, f"{years}{basis_mark(row['output_basis'])}: {name}"
        case "ratio", _:
            return 2, f"{years}: end level"
        case "group_series", _:
            return 2, f"{years}: group series, trend"
    return 3, ""


def t21(results: StudyResults) -> Table:
    """Arrange the urban-rural estimates: one specification in full, then the difference
    of all others.
    """
    estimates = results.estimates(family="balance")
    template = BALANCE_NOTE + INFERENCE_NOTE
    note = results.note(template, NOT_CAUSAL, basis=False, taxonomy=results.taxonomy)
    columns = contrast_columns(results, "Comparison", "pp/yr")
    lines = _gap_lines(results, only(estimates, estimator="long_difference"))
    return contrast_table(estimates, lines, columns, note)


def _gap_lines(results: StudyResults, changes: pd.DataFrame) -> Iterator[Line]:
    spec = str(results.primary(question="balance").get("id"))
    is_main = changes["spec_id"].eq(spec) & changes["treatment_def"].eq(
        results.taxonomy
    )
    windows = sorted(set(changes["period"]))
    # First the primary specification in full, window by window.
    for window in windows:
        rows = only(changes[is_main], period=window)
        for outcome, term, contrast, label in BALANCE:
            for row in records(rows, outcome=outcome, term=term, contrast=contrast):
                yield row, label, printed_years(row)
    # Then the difference under all that varies.
    others = only(changes[~is_main], outcome="gap_growth", contrast=DIFFERENCE)
    others = others.sort_values(["spec_id", "treatment_def"], kind="stable")
    for window in windows:
        for row in records(others, period=window):
            label = row["treatment_def"] if row["spec_id"] == spec else _variant(row)
            years = printed_years(row)
            group = (
                f"Gap, clusters minus zones, {years}: other lists, controls, samples"
            )
            yield row, label, group


def _variant(row: Row) -> str:
    """Return the controls and the sample of a row, else the name of its specification."""
    parts = []
    if row["controls_id"] != "none":
        parts.append(f"given {row['controls_id']}")
    if row["sample_id"] != "all":
        parts.append(row["sample_id"])
    return (", ".join(parts) or row["spec_id"]).replace("_", " ")


def t24(results: StudyResults) -> Table:
    """Arrange the programme estimates: deciding rows, what supports or doubts them, the
    rest.
    """
    estimates = results.estimates(family="programmes")
    main = only(estimates[estimates["role"].ne("ladder")], effect_type="coef")
    p_values = only(main, role="placebo")["p_value"]
    # Placebos that reject at the level of the intervals, though nothing began.
    failed = int((p_values < 1 - results.config.inference.level).sum())
    note = results.note(
        PROGRAMMES_NOTE + INFERENCE_NOTE,
        "Programmes went where growth was low: associations, not effects.",
        failed=failed,
        placebos=len(p_values),
    )
    columns = contrast_columns(results, "Comparison", "pp/yr")
    return contrast_table(estimates, _programme_lines(results, main), columns, note)


def _programme_lines(results: StudyResults, main: pd.DataFrame) -> Iterator[Line]:
    programmes = {
        spec["id"]: DATED.sub("", spec["programme"])
        for spec in results.specs(question="programmes")
    }
    main = main.assign(
        part=main["role"].mask(main["estimator"].eq("border_pairs"), "border")
    ).sort_values(["term", "spec_id", "period"], kind="stable")
    for part, title in PROGRAMMES.items():
        for row in records(main, part=part):
            # A programme is named without its year: the windows say which years are
            # compared.
            programme = capitalised(programmes[row["spec_id"]].replace("_", " "))
            spec = row["spec_id"].replace("_", " ")
            years = printed_years(row) + basis_mark(row["output_basis"])
            yield row, f"{programme} ({spec}), {years}", title


def t23(results: StudyResults) -> Table:
    """Arrange elasticities of foreign investment, then unit labour cost by window."""
    estimates = results.estimates(family="wages", effect_type="coef")
    template = WAGES_NOTE + INFERENCE_NOTE
    note = results.note(template, NOT_CAUSAL, basis=False, taxonomy=results.taxonomy)
    columns = contrast_columns(results, "Comparison", "Estimate", "Deciding")
    lines = [*_elasticity_lines(results, estimates), *_cost_lines(results, estimates)]
    return contrast_table(estimates, lines, columns, note)


def _elasticity_lines(results: StudyResults, estimates: pd.DataFrame) -> Iterator[Line]:
    spec = str(results.primary(question="wages").get("id"))
    main = only(estimates, spec_id=spec, treatment_def=results.taxonomy)
    difference = only(main, contrast=DIFFERENCE)
    single = only(main, estimator="panel_fe", contrast="")
    rows = [
        (pick(difference, estimator=name), label) for name, label in METHODS.items()
    ]
    rows += [(pick(single, term=term), label) for term, label in OWN.items()]
    for row, label in rows:
        if row:
            yield row, label, f"Elasticity of investment, {printed_years(row)}"
    # Other lists of the same specification, then other specifications.
    others = only(
        estimates, estimator="panel_fe", contrast=DIFFERENCE, role="robustness"
    )
    for row in records(others.sort_values(["spec_id", "treatment_def"], kind="stable")):
        label = row["spec_id"].replace("_", " ")
        if row["spec_id"] == spec:
            label = row["treatment_def"]
        yield (
            row,
            label,
            "Elasticity, clusters minus zones: other lists, wages, samples",
        )


def _cost_lines(results: StudyResults, estimates: pd.DataFrame) -> Iterator[Line]:
    costs = only(estimates, estimator="long_difference", contrast=DIFFERENCE)
    main = only(costs, treatment_def=results.taxonomy, role="mechanism")
    others = only(costs, outcome=COST, role="robustness")
    for window in sorted(set(costs["period"])):
        rows = []
        for outcome, label in COSTS.items():
            row = pick(main, outcome=outcome, period=window)
            rows += [(row, f"{label}, clusters minus zones")] if row else []
        for row in records(only(others, period=window).sort_values("treatment_def")):
            rows.append((row, row["treatment_def"]))
        for row, label in rows:
            yield row, label, f"Unit labour cost, {printed_years(row)}, pp/yr"


TABLES = {
    "T4": t4,
    "T4c": t4c,
    "T4d": t4d,
    "T5": t5,
    "T22": t22,
    "T21": t21,
    "T24": t24,
    "T23": t23,
}
