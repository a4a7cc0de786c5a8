"""The rule: from the rows of one claim to one answer, in the order of
docs/methods/answers.md.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import NamedTuple

from evenfield.answers.spec import Document, Rule, Threshold
from evenfield.numerics.power import smallest_visible
from evenfield.shared.estimates import NAN
from evenfield.shared.tables.numbers import (
    end_of,
    interval_decimals,
    is_missing,
    p_value,
    with_interval,
)
from evenfield.shared.tables.rows import Row
from evenfield.shared.tables.units import in_words
from evenfield.study.errors import ClaimsError, counted

HOLDS = "HOLDS"
IN_PART = "HOLDS IN PART"
DOES_NOT_HOLD = "DOES NOT HOLD"
AGREE = "STAND-INS AGREE"
AGREE_IN_PART = "STAND-INS AGREE IN PART"
DISAGREE = "STAND-INS DISAGREE"
DOCUMENTED = "DOCUMENTED"
DOCUMENTS_DIFFER = "DOCUMENTS DIFFER"
CONTRADICTED = "CONTRADICTED"
SUPPORTED = "SUPPORTED"
SUGGESTIVE = "SUGGESTIVE"
NEGLIGIBLE = "NEGLIGIBLE"
SUGGESTIVE_AGAINST = "SUGGESTIVE AGAINST"
AGAINST = "AGAINST"
NO_ANSWER = "NO ANSWER"
OUT_OF_REACH = "OUT OF REACH"
NOT_EMPIRICAL = "NOT EMPIRICAL"
# What answers say in six words, each with its finer ones.
# ASSUME: proxies bear nothing out and refute nothing, so that they make a statement
# likely or unlikely; documents that differ leave it open. An effect that is too small
# to matter is neither what was claimed nor its opposite.
GROUPS = {
    "holds": (HOLDS, DOCUMENTED, SUPPORTED),
    "in part or likely": (IN_PART, AGREE, AGREE_IN_PART, SUGGESTIVE),
    "does not hold, or unlikely": (
        DOES_NOT_HOLD,
        CONTRADICTED,
        AGAINST,
        DISAGREE,
        SUGGESTIVE_AGAINST,
    ),
    "too small to matter": (NEGLIGIBLE,),
    "no clear answer": (DOCUMENTS_DIFFER, NO_ANSWER),
    "not asked of these data": (OUT_OF_REACH, NOT_EMPIRICAL),
}
WORDS = tuple(chain.from_iterable(GROUPS.values()))
# What is said of one statement, and of several, in each group.
SAID = {
    "holds": ("holds", "hold"),
    "in part or likely": ("holds in part or is likely", "hold in part or are likely"),
    "does not hold, or unlikely": (
        "does not hold or is unlikely",
        "do not hold or are unlikely",
    ),
    "too small to matter": ("is too small to matter", "are too small to matter"),
    "no clear answer": ("has no clear answer", "have no clear answer"),
    "not asked of these data": (
        "is not asked of these data",
        "are not asked of these data",
    ),
}
HELD_UP = "HELD UP"
FADED = "FADED"
CANNOT_TELL = "CANNOT TELL"
# Of years that the authors could not see.
LATER_WORDS = (HELD_UP, FADED, CANNOT_TELL)
# Methods that must agree with the one that decides before an answer is SUPPORTED or
# AGAINST, by the method that decides: what estimators add to their name, in words.
_DEALT = "reassigning labels at random (stratified permutation)"
_REDRAWN = "redrawing errors with random signs (wild bootstrap)"
AGREEING = {
    "SCPC": {
        "scpc_06": "allowing for shocks shared more widely (SCPC avc 0.06)",
        "cr3": "leaving units out in turn (CR3)",
        "permutation_stratified": _DEALT,
    },
    "CR3": {
        "wild_33": _REDRAWN,
        "wcr33": _REDRAWN,
        "conley": "allowing for shocks that neighbours share (Conley)",
        "conley_400": "allowing for shocks up to 400 km (Conley)",
        "conley_800": "allowing for shocks up to 800 km (Conley)",
        "permutation_stratified": _DEALT,
    },
    "free": {"permutation_stratified": _DEALT},
}
# The method that decides, by how its name begins.
DECIDING = {
    "SCPC": "allowing for shocks that neighbours share",
    "CR3": "leaving clusters out in turn",
    "free": "reassigning labels at random",
}
CLOSE = 1e-9  # of two levels


class Judged(NamedTuple):
    """An answer and a plain clause that says why, with the names of the checks or
    variants that speak against it.
    """

    answer: str
    because: str
    failed: tuple[str, ...] = ()  # names of those that speak against it
    # whether the interval, which is printed beside the answer, is the whole reason
    interval_alone: bool = False


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What one association or effect is judged by."""

    row: Row
    sign: int  # 1 or -1: the predicted sign, or that of a gain that is denied
    interest: float = NAN  # effect of interest, in the row's unit, if there is one
    # p after adjusting over the primary rows of all hypotheses; NaN outside them
    adjusted: float = NAN
    questions: int = 0  # number of rows that it was adjusted over
    # the same question asked otherwise
    checks: Mapping[str, Row] = field(default_factory=dict)
    placebos: Mapping[str, Row] = field(default_factory=dict)  # where no effect can be
    # the same estimate by the other methods that must agree
    methods: Mapping[str, Row] = field(default_factory=dict)
    # p-values corrected for how often a method rejects placebo lists, by its name
    corrected: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class LaterYears:
    """The row of later years, and how much the estimate changed until then."""

    row: Row
    # the same by the methods that must agree
    methods: Mapping[str, Row] = field(default_factory=dict)
    change: Row | None = None  # later less main, both as one regression
    change_methods: Mapping[str, Row] = field(default_factory=dict)
    # the change with what a check of the main row changes, as far as it is estimated
    change_checks: Mapping[str, Row] = field(default_factory=dict)


