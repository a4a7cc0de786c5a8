"""What the panel holds, on what it rests, and what the source claims."""

from __future__ import annotations

from evenfield.report.numbers import listing
from evenfield.report.rows import pick
from evenfield.report.sentences.base import Facts, Sentence
from evenfield.study.simulated import simulated_names

CLASSES = {
    "A": "can be tested, at least in part, with {unit} data",
    "B": "can be described or approached by a proxy, without a causal reading",
    "C": "are empirical but need data below the level of a {unit}, on firms or on other countries",
    "D": "are definitions, norms or history",
}


def question_sentences(facts: Facts) -> list[Sentence]:
    """Count the statements of the source by what can be done with them."""
    if not facts.claims:
        return []
    parts = [(len(pick(facts.claims, **{"class": letter})), words) for letter, words in CLASSES.items()]
    said = listing([f"{count} {words.format(unit=facts.unit)}" for count, words in parts if count])
    return [Sentence(f"Of {len(facts.claims)} statements in the source, {said}.")]


def simulated_sentences(facts: Facts) -> list[Sentence]:
    """Warn when some of the data are simulated."""
    simulated = simulated_names(facts.ingest)
    if not simulated:
        return []
    return [Sentence(f"SIMULATED DATA: {listing(simulated)} hold made-up figures. Nothing below says anything "
                     "about the world.", caution=True)]  # fmt: skip


def data_sentences(facts: Facts) -> list[Sentence]:
    """Describe units, years, income and the output that each period rests on."""
    if not facts.panel:
        return []
    years = [str(year) for year in facts.config["panel"]["years"]]
    step = int(facts.config["panel"]["step"])
    every = "every year" if step == 1 else f"every {step} years"
    income = facts.config["panel"]["income"]["unit"]
    opening = Sentence(f"The panel follows {facts.panel_size} {every} from {years[0]} to {years[1]}. "
                       f"Income is measured in {income}.")  # fmt: skip
    return [opening, *_proxy_sentence(facts)]


def _proxy_sentence(facts: Facts) -> list[Sentence]:
    wanted = {"proxy": [], "spliced": []}  # type: dict[str, list[str]]
    for row in facts.rows(family="sigma", term="sigma_end", spec_id=_first_id(facts)):
        if row["output_basis"] in wanted:
            wanted[row["output_basis"]].append(facts.labels.get(row["period"], row["period"]))
    parts = [f"{listing(wanted['proxy'])} rest on it alone (marked PROXY)"] if wanted["proxy"] else []
    parts += [f"{listing(wanted['spliced'])} join it to official figures (marked SPLICED)"] if wanted["spliced"] else []
    if not parts:
        return []
    return [Sentence(f"Output of the early years is a PROXY: {'; '.join(parts)}.", caution=True)]


def _first_id(facts: Facts) -> str:
    specs = facts.specs("sigma")
    return str(specs[0]["id"]) if specs else ""
