"""Backward linkages: the interaction, what could have been seen, and whether other choices agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenfield.report.numbers import bare, count_word, p_text
from evenfield.report.rows import Row, first, number, pick
from evenfield.report.sentences.base import Facts, Sentence, proxy_mark
from evenfield.report.words import excludes_zero, interval_text, underpowered

BASE, PSI = "linkage_fe", "neighbours_x_moderator"


def linkage_sentences(facts: Facts) -> list[Sentence]:
    """Quote the interaction with its interval, its power, and the spread over inference and specifications."""
    rows = facts.rows(family="linkages")
    main = first(rows, estimator=BASE, term=PSI, role="primary")
    if main is None or number(main, "estimate") is None:
        return []
    return [_main(main, facts), *_power(main, facts), *_others(rows, main, facts), *_rival(rows, main), *_placebo(rows)]


def _main(main: Row, facts: Facts) -> Sentence:
    section: Mapping[str, Any] = facts.config["estimates"]["linkages"]
    moderator = section["moderators"][main["controls_id"].partition("+")[0]]
    limit = f" ({moderator['note']})" if moderator.get("note") else ""
    held = section["intensities"][main["treatment_def"]]["label"]
    value = bare(number(main, "estimate") or 0.0, main["unit_of_measure"])
    verdict = "leaves out zero" if excludes_zero(main) else "holds zero"
    return Sentence(
        f"Where the {moderator['label']}{limit} is one standard deviation higher, the elasticity of income to the "
        f"neighbours' {held} differs by {value} ({interval_text(main)}, which {verdict}). Foreign enterprises went "
        "where growth was expected: this is an association.",
        basis=facts.basis(main),
    )


def _power(main: Row, facts: Facts) -> list[Sentence]:
    leader = main["max_leverage_unit"]
    mde, sesoi = number(main, "mde"), number(main, "sesoi")
    if mde is None or sesoi is None:
        return []
    unit = main["unit_of_measure"]
    ends = (
        f"the smallest difference it could see is {bare(mde, unit)}, the smallest one of interest {bare(sesoi, unit)}"
    )
    if underpowered(main):
        clusters = count_word(round(number(main, "g_star") or 0))
        return [Sentence(f"The comparison is underpowered: {ends}. It rests on the variation of about {clusters} "
                         f"{facts.units} (effective number of clusters G*), most of all "
                         f"{facts.names.get(leader, leader)}.", caution=True)]  # fmt: skip
    return [Sentence(f"The design could see what matters: {ends}.")]


def _others(rows: list[Row], main: Row, facts: Facts) -> list[Sentence]:
    ladder = [p for row in pick(rows, role="ladder", term=PSI) if (p := number(row, "p_value")) is not None]
    share, flips = first(rows, effect_type="share"), first(rows, effect_type="stat_sign_flips")
    pair = first(rows, effect_type="stat_pair")
    if not ladder or share is None or flips is None:
        return []
    count = round(number(flips, "estimate") or 0)
    alone = "changes no sign" if not count else f"changes the sign for {count_word(count)} of them"
    joint = f", joint {p_text(p)}" if (p := number(share, "p_value")) is not None else ""
    low, high = p_text(min(ladder)).replace("p\u00a0=\u00a0", ""), p_text(max(ladder)).replace("p\u00a0=\u00a0", "")
    text = (f"Other inference on the same number gives p-values from {low} to {high}. "
            f"{bare(100 * (number(share, 'estimate') or 0.0), 'count')}% of {share['n_obs']} specifications share its "
            f"sign{joint}; leaving out one {facts.unit} {alone}")  # fmt: skip
    return [Sentence(f"{text}{_pair(pair, main, facts)}.", basis="table T20")]


def _pair(pair: Row | None, main: Row, facts: Facts) -> str:
    if pair is None or (number(pair, "estimate") or 0.0) * (number(main, "estimate") or 0.0) >= 0:
        return ""
    names = [facts.names.get(name, name) for name in pair["sample_id"].split()[1:]]
    return f", leaving out the pair {' and '.join(names)} does"


def _rival(rows: list[Row], main: Row) -> list[Sentence]:
    rival = first(rows, term="neighbours_x_rival")
    beside = first(rows, estimator=BASE, term=PSI, spec_id=rival["spec_id"]) if rival else None
    if rival is None or beside is None:
        return []
    unit, name = main["unit_of_measure"], rival["controls_id"].partition("+")[2].replace("_", " ")
    return [Sentence(
        f"With {name} beside it the difference is {bare(number(beside, 'estimate') or 0.0, unit)} "
        f"({interval_text(beside)}), and that of {name} {bare(number(rival, 'estimate') or 0.0, unit)} "
        f"({interval_text(rival)}).", basis="table T20, CR3",
    )]  # fmt: skip


def _placebo(rows: list[Row]) -> list[Sentence]:
    row = first(rows, role="placebo", term=PSI)
    if row is None or number(row, "estimate") is None:
        return []
    found = "leaves out zero, a warning" if excludes_zero(row) else "holds zero, as it should"
    mark = f" ({proxy_mark(row)})" if proxy_mark(row) else ""
    years = row["period"].replace("-", "\u2013")
    value = bare(number(row, "estimate") or 0.0, row["unit_of_measure"])
    return [Sentence(f"The same interaction with the change of log income over {years}{mark}, before the sample, is "
                     f"{value} ({interval_text(row)}, which {found}).", basis="placebo, SCPC on long differences",
                     caution=excludes_zero(row))]  # fmt: skip
