"""T20: linkage interactions: the main specification, other inference, other samples and
measures, the rival.
"""

from collections.abc import Iterable

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables.notes import basis_note, origin_note
from evenfield.shared.tables.numbers import (
    fixed,
    interval,
    p_value,
    text,
    whole,
    with_decimals,
)
from evenfield.shared.tables.rows import Row, only, pick, records
from evenfield.shared.tables.table import Column, Table, right
from evenfield.shared.tables.units import count_of
from evenfield.study.errors import ArtifactError

BASE = "linkage_fe"
PSI = "neighbours_x_moderator"
TERMS = {
    "own": "own",
    "neighbours": "neighbours'",
    "own_x_moderator": "own, times the moderator",
}
TERMS[PSI] = "neighbours', times the moderator"
METHODS = {
    "wild_33": "wild cluster bootstrap, WCR-33",
    "driscoll_kraay": "Driscoll-Kraay, fixed-b",
    "conley": "Conley, 800 km",
    "two_way": "clustered by unit and year",
    "long_difference_scpc": "last year minus first, SCPC",
    "permutation": "moderator permuted over units",
    "placebo_before": "placebo: change of log income before the sample, SCPC",
}
OTHER = "Neighbours', times the moderator: other samples and measures"
RIVAL = "Another moderator, beside it or in its place"
COLUMNS = [
    "estimator",
    "spec_id",
    "outcome",
    "term",
    "period",
    "treatment_def",
    "controls_id",
    "fe_id",
    "w_id",
    "estimate",
]
COLUMNS += [
    "std_error",
    "conf_low",
    "conf_high",
    "p_value",
    "df",
    "mde",
    "sesoi",
    "g_star",
    "n_units",
    "n_obs",
    "role",
]
COLUMNS += ["max_leverage_unit", "unit_of_measure", "output_basis", "warning"]


def t20(facts: Facts) -> Table:
    """Return the main specification, other inference on its interaction, and the other
    specifications.
    """
    estimates = facts.estimates()
    main = pick(estimates, estimator=BASE, term=PSI, role="primary")
    if not main:
        raise ArtifactError(
            "no primary linkage estimate",
            "a specification with role primary",
            "add it to estimates.linkages or remove T20 from `tables`",
        )
    rows = [
        *_main_rows(facts, estimates, main),
        *_inference_rows(estimates, main),
        *_other_rows(estimates, main),
    ]
    columns = (
        Column(names=("label",), header="Coefficient"),
        right("Elasticity", "estimate", show=with_decimals(fixed, 3), reason="reason"),
        right(
            f"{facts.level} interval",
            "conf_low",
            "conf_high",
            show=with_decimals(interval, 3),
            reason="reason",
        ),
        right("p", "p_value", show=p_value, reason="reason"),
        right("Detectable", "mde", show=with_decimals(fixed, 3), reason="reason"),
        right("Of interest", "sesoi", show=with_decimals(fixed, 3)),
        right("G*", "g_star", show=with_decimals(fixed, 1)),
        right("Obs.", "n_obs", show=whole),
    )
    note = _note(facts, main)
    return Table(
        id="T20", note=note, columns=columns, frame=pd.DataFrame(rows), group="group"
    )


TABLES = {"T20": t20}


def _main_rows(facts: Facts, estimates: pd.DataFrame, main: Row) -> Iterable[Row]:
    label = facts.config["estimates"]["linkages"]["intensities"][main["treatment_def"]][
        "label"
    ]
    main_rows = only(estimates, estimator=BASE, spec_id=main["spec_id"])
    group = f"{label[0].upper()}{label[1:]}, {_years(main)}"
    for term, name in TERMS.items():
        yield from (
            _row(row, group, name) for row in records(only(main_rows, term=term))
        )


def _inference_rows(estimates: pd.DataFrame, main: Row) -> Iterable[Row]:
    for method, name in METHODS.items():
        if row := pick(
            estimates, estimator=f"{BASE}_{method}", spec_id=main["spec_id"]
        ):
            yield _row(row, "Neighbours', times the moderator: other inference", name)


def _other_rows(estimates: pd.DataFrame, main: Row) -> Iterable[Row]:
    base = estimates[
        estimates["estimator"].eq(BASE) & estimates["spec_id"].ne(main["spec_id"])
    ]
    psi = base[base["term"].eq(PSI)]
    for row in records(psi[psi["controls_id"].eq(main["controls_id"])]):
        yield _row(row, OTHER, _variant(row, main))
    for row in records(base[base["controls_id"].ne(main["controls_id"])]):
        first, _, second = row["controls_id"].partition("+")
        name = second if row["term"] != PSI else first
        beside = f", with {first if name == second else second}" if second else ""
        yield _row(row, RIVAL, f"times {_words(name)}{_words(beside)}")


def _variant(row: Row, main: Row) -> str:
    """Name what differs from the main specification."""
    parts = [
        (
            _words(row["treatment_def"])
            if row["treatment_def"] != main["treatment_def"]
            else ""
        ),
        _years(row) if row["period"] != main["period"] else "",
        "growth, pp a year" if row["outcome"] == "growth_pct" else "",
        f"{_words(row['w_id'])} weights" if row["w_id"] != main["w_id"] else "",
        "moderator by year dummies added" if row["fe_id"] != main["fe_id"] else "",
    ]
    return ", ".join(part for part in parts if part) or _words(row["spec_id"])


def _years(row: Row) -> str:
    return str(row["period"]).replace("-", "\u2013")


def _words(name: str) -> str:
    return name.replace("_", " ")


def _row(row: Row, group: str, label: str) -> Row:
    parts = [part.strip() for part in text(row["warning"]).split(";")]
    why = "; ".join(
        part for part in parts if part.startswith(("no interval", "terciles"))
    )
    return {
        "group": group,
        "label": label,
        **{name: row[name] for name in COLUMNS},
        "reason": why,
    }


def _note(facts: Facts, main: Row) -> tuple[str, ...]:
    moderator = facts.config["estimates"]["linkages"]["moderators"][
        main["controls_id"].partition("+")[0]
    ]
    limit = f" ({moderator['note']})" if moderator.get("note") else ""
    strongest = facts.label(main["max_leverage_unit"])
    return (
        (
            f"N = {count_of(main['n_units'], facts.words)} (unit scheme"
            f" {main['unit_scheme']}), T = {main['n_periods']} years ({_years(main)})"
            " in the main rows. Log income on own and neighbours' intensity and on"
            f" both times a moderator, with {facts.words['unit_name']} and year"
            f" effects. Moderator: {moderator['label']}{limit}; mean zero, standard"
            " deviation one. Intensity: log, in deviation from the year's mean; zones:"
            f" ln(1 + zones in force). Main rows: {_words(main['w_id'])} weights,"
            " row-standardised."
        ),
        (
            f"{facts.level} intervals and p by CR3 with {facts.words['units_name']} as"
            " clusters and t(G* \u2212 1) unless the row says otherwise. Largest"
            f" partial leverage: {strongest}. Detectable: (t + t) standard errors,"
            f" {facts.power:.0%} power. Where detectable exceeds of interest the design"
            " is underpowered: an interval that holds zero is no evidence of no"
            " association."
        ),
        (
            "Output stands below the line of the intensity, so noise in output pulls"
            " its own coefficient down; the level of the stock is printed beside the"
            " ratio for that reason."
        ),
        (
            "Foreign enterprises and zones went where growth was expected:"
            " associations, not effects."
        ),
        basis_note(facts.description()),
        origin_note(facts.description(), int(facts.config["inference"]["seed"])),
    )
