"""T32: coefficients of the zone dose by outcome, with the placebo of later zones."""

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables.headings import nothing_to_show
from evenfield.shared.tables.numbers import (
    fixed,
    interval,
    p_value,
    significant,
    text,
    whole,
)
from evenfield.shared.tables.rows import Row, only, pick, records
from evenfield.shared.tables.table import Column, Table, right

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


def t32(facts: Facts) -> Table:
    """Return the main row of every specification by outcome, and other inference on the
    primary one.
    """
    section = facts.config.estimates["zone_dose"]
    estimates = facts.estimates()
    outcomes = list(section["outcomes"])
    rows = []
    for spec in sorted(
        section["specs"], key=lambda spec: outcomes.index(spec["outcome"])
    ):
        spec_rows = only(estimates, spec_id=spec["id"])
        placebo = only(spec_rows, role="placebo")
        # The longest lead alone has a coefficient, all leads together a joint test.
        lead = pick(placebo, effect_type="coef")
        joint = pick(placebo, effect_type="joint")
        leads = {
            "p_lead": lead.get("p_value"),
            "p_lead_estimate_id": lead.get("estimate_id"),
            "p_leads": joint.get("p_value"),
            "p_leads_estimate_id": joint.get("estimate_id"),
        }
        tests = spec_rows[spec_rows["estimator"].str.startswith(BASE)]
        for row in records(tests[tests["role"].ne("placebo")]):
            main = row["estimator"] == BASE
            # The placebo belongs to a specification, not to each of its methods.
            shown = leads if main else dict.fromkeys(leads)
            rows.append(_row(section, spec, row, shown))
    if not rows:
        raise nothing_to_show("specifications", "zone_dose", "T32")
    later = ", ".join(
        str(lead)
        for lead in section.get(
            "leads",
            (1, 2, 3),
        )
    )
    power = facts.config.estimates.get("design", {}).get("power", 0.8)
    note = facts.note(
        f"Outcome on the number of zones in force, with {facts.words['unit_name']}"
        f" effects and {_years_of(facts, section)} unless the row says otherwise. Dose:"
        f" {section['doses'][section['specs'][0]['dose']]['label']} unless the row says"
        " otherwise.",
        f"{facts.level} intervals and p by CR3 with {facts.words['units_name']} as"
        " clusters and t(G* \u2212 1) unless the row says otherwise. Detectable: (t +"
        f" t) standard errors, {power:.0%} power.",
        f"Later zones: p of the zones of {max(section.get('leads', (1, 2, 3)))} years"
        f" later beside those in force, and joint p of those of {later} years later;"
        " below .05 the outcome moved before the zones came.",
        f"All {facts.words['units_name']} got zones, so the coefficients rest on their"
        " number and time, and zones went where growth was expected.",
    )
    columns = (
        Column(names=("label",), header="Specification", width_cm=5.0),
        right("Coefficient", "estimate", show=significant),
        Column(names=("unit_of_measure",), header="Unit"),
        right(
            f"{facts.level} interval",
            "conf_low",
            "conf_high",
            show=_range,
            reason="reason",
        ),
        right("p", "p_value", show=p_value, reason="reason"),
        right("Detectable", "mde", show=significant),
        right("p, later zones", "p_lead", show=p_value),
        right("p, joint", "p_leads", show=p_value),
        right(
            "G*",
            "g_star",
            show=lambda value: fixed(value, 1),
        ),
        right("N", "n_units", show=whole),
    )
    return Table(
        id="T32", note=note, columns=columns, frame=pd.DataFrame(rows), group="group"
    )


TABLES = {"T32": t32}


def _years_of(facts: Facts, section: Row) -> str:
    beside = section.get("beside", "year")
    if beside == "year":
        return "effects of each year"
    units = facts.words["units_name"]
    return f"effects of each year in each group of {units} ({beside})"


def _row(
    section: Row,
    spec: Row,
    row: Row,
    leads: Row,
) -> Row:
    main = section["specs"][0]
    other_dose = section["doses"][spec["dose"]]["label"]
    population = f"{row['unit_scheme'].replace('_', ' ')} population"
    parts = [
        _method(row),
        other_dose if spec["dose"] != main["dose"] else "",
        f"{spec['lag']} years later" if spec.get("lag") else "",
        row["period"].replace("-", "\u2013"),
        f"beside {spec['beside']}" if spec.get("beside") else "",
        row["sample_id"].replace("_", " ") if row["sample_id"] != "all" else "",
        population if not row["unit_scheme"].isdigit() else "",
    ]
    label = section["outcomes"][spec["outcome"]]["label"]
    warnings = text(row["warning"]).split("; ")
    why = [part for part in warnings if part.startswith("no interval")]
    return {
        "group": f"{label[0].upper()}{label[1:]}",
        "label": ", ".join(part for part in parts if part),
        **{name: row[name] for name in COLUMNS},
        **leads,
        "reason": "; ".join(why),
    }


def _method(row: Row) -> str:
    """Return the words of a method that is not the table's, CR3 with t(G* - 1)."""
    words = [text(row["se_type"]), text(row["p_type"])]
    if row["estimator"] == BASE and words[0] in ("", "CR3 by unit"):
        return ""
    named = ", ".join(words) if words[0] else row["estimator"].removeprefix(f"{BASE}_")
    return OTHER_METHODS.get(row["estimator"], named)


def _range(low: float, high: float) -> str:
    return interval(
        low,
        high,
        1 if max(abs(low), abs(high)) >= 3 else 2,
    )
