"""Where clusters lie, quoted from the list."""

from evenfield.shared.tables.numbers import fixed
from evenfield.shared.words import Findings, Sentence, number, p, plain, weakness


def sentences(facts: Findings) -> list[Sentence]:
    """Quote the tests of East, of South within the East, and of the neighbours, for the main list."""
    rows = facts.rows(treatment_def=facts.config["taxonomy"]["primary"], outcome="cluster")
    found: list[Sentence] = []
    for row in rows:
        if row["estimator"] == "fisher_exact":
            held = str(row["warning"]).split(";")[0].replace("units", facts.units)
            found.append(Sentence(f"The list names {held} (exact test, {p(row)}).", f"{row['n_units']} {facts.units}"))
        elif row["estimator"] == "latitude_permutation":
            side = f"{fixed(abs(row['estimate']), 1)} degrees further {'South' if row['estimate'] > 0 else 'North'}"
            text = f"Within the East, {facts.units} with clusters lie {side} on average ({p(row)})."
            found += [Sentence(text, facts.basis(row)), *weakness([row])]
        elif row["estimator"] == "moran":
            text = f"Moran's I of being on the list is {number(row)} ({p(row)})."
            found.append(Sentence(text, facts.basis(row, f"{plain(row['w_id'])} weights")))
    return found