def judge_fact(
    holds: Threshold, row: Row, variants: Mapping[str, Row], rule: Rule
) -> Judged:
    """Hold an observed quantity, and its named variants, against the threshold beside
    the claim.
    """
    if is_missing(row["estimate"]):
        return Judged(NO_ANSWER, _undefined(row))
    sides = {name: fact_side(holds, one, rule) for name, one in variants.items()}
    met = [name for name, side in sides.items() if side > 0]
    close = [name for name, side in sides.items() if side == 0]
    failed = tuple(name for name, side in sides.items() if side < 0)
    words = holds.words
    parts = {"so": met, "too close": close, "not so": list(failed)}
    told = "; ".join(f"{n} with: {', '.join(of)}" for n, of in parts.items() if of)
    side = fact_side(holds, row, rule)
    if side > 0:
        if failed or close:
            lost = "; ".join(
                f"{words_of} {', '.join(names)}"
                for words_of, names in (("not with:", failed), ("barely with:", close))
                if names
            )
            return Judged(IN_PART, f"{words}, but {lost}", failed)
        also = f", also in {counted(len(met), 'variant')}" if met else ""
        return Judged(HOLDS, f"{words}{also}")
    if side == 0:
        because = f"the main figure should be {words} and is too close to call"
        return Judged(IN_PART, "; ".join(filter(None, [because, told])), failed)
    # Most variants outvote the main figure, but do not make it hold.
    if 2 * len(met) > len(variants):
        because = f"not {words} in the main figure, but with: {', '.join(met)}"
        return Judged(IN_PART, because, failed)
    only = f"; only with: {', '.join(met)}" if met else ""
    return Judged(DOES_NOT_HOLD, f"not {words}{only}", failed)


def fact_side(holds: Threshold, row: Row, rule: Rule) -> int:
    """Return 1 where a figure meets a threshold, -1 where it misses it, 0 where it lies
    within the margin: rule.margin of the threshold, or half the figure's own interval.
    """
    value = row["estimate"]
    half = (row["conf_high"] - row["conf_low"]) / 2 if _has_interval(row) else NAN
    if holds.near(value, rule.margin, half):
        return 0
    return 1 if holds.met(value) else -1


# ASSUME: where units stand in for what lies inside them, their figures neither bear a
# statement out nor refute it: they agree with it or not.
STAND_INS = {HOLDS: AGREE, IN_PART: AGREE_IN_PART, DOES_NOT_HOLD: DISAGREE}


