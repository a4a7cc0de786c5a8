"""T20: linkage interactions: the main specification, other inference, other samples and
measures, the rival.
"""

from collections.abc import Iterator

import pandas as pd

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    Row,
    Table,
    basis_note,
    count,
    count_of,
    ends,
    left,
    nothing_to_show,
    number,
    only,
    origin_note,
    pick,
    probability,
    records,
    text,
)

BASE = "linkage_fe"
PSI = "neighbours_x_moderator"
TERMS = {
    "own": "own",
    "neighbours": "neighbours'",
    "own_x_moderator": "own, times the moderator",
    PSI: "neighbours', times the moderator",
}
OUTCOMES = {"log_income": "log income", "growth_pct": "growth, pp a year"}
METHODS = {
    "wild_33": "wild cluster bootstrap, WCR-33",
    "driscoll_kraay": "Driscoll-Kraay, fixed-b",
    "conley": "Conley, 800 km",
    "two_way": "clustered by unit and year",
    "long_difference_scpc": "last year minus first, SCPC",
    "permutation": "moderator permuted over units",
    "placebo_before": "placebo: change of log income before the sample, SCPC",
}
INFERENCE = "Neighbours', times the moderator: other inference"
OTHER = "Neighbours', times the moderator: other samples and measures"
RIVAL = "Another moderator, added or in its place"
COLUMNS = """
    estimate_id estimator spec_id outcome term period treatment_def controls_id fe_id w_id estimate
    std_error conf_low conf_high p_value df mde sesoi g_star n_units n_obs role
    max_leverage_unit unit_of_measure output_basis warning
""".split()
NOTE = """
N = {units} (unit scheme {row[unit_scheme]}), T = {row[n_periods]} years ({years}) in the main
rows. Log income on own and neighbours' intensity and on both times a moderator, with
{results.words[unit_name]} and year effects. Moderator: {moderator}; mean zero, standard
deviation one. Intensity: log, in deviation from the year's mean; zones: ln(1 + zones in
force). Main rows: {weights} weights, row-standardised.

{results.level} intervals and p by CR3 with {results.words[units_name]} as clusters and t(G*
\u2212 1) unless the row says otherwise. Largest partial leverage: {strongest}. Detectable:
(t + t) standard errors, {results.power:.0%} power. Where detectable exceeds of interest the
design is underpowered: an interval that includes zero is no evidence of no association.

Output stands below the line of the intensity, so noise in output pulls its own coefficient
down; the level of the stock is reported as well as the ratio for that reason.

Foreign enterprises and zones were placed where growth was expected: associations, not effects.
"""


def t20(results: StudyResults) -> Table:
    """Return the main specification, other inference on its interaction, and the other
    specifications.
    """
    estimates = results.estimates()
    main = pick(estimates, estimator=BASE, term=PSI, role="primary")
    if not main:
        raise nothing_to_show("primary linkage estimate")
    rows = [*_main_rows(results, estimates, main), *_other_rows(estimates, main)]
    columns = (
        left("Coefficient", "label"),
        number("Elasticity", "estimate", 3, "reason"),
        ends(f"{results.level} interval", "conf_low", "conf_high", 3, "reason"),
        probability("p", "p_value", "reason"),
        number("Detectable", "mde", 3, "reason"),
        number("Of interest", "sesoi", 3),
        number("G*", "g_star", 1),
        count("Obs.", "n_obs"),
    )
    return Table.of(columns, rows, _note(results, main))


TABLES = {"T20": t20}


def _main_rows(
    results: StudyResults, estimates: pd.DataFrame, main: Row
) -> Iterator[Row]:
    """Yield the coefficients of the main specification, then other inference."""
    intensities = results.config.estimates["linkages"]["intensities"]
    label = intensities[main["treatment_def"]]["label"]
    group = f"{label[0].upper()}{label[1:]}, {_years(main)}"
    spec_rows = only(estimates, spec_id=main["spec_id"])
    for term, name in TERMS.items():
        for row in records(spec_rows, estimator=BASE, term=term):
            yield _row(row, group, name)
    for method, name in METHODS.items():
        row = pick(spec_rows, estimator=f"{BASE}_{method}")
        if row:
            yield _row(row, INFERENCE, name)


def _other_rows(estimates: pd.DataFrame, main: Row) -> Iterator[Row]:
    base = only(estimates, estimator=BASE)
    base = base[base["spec_id"].ne(main["spec_id"])]
    same_moderator = base["controls_id"].eq(main["controls_id"])
    for row in records(base[same_moderator], term=PSI):
        yield _row(row, OTHER, variant(row, main))
    for row in records(base[~same_moderator]):
        # `controls_id` is the moderator, and behind a plus sign its rival.
        first, _, second = row["controls_id"].partition("+")
        name = first if row["term"] == PSI else second
        label = f"times {name}"
        if second:
            label += f", with {first if name == second else second}"
        yield _row(row, RIVAL, _words(label))


def spec_labels(results: StudyResults) -> dict[str, str]:
    """Return what sets each specification apart from the primary one."""
    main = results.primary(question="specs")
    rows = results.estimates(estimator=BASE, term=PSI)
    decides = pick(rows, spec_id=main["id"])
    return {row["spec_id"]: variant(row, decides) for row in records(rows)}


def variant(row: Row, main: Row) -> str:
    """Name what differs from the main specification."""
    names = {
        "treatment_def": _words(row["treatment_def"]),
        "period": _years(row),
        "outcome": OUTCOMES.get(row["outcome"], str(row["outcome"])),
        "w_id": f"{_words(row['w_id'])} weights",
        "fe_id": "moderator by year dummies added",
    }
    parts = [words for name, words in names.items() if row[name] != main[name]]
    return ", ".join(parts) or _words(row["spec_id"])


def _years(row: Row) -> str:
    return str(row["period"]).replace("-", "\u2013")


def _words(name: str) -> str:
    return name.replace("_", " ")


def _row(row: Row, group: str, label: str) -> Row:
    parts = [part.strip() for part in text(row["warning"]).split(";")]
    reasons = [part for part in parts if part.startswith(("no interval", "terciles"))]
    return {
        "group": group,
        "label": label,
        **{name: row[name] for name in COLUMNS},
        "reason": "; ".join(reasons),
    }


def _note(results: StudyResults, main: Row) -> tuple[str, ...]:
    """Return the note; sample and years are those of the main rows."""
    moderators = results.config.estimates["linkages"]["moderators"]
    moderator = moderators[main["controls_id"].partition("+")[0]]
    limit = f" ({moderator['note']})" if moderator.get("note") else ""
    about = results.description()
    return (
        *results.text(
            NOTE,
            row=main,
            units=count_of(main["n_units"], results.words),
            years=_years(main),
            moderator=moderator["label"] + limit,
            weights=_words(main["w_id"]),
            strongest=results.label(main["max_leverage_unit"]),
        ),
        basis_note(about),
        origin_note(about, int(results.config.inference.seed)),
    )
