"""T32: coefficients of the zone dose by outcome, with the placebo of later zones."""

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    Row,
    Table,
    cited,
    count,
    interval,
    left,
    number,
    only,
    pick,
    probability,
    records,
    right,
    significant,
    text,
    with_asked,
)

BASE = "zone_dose_fe"
DOSE = "dose"
OTHER_METHODS = {
    f"{BASE}_cr2": "CR2, Bell-McCaffrey t",
    f"{BASE}_wild_33": "wild cluster bootstrap WCR-33",
}
COLUMNS = (
    "estimate_id spec_id outcome term role estimate std_error conf_low conf_high p_value mde"
    " sesoi g_star n_units n_obs n_treated unit_of_measure max_leverage_unit output_basis"
).split()


NOTE = """
Outcome on the number of zones in force, with {results.words[unit_name]} effects and {years}
unless the row says otherwise. Dose: {dose} unless the row says otherwise.

{results.level} intervals and p by CR3 with {results.words[units_name]} as clusters and t(G*
\u2212 1) unless the row says otherwise. Detectable: (t + t) standard errors, {power:.0%}
power.

Later zones: p of the zones of {latest} years later added to those in force, and joint p of
those of {later} years later; below .05 the outcome changed before the zones came.

All {results.words[units_name]} got zones, so the coefficients depend on their number and
time, and zones were placed where growth was expected.
"""


def t32(results: StudyResults) -> Table:
    """Return the main row of every specification by outcome, and other inference on the
    primary one.
    """
    section = results.config.estimates["zone_dose"]
    estimates = results.estimates()
    outcomes = list(section["outcomes"])
    rows = []
    for spec in sorted(
        section["specs"], key=lambda spec: outcomes.index(spec["outcome"])
    ):
        spec_rows = only(estimates, spec_id=spec["id"])
        placebo = only(spec_rows, role="placebo")
        # The longest lead alone has a coefficient, all leads together a joint test.
        later = cited("p_lead", pick(placebo, effect_type="coef"), "p_value")
        later |= cited("p_leads", pick(placebo, effect_type="joint"), "p_value")
        tests = only(spec_rows, effect_type="coef")
        tests = with_asked(tests[tests["role"].ne("placebo")], "inference", "untested")
        for row in records(tests):
            main = row["estimator"] == BASE
            # The placebo belongs to a specification, not to each of its methods.
            shown = later if main else dict.fromkeys(later)
            rows.append(_row(results, section, spec, row, shown))
    leads = section.get("leads", (1, 2, 3))
    note = results.note(
        NOTE,
        years=_years_of(results, section),
        dose=section["doses"][section["specs"][0]["dose"]]["label"],
        power=results.config.estimates.get("design", {}).get("power", 0.8),
        latest=max(leads),
        later=", ".join(map(str, leads)),
    )
    columns = (
        left("Specification", "label", width_cm=5.0),
        right("Coefficient", "estimate", show=significant),
        left("Unit", "unit_of_measure"),
        right(
            f"{results.level} interval",
            "conf_low",
            "conf_high",
            show=_range,
            reason="reason",
        ),
        probability("p", "p_value", "reason"),
        right("Detectable", "mde", show=significant),
        probability("p, later zones", "p_lead"),
        probability("p, joint", "p_leads"),
        number("G*", "g_star", 1),
        count("N", "n_units"),
    )
    return Table.of(columns, rows, note)


TABLES = {"T32": t32}


def _years_of(results: StudyResults, section: Row) -> str:
    beside = section.get("beside", "year")
    if beside == "year":
        return "effects of each year"
    units = results.words["units_name"]
    return f"effects of each year in each group of {units} ({beside})"


def _row(results: StudyResults, section: Row, spec: Row, row: Row, leads: Row) -> Row:
    main = section["specs"][0]
    other_dose = section["doses"][spec["dose"]]["label"]
    population = f"{row['unit_scheme'].replace('_', ' ')} population"
    parts = [
        _method(row),
        other_dose if spec["dose"] != main["dose"] else "",
        f"{spec['lag']} years later" if spec.get("lag") else "",
        row["period"].replace("-", "\u2013"),
        f"beside {spec['beside']}" if spec.get("beside") else "",
        results.word(row["sample_id"]) if row["sample_id"] != "all" else "",
        population if not row["unit_scheme"].isdigit() else "",
    ]
    label = section["outcomes"][spec["outcome"]]["label"]
    untested = row["asked_untested"]
    return {
        "group": f"{label[0].upper()}{label[1:]}",
        "label": ", ".join(part for part in parts if part),
        **{name: row[name] for name in COLUMNS},
        **leads,
        "reason": f"no interval: {untested}" if untested else "",
    }


def _method(row: Row) -> str:
    """Return the words of a method that is not the table's, CR3 with t(G* - 1)."""
    words = [text(row["se_type"]), text(row["p_type"])]
    if row["estimator"] == BASE and words[0] in ("", "CR3 by unit"):
        return ""
    named = ", ".join(words) if words[0] else row["asked_inference"]
    return OTHER_METHODS.get(row["estimator"], named)


def _range(low: float, high: float) -> str:
    return interval(low, high, 1 if max(abs(low), abs(high)) >= 3 else 2)
