"""Do poorer units grow faster, and do incomes draw together: sentences from beta and sigma."""

from __future__ import annotations

from evenfield.report.numbers import bare, fixed, in_unit, listing, p_text
from evenfield.report.rows import Row, first, number
from evenfield.report.sentences.base import Facts, Sentence, capital, proxy_mark
from evenfield.report.words import excludes_zero, interval_text, seen_text

SIZE = 0.05


def beta_sentences(facts: Facts) -> list[Sentence]:
    """Say, by main period, how growth went with initial income."""
    plain = [spec for spec in facts.specs("beta") if not spec["controls"]][:1]
    sentences = [_beta(facts, str(spec["id"]), period) for spec in plain for period in facts.spans()]
    return [sentence for sentence in sentences if sentence is not None]


def conditional_sentences(facts: Facts) -> list[Sentence]:
    """Say, by main period, how growth went with initial income among units alike in the controls."""
    controlled = [spec for spec in facts.specs("beta") if spec["controls"]][:1]
    sentences = [_conditional(facts, str(spec["id"]), period) for spec in controlled for period in facts.periods()]
    return [sentence for sentence in sentences if sentence is not None]


def _beta(facts: Facts, spec: str, period: str) -> Sentence | None:
    slope, speed, half = _beta_rows(facts, spec, period)
    if slope is None or speed is None or number(slope, "estimate") is None:
        return None
    return Sentence(f"{capital(_direction(slope, facts))}{_speed(speed, half)}.", facts.labels[period],
                    _without_period(facts, slope), proxy_mark(slope))  # fmt: skip


def _conditional(facts: Facts, spec: str, period: str) -> Sentence | None:
    slope, speed, _ = _beta_rows(facts, spec, period)
    if slope is None or speed is None or number(speed, "estimate") is None:
        return None
    labels = facts.config["controls"]
    names = [str(labels[name]["label"]) for name in slope["controls_id"].split("+") if name in labels]
    if not names:
        return None
    return Sentence(f"Given {listing(names)}, {_direction(slope, facts)}{_speed(speed, None)}.", facts.labels[period],
                    _without_period(facts, slope), proxy_mark(slope))  # fmt: skip


def _beta_rows(facts: Facts, spec: str, period: str) -> tuple[Row | None, Row | None, Row | None]:
    rows = facts.rows(family="beta", estimator="ols", spec_id=spec, period=period)
    return first(rows, effect_type="coef"), first(rows, effect_type="lambda"), first(rows, effect_type="half_life")


def _direction(slope: Row, facts: Facts) -> str:
    if not excludes_zero(slope):
        return f"the slope of growth on initial income is {seen_text(slope)}"
    value = number(slope, "estimate") or 0.0
    return f"poorer {facts.units} grew {'faster' if value < 0 else 'more slowly'}"


def _speed(speed: Row, half: Row | None) -> str:
    value = number(speed, "estimate")
    if value is None:
        return ""
    years = number(half, "estimate") if half and excludes_zero(speed) and value > 0 else None
    life = f", a half-life of {in_unit(years, 'years')}" if years is not None else ""
    interval = interval_text(speed)
    return f"; implied speed {fixed(value)}% a year{f' ({interval})' if interval else ''}{life}"


def _without_period(facts: Facts, row: Row) -> str:
    return facts.basis({**row, "period": "", "output_basis": ""})


def rolling_sentences(facts: Facts) -> list[Sentence]:
    """Say whether the speed of convergence is seen to differ between the main periods."""
    row = first(facts.rows(family="rolling", sample_id="all"), estimator="period_contrast_wald")
    if row is None or (p := number(row, "p_value")) is None:
        return []
    told = "differs between the periods" if p < SIZE else "is not seen to differ between the periods, taken together"
    source = f"{row['n_units']} {facts.units}, bootstrap over {facts.units}"
    return [Sentence(f"The speed of convergence {told} ({p_text(p)}).", "All periods", source, proxy_mark(row))]


def sigma_sentences(facts: Facts) -> list[Sentence]:
    """Say, by main period, how the dispersion of incomes changed."""
    sentences = [_sigma(facts, str(spec["id"]), period) for spec in facts.specs("sigma")[:1]
                 for period in facts.spans()]  # fmt: skip
    return [sentence for sentence in sentences if sentence is not None]


def _sigma(facts: Facts, spec: str, period: str) -> Sentence | None:
    rows = facts.rows(family="sigma", spec_id=spec, period=period)
    start, end = first(rows, term="sigma_start"), first(rows, term="sigma_end")
    test = first(rows, estimator="sigma_slope_test")
    if start is None or end is None:
        return None
    before, after = number(start, "estimate"), number(end, "estimate")
    if before is None or after is None:
        return None
    move = "fell" if after < before else "rose" if after > before else "stayed"
    verdict = f"; the change is {_verdict(test)}" if test is not None and number(test, "p_value") is not None else ""
    source = _without_period(facts, test or end)
    return Sentence(
        f"The standard deviation of log income across {facts.units} {move} from {bare(before, 'log')} to "
        f"{bare(after, 'log')}{verdict}.", facts.labels[period], source, proxy_mark(end),
    )  # fmt: skip


def _verdict(test: Row) -> str:
    return "distinguishable from zero" if excludes_zero(test) else "not distinguishable from zero"
