"""T47e: growth nearby with each group left out; T47f: growth differences of neighbours."""

from evenfield.shared.spec import read
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    Row,
    Table,
    count,
    ends,
    left,
    number,
    only,
    pick,
    records,
    text,
    with_asked,
    with_test,
)
from evenfield.topics.nearby.estimate_adjacent import ESTIMATOR
from evenfield.topics.nearby.estimate_case import term_of
from evenfield.topics.nearby.estimate_left_out import WITHOUT
from evenfield.topics.nearby.estimate_spec import NearbySpec, Section
from evenfield.topics.nearby.table_words import (
    BASE,
    FAMILY,
    list_words,
    short_word,
    spec_words,
)

MEASURED = ("estimate", "conf_low", "conf_high")


def t47e(results: StudyResults) -> Table:
    """Return a row for each group that is left out, from the lowest growth near the first
    list to the highest.
    """
    section = _section(results)
    rows = []
    for left_out in section.left_out:
        spec = section.spec(left_out.of)
        words = spec_words(results, _written(results, spec))
        group = words[0].upper() + words[1:]
        whole = _without(results, spec, spec.id, "")
        rows.append({"group": group, "label": "none left out"} | whole)
        alone = only(
            results.estimates(), spec_id=left_out.id, estimator=BASE, contrast=""
        )
        found = []
        for row in records(with_asked(alone, "without")):
            line = _without(results, spec, left_out.id, row["sample_id"])
            label = f"{WITHOUT} {row['asked_without']}"
            found.append({"group": group, "label": label} | line)
        rows += sorted(found, key=lambda row: row["estimate"])
    units = results.words["units_name"]
    named = section.spec(section.left_out[0].of).named
    first, *others = [short_word(results, name) for name in named.values()]
    less = f" and less growth near {others[0]}" if others else ""
    note = results.note(
        "",
        f"Growth of {units} near {first}{less}, in percentage points a year, with the {units} of one"
        " group after another left out of the regression, if it has any; they still count"
        " as nearby."
        f" Rows from the lowest to the highest growth near {first}.",
        f"{results.level} intervals by the method that decides.",
        basis=False,
    )
    columns = [
        left("Compared", "label", width_cm=4.6),
        number(f"Near {first}", "estimate", 2, "reason"),
        ends(f"{results.level} interval", "conf_low", "conf_high", 2),
    ]
    if others:
        columns += [
            number(f"Less {others[0]}", "estimate_less", 2, "reason_less"),
            ends(f"{results.level} interval", "conf_low_less", "conf_high_less", 2),
        ]
    columns += [count("N", "n_units"), count("Near", "n_treated")]
    return Table.of(columns, rows, note)


def t47f(results: StudyResults) -> Table:
    """Return a row for each list and difference, on it and near it, inside groups and over
    their borders.
    """
    section = _section(results)
    rows = []
    for adjacent in section.adjacent:
        spec = section.spec(adjacent.of)
        for inside in (True, False):
            own = only(
                results.estimates(),
                spec_id=adjacent.id(inside=inside),
                estimator=ESTIMATOR,
            )
            side = f"of one {adjacent.column}"
            if not inside:
                side = f"over a border of {adjacent.column}"
            group = f"Neighbours {side}, {spec.span[0]}\u2013{spec.span[1]}"
            for near in (True, False):
                for term, contrast, label in _terms(results, spec, near):
                    row = pick(own, term=term, contrast=contrast)
                    reason = {"reason": text(row.get("warning"))}
                    rows.append({"group": group, "label": label} | row | reason)
    units = results.words["units_name"]
    note = results.note(
        "",
        f"Pairs of {units} that share a border: the difference of their growth, in"
        " percentage points a year, on the difference in what they are on or near and in"
        f" the initial level. Near: pairs of {units} on no list, by whether another one on a list lies"
        " within reach.",
        f"{results.level} intervals and p: every pair left out that has an end in one"
        " cluster, cluster after cluster (CR3 where both ends lie in one), t(G* - 1), so"
        " that pairs which share an end are not taken for independent. Pairs: all that"
        " are compared. Differ: those of which one is on the list, or near it, and the"
        " other is not.",
        basis=False,
    )
    columns = (
        *with_test(
            left("Compared", "label", width_cm=5.0),
            "Difference",
            results.level,
            2,
            explained=True,
        )[:-1],
        count("Pairs", "n_obs"),
        count("Differ", "n_treated"),
        count(units.capitalize(), "n_units"),
    )
    return Table.of(columns, rows, note)


TABLES_OF_CHECKS = {"T47e": t47e, "T47f": t47f}


def _section(results: StudyResults) -> Section:
    section: Section = read(Section, results.config, FAMILY)
    return section


def _written(results: StudyResults, spec: NearbySpec) -> Row:
    """Return a specification as the config has it."""
    specs = results.specs(question="specs")
    return next(row for row in specs if row["id"] == spec.id)


def _without(results: StudyResults, spec: NearbySpec, name: str, sample: str) -> Row:
    """Return growth near the first list, and less that near the second."""
    terms = [term_of(own, near=True) for own in spec.named]
    wanted = {"spec_id": name, "estimator": BASE, "term": terms[0]}
    if sample:
        wanted["sample_id"] = sample
    alone = pick(results.estimates(), **wanted, contrast="")
    out = {key: alone.get(key) for key in (*MEASURED, "n_units", "n_treated")}
    out["reason"] = text(alone.get("warning"))
    if len(terms) > 1:
        less = pick(results.estimates(), **wanted, contrast=" - ".join(terms))
        out |= {f"{key}_less": less.get(key) for key in MEASURED}
        out["reason_less"] = text(less.get("warning"))
    return out


def _terms(
    results: StudyResults, spec: NearbySpec, near: bool
) -> list[tuple[str, str, str]]:
    """Return term, contrast and words of each list and of the first less the second."""
    words = list_words(results, _written(results, spec))
    if near:
        words = [f"near {word}" for word in words]
    terms = [term_of(name, near=near) for name in spec.named]
    out = [(term, "", word) for term, word in zip(terms, words, strict=True)]
    if len(terms) > 1:
        out.append((terms[0], " - ".join(terms), " less ".join(words)))
    return out