def judge_stand_in(
    holds: Threshold, row: Row, variants: Mapping[str, Row], rule: Rule
) -> Judged:
    """Say whether figures of whole units agree with a statement on what lies inside
    them.
    """
    judged = judge_fact(holds, row, variants, rule)
    return judged._replace(answer=STAND_INS.get(judged.answer, judged.answer))


def judge_undecided(why: str) -> Judged:
    """Say that figures cannot decide a fact, whichever way they come out."""
    return Judged(NO_ANSWER, why[:1].lower() + why[1:].rstrip("."))


def judge_documents(documents: Sequence[Document]) -> Judged:
    """Say what documents say of a statement; one that contradicts it is enough to leave
    it open.
    """
    passages = {"bears out": list[str](), "contradicts": list[str]()}
    for item in documents:
        passages[item.says].append(f"{item.what} ({item.document})")
    parts = [
        f"{words} by: {'; '.join(passages[says])}"
        for says, words in (("bears out", "borne out"), ("contradicts", "contradicted"))
        if passages[says]
    ]
    answer = DOCUMENTED if passages["bears out"] else CONTRADICTED
    if len(parts) > 1:
        answer = DOCUMENTS_DIFFER
    return Judged(answer, ". ".join(part[:1].upper() + part[1:] for part in parts))


def judge_tested(given: Evidence, rule: Rule) -> Judged:
    """Judge an association or effect; for and against carry the same burden."""
    # 1. A failed placebo ends it: the same comparison sets apart what it should not.
    broken = [
        name
        for name, row in given.placebos.items()
        if _placebo_p(name, row) < rule.alpha
    ]
    if broken:
        return Judged(
            NO_ANSWER,
            f"the same comparison shows something where nothing can be: {', '.join(broken)}",
        )

    def inside(row: Row) -> int:
        return int(_small(row, given.interest, rule.alpha))

    # 2. An interval inside plus or minus the effect of interest, whether or not it
    # holds zero: by every method that has one and in every check, which is the burden
    # that an effect carries, too.
    methods = {name: row for name, row in given.methods.items() if _has_interval(row)}
    farther = [name for name, row in methods.items() if not inside(row)]
    beyond = tuple(name for name, row in given.checks.items() if not inside(row))
    interest = f"what would matter, {given.interest:g}"
    undecided = _no_side(given.row, rule)
    if inside(given.row):
        bound = f"the whole interval, {_ends(given.row)}, is smaller than {interest}"
        if not beyond and not farther:
            return Judged(NEGLIGIBLE, "; ".join([bound, *_also(given.checks, methods)]))
        where = [_in_checks(given, beyond, inside)] if beyond else []
        where += [f"when {', or '.join(farther)}"] if farther else []
        because = f"{bound}, but reaches beyond it {', and '.join(where)}"
        undecided = Judged(NO_ANSWER, because, beyond)
    adjusted = f"also with {counted(given.questions, 'question')} asked at once"
    return _graded(
        given,
        rule,
        lambda row: side_of(row, given.sign, rule.alpha),
        because=adjusted,
        missing=[] if given.adjusted < rule.alpha else [_not_adjusted(given)],
        undecided=undecided,
    )


def judge_no_gain(given: Evidence, rule: Rule) -> Judged:
    """Judge a statement that nothing is gained: for it by the upper end of the interval,
    against it by the lower end.
    """

    def side(row: Row) -> int:
        return bound_side(row, given.sign, given.interest, rule.alpha)

    # ASSUME: a bound is not adjusted for the number of questions: the p-values that are
    # adjusted test zero, which is what speaks against such a statement.
    against = side(given.row) < 0
    adjusted = f"a gain also with {counted(given.questions, 'question')} asked at once"
    interest = f"{given.interest:g}, which would matter"
    # A permutation has no interval, so nothing to say of a bound.
    bounds = {name: row for name, row in given.methods.items() if _has_interval(row)}
    corrected = given.corrected if against else {}  # which tests zero
    return _graded(
        replace(given, methods=bounds, corrected=corrected),
        rule,
        side,
        because=adjusted if against else f"the interval ends below {interest}",
        missing=(
            [_not_adjusted(given)]
            if against and not given.adjusted < rule.alpha
            else []
        ),
        undecided=Judged(
            NO_ANSWER,
            f"its interval, {_ends(given.row)}, includes both zero and {interest}"
            if _has_interval(given.row)
            else "it has no interval, which a bound needs",
        ),
    )


def _graded(
    given: Evidence,
    rule: Rule,
    side_of_row: Callable[[Row], int],
    *,
    because: str,
    missing: list[str],
    undecided: Judged,
) -> Judged:
    """Return the answer of a row by its side, its checks, the other methods and what is
    missing beside them; the words for each outcome are given, and the answer of a row
    that has no side.
    """
    side = side_of_row(given.row)
    lost = tuple(name for name, row in given.checks.items() if side_of_row(row) != side)
    # 3. The row has a side, and neither the number of questions nor a check nor another
    # method takes it away.
    other_methods = [
        name for name, row in given.methods.items() if side_of_row(row) != side
    ]
    # A method that rejects too many placebo lists sees what its corrected p sees.
    other_methods += [
        f"{name} corrected for false alarms (p {p_value(p)})"
        for name, p in given.corrected.items()
        if not p < rule.alpha and name not in other_methods
    ]
    if lost:
        missing = [*missing, f"it does not show {_in_checks(given, lost, side_of_row)}"]
    if other_methods:
        missing = [
            *missing,
            f"it shows when {deciding_method(given.row)}, which decides, and not when"
            f" {', or '.join(other_methods)}",
        ]
    if side and not missing:
        also = [because, *_also(given.checks, given.methods)]
        return Judged(SUPPORTED if side > 0 else AGAINST, " and ".join(also))
    # 4. At most half of the checks take it away.
    if side and 2 * len(lost) <= len(given.checks):
        return Judged(
            SUGGESTIVE if side > 0 else SUGGESTIVE_AGAINST, "; ".join(missing), lost
        )
    # 5. What is left says nothing, for or against.
    if side:
        shown = "it"
        if _has_interval(given.row):
            shown = f"what its interval, {_ends(given.row)}, shows"
        return Judged(
            NO_ANSWER,
            f"more than half of its checks overturn {shown}:"
            f" {_told(given, lost, side_of_row)}",
            lost,
        )
    # 6. One that could not have shown what matters is no test of the claim at all.
    # ASSUME: ten effects of interest (rule.coarse). An effect of the size that matters
    # is then seen in six samples of a hundred, and of those one in five has the wrong
    # sign (Gelman and Carlin 2014).
    multiple = visible(given.row, rule) / given.interest
    if multiple > rule.coarse:
        because = f"only an effect {multiple:.0f} times what would matter could be seen"
        if _has_interval(given.row):
            because = f"{because}; its interval is {_ends(given.row)}"
        return Judged(NO_ANSWER, because)
    if is_missing(given.row["estimate"]):
        return Judged(NO_ANSWER, _undefined(given.row))
    return undecided


def _also(checks: Mapping[str, Row], methods: Mapping[str, Row]) -> list[str]:
    """Say in how many checks and by how many other methods an answer is the same."""
    also = [f"in {counted(len(checks), 'check')}"] if checks else []
    others = counted(len(methods), "other method")
    return [*also, f"by {others}"] if methods else also


def _no_side(row: Row, rule: Rule) -> Judged:
    """Answer by a row that does not leave out zero, with its bounds."""
    if _has_interval(row):
        because = f"its interval, {_ends(row)}, includes zero"
        return Judged(NO_ANSWER, because, interval_alone=True)
    because = f"its p-value, {p_value(row['p_value'])}, is not below {rule.alpha:g}"
    return Judged(NO_ANSWER, because)


def _ends(row: Row) -> str:
    """Return both ends of an interval in words, as exactly as they are printed."""
    low, high = row["conf_low"], row["conf_high"]
    decimals = interval_decimals(row["estimate"], low, high, row["unit_of_measure"])
    return f"{end_of(low, decimals)} to {end_of(high, decimals)}"


def _told(
    given: Evidence, names: Sequence[str], side_of_row: Callable[[Row], int]
) -> str:
    """Name checks, each with how it takes an answer away."""
    return "; ".join(
        f"{name} {_how(given.row, given.checks[name], side_of_row)}" for name in names
    )


def _in_checks(
    given: Evidence, names: Sequence[str], side_of_row: Callable[[Row], int]
) -> str:
    checks = "check" if len(names) == 1 else "checks"
    return f"in the {checks} {_told(given, names, side_of_row)}"


def _how(main: Row, check: Row, side_of_row: Callable[[Row], int]) -> str:
    """Say in brackets whether a check moves an estimate or makes its interval wider."""
    if is_missing(check["estimate"]):
        return "(not defined)"
    numbers = _numbers(check)
    if side_of_row(check) == -side_of_row(main):
        return f"(the other way: {numbers})"
    # ASSUME: a check moves the estimate where that with the arms of the main interval
    # would lose the side of the main row, and widens the interval where its arms around
    # the main estimate would; what only both together lose, both do.
    side = side_of_row(main)
    shift = check["estimate"] - main["estimate"]
    moves = side_of_row(_shifted(main, shift)) != side
    widens = side_of_row(_shifted(check, -shift)) != side
    words = ["lower" if shift < 0 else "higher"] if moves or not widens else []
    words += ["less precise"] if widens or not moves else []
    return f"({' and '.join(words)}: {numbers})"


def _numbers(row: Row) -> str:
    """Return an estimate with its interval as they are printed."""
    ends = row["conf_low"], row["conf_high"]
    return " ".join(
        with_interval(row["estimate"], *ends, row["unit_of_measure"])
    ).rstrip()


def _shifted(row: Row, shift: float) -> Row:
    """Return a row with its estimate and both ends moved."""
    return {
        **row,
        **{name: row[name] + shift for name in ("estimate", "conf_low", "conf_high")},
    }


def judge_later(given: Evidence, later: LaterYears, kind: str, rule: Rule) -> Judged:
    """Say whether what the main row shows held up in later years, faded, or cannot be
    told, by the test of the change.
    """

    def of_row(row: Row) -> int:
        if kind == "no gain":
            return bound_side(row, given.sign, given.interest, rule.alpha)
        return side_of(row, given.sign, rule.alpha)

    side = of_row(given.row)
    if not side:
        return Judged(CANNOT_TELL, "the main row shows nothing that could hold up")
    later_rows = [later.row, *later.methods.values()]
    if kind == "no gain":  # a permutation says nothing of a bound
        later_rows = list(filter(_has_interval, later_rows))
    if later_rows and all(of_row(row) == side for row in later_rows):
        return Judged(HELD_UP, "on the same side in the later years")
    if later.change is None:
        return Judged(CANNOT_TELL, "the change between the two was not estimated")
    change = f"the change until then, {_numbers(later.change)},"
    ends = [later.change, *filter(_has_interval, later.change_methods.values())]
    if all(_small(row, given.interest, rule.alpha) for row in ends):
        return Judged(
            HELD_UP, f"{change} is smaller than what would matter, {given.interest:g}"
        )
    # A gain that is denied fades as it rises, anything else towards its other side.
    fading = side if kind == "no gain" else -side

    def fades(row: Row) -> bool:
        return side_of(row, given.sign, rule.alpha) == fading

    if not fades(later.change):
        grew = side_of(later.change, given.sign, rule.alpha) == -fading
        return Judged(
            CANNOT_TELL,
            f"{change} makes it clearer" if grew else f"{change} may be none",
        )
    others = {**later.change_methods, **later.change_checks}
    lost = tuple(name for name, row in others.items() if not fades(row))
    if lost:
        return Judged(
            CANNOT_TELL,
            f"{change} shows when {deciding_method(later.change)}, which decides it, and"
            f" not when or with: {', '.join(lost)}",
            lost,
        )
    also = f", also by or with: {', '.join(others)}" if others else ""
    return Judged(FADED, f"{change} excludes zero{also}")


def _small(row: Row, interest: float, alpha: float) -> bool:
    low, high = interval(row, 1, alpha)
    return -interest < low and high < interest


def judge_later_fact(holds: Threshold, row: Row, later: Row, rule: Rule) -> Judged:
    """Say whether a fact that the main figure meets is met in later years."""
    side = fact_side(holds, row, rule)
    if side <= 0:
        close = "is too close to its threshold" if side == 0 else "shows nothing"
        return Judged(CANNOT_TELL, f"the main figure {close}: nothing could hold up")
    if is_missing(later["estimate"]):
        return Judged(CANNOT_TELL, _undefined(later))
    later_side = fact_side(holds, later, rule)
    value, _ = with_interval(later["estimate"], NAN, NAN, later["unit_of_measure"])
    figure = f"the later figure, {value},"
    if later_side > 0:
        return Judged(HELD_UP, f"{figure} is {holds.words}, too")
    if later_side == 0:
        return Judged(CANNOT_TELL, f"{figure} is too close to the threshold")
    return Judged(FADED, f"{figure} is not {holds.words}")


def interval(row: Row, sign: int, alpha: float) -> tuple[float, float]:
    """Return the interval at 1 - alpha, turned so that + is as claimed; a missing end
    is unbounded.
    """
    if abs(row["conf_level"] + alpha - 1) > CLOSE:
        raise ClaimsError(
            f"estimate {row['estimate_id']} has an interval at level"
            f" {row['conf_level']:g}",
            f"a level of {1 - alpha:g}, 1 - rule.alpha",
            "select another row",
        )
    low = -math.inf if is_missing(row["conf_low"]) else row["conf_low"]
    high = math.inf if is_missing(row["conf_high"]) else row["conf_high"]
    return (low, high) if sign > 0 else (-high, -low)


def side_of(row: Row, sign: int, alpha: float) -> int:
    """Return 1 or -1 where a row leaves out zero on the side claimed or the other, else
    0.
    """
    low, high = interval(row, sign, alpha)
    # ASSUME: a test without an interval (a permutation) leaves out zero where its p is
    # below alpha.
    if (low, high) == (-math.inf, math.inf):
        tested = not is_missing(row["estimate"]) and not is_missing(row["p_value"])
        clear = tested and row["p_value"] < alpha
        low = high = sign * row["estimate"] if clear else 0.0
    return int(low > 0) - int(high < 0)


def bound_side(row: Row, sign: int, interest: float, alpha: float) -> int:
    """Return 1 where a row bounds a gain below the effect of interest, -1 where it shows
    a gain, else 0; ``sign`` is that of a gain.
    """
    low, high = interval(row, sign, alpha)
    if high < interest:
        return 1
    return -int(low > 0)


def visible(row: Row, rule: Rule) -> float:
    """Return the smallest effect that a row could show; where it has no interval, what
    its topic says of its test.
    """
    low = row["conf_low"]
    high = row["conf_high"]
    own = smallest_visible(low, high, row["std_error"], rule.power, 1 - rule.alpha)
    if all(map(is_missing, (own, low, high))):
        return float(row["mde"])
    return own


def _not_adjusted(given: Evidence) -> str:
    if not given.questions:
        return "it is not one of the primary questions, so that it may be luck"
    questions = counted(given.questions, "question")
    if is_missing(given.row["p_value"]):
        return f"it has no p-value, so that among {questions} it may be luck"
    return f"among {questions} asked at once it may be luck"


def deciding_method(row: Row) -> str:
    """Return the method that decides a row, in words where it has some."""
    law = str(row["se_type"] or row["p_type"])
    words = DECIDING.get(law.partition(" ")[0])
    return f"{words} ({law})" if words else f"inferring by {law}"


def _has_interval(row: Row) -> bool:
    return not (is_missing(row["conf_low"]) and is_missing(row["conf_high"]))


def _placebo_p(name: str, row: Row) -> float:
    if is_missing(row["p_value"]):
        raise ClaimsError(
            f"placebo '{name}' has no p-value",
            "a placebo that is tested",
            "select another row",
        )
    return float(row["p_value"])


def _undefined(row: Row) -> str:
    return f"its number is not defined ({row['warning'] or 'no reason given'})"


def grouped(counts: Mapping[str, int]) -> dict[str, int]:
    """Return how many answers each of the six groups has, from how many there are in
    each word; together they are all.
    """
    return {
        group: sum(counts.get(word, 0) for word in GROUPS[group]) for group in GROUPS
    }


def tally(counts: Mapping[str, int], *, finer: bool = False) -> str:
    """Return in words how many answers each group has that is not empty; with ``finer``
    also how many each of its words has.
    """
    parts = []
    for group, count in grouped(counts).items():
        one, several = SAID[group]
        part = f"{count} {one if count == 1 else several}"
        words = [f"{counts[x]} {x.lower()}" for x in GROUPS[group] if counts.get(x)]
        if finer and words:
            part += f" ({', '.join(words)})"
        parts += [part] if count else []
    return in_words(parts) if parts else ""
