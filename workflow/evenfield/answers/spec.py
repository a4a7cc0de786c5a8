"""What claims.yaml may hold: the rule's numbers, the hypotheses, the claims in the
order of the paper, the reasons.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    PositiveInt,
    ValidationError,
    model_validator,
)

from evenfield.answers.selections import NamesOfRows, bounds_of, selection_faults
from evenfield.shared.estimates import TEXT_FIELDS
from evenfield.shared.second_studies import OWN_STUDY, second_configs
from evenfield.shared.spec import Id, Spec
from evenfield.study.errors import ClaimsError, EvenfieldError, Faults, not_known
from evenfield.study.files import Record

# Of hypotheses and claims.
Kind = Literal[
    "fact",
    "stand-in",
    "documentary",
    "association",
    "no gain",
    "effect",
    "out of reach",
    "not empirical",
]
# Wanted text by column of estimates.csv; `study` names a study beside.
Select = Annotated[dict[str, str], Field(min_length=1)]
# The row that decides is one of the study's own unless it names another study.
Deciding = Annotated[
    Select, AfterValidator(lambda select: {"study": OWN_STUDY, **select})
]
Named = dict[str, Select]
LATER = "later years"  # name of the row of later years, of which there is one
YEAR_AT_END = re.compile(r"\d{4}$")
CLOSE = 1e-9  # of two numbers that are one, such as 0.1 and 2.1 - 2
VALUE = "Value error, "  # which pydantic writes before the messages of validators
# What an entry of each kind must hold, and what it may hold beside that.
TEST = ("interest", "checks", "placebos", "later", "shows")
NEEDED = {
    "fact": ("evidence", "holds"),
    "stand-in": ("evidence", "holds"),
    "documentary": ("documents",),
    "out of reach": ("because", "why", "data"),
    "not empirical": ("why",),
}
ALLOWED = {
    "fact": ("variants", "later", "shows", "undecided"),
    "stand-in": ("variants", "later", "shows", "undecided"),
    "no gain": TEST,
    "association": TEST,
    "effect": TEST,
}


class Rule(Spec):
    """The numbers of the rule."""

    # of every test; intervals are at 1 - alpha
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    # of the smallest effect that a row could show
    power: float = Field(default=0.8, gt=0.5, lt=1)
    # A row that shows no effect below so many effects of interest cannot answer.
    coarse: float = Field(default=10.0, gt=1)
    # A fact nearer to its threshold than this share of it holds in part.
    margin: float = Field(default=0.05, ge=0, lt=0.5)
    # last year that the authors of the statements could see
    horizon: PositiveInt | None = None


class Threshold(Spec):
    """Where a fact holds: strictly above or below a number, or between two numbers with
    both ends.
    """

    above: float | None = None
    below: float | None = None
    between: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _one(self) -> Threshold:
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError("it needs one of above, below, between")
        if self.between and self.between[0] > self.between[1]:
            raise ValueError("between needs its smaller number first")
        return self

    def met(self, value: float) -> bool:
        """Say whether a number meets the threshold; an undefined one does not."""
        if self.between:
            return self.between[0] <= value <= self.between[1]
        if self.above is not None:
            return value > self.above
        return self.below is not None and value < self.below

    def near(self, value: float, share: float, half: float) -> bool:
        """Say whether a number lies within the margin of the threshold: ``half`` its own
        interval where there is one, else a ``share`` of the threshold.
        """
        ends = [end for end in (self.above, self.below) if end is not None]
        widest = math.inf
        if self.between:
            ends = [*self.between]
            # Of two thresholds no margin reaches beyond the middle.
            widest = (ends[1] - ends[0]) / 2
        for end in ends:
            margin = min(share * abs(end) if math.isnan(half) else half, widest)
            if margin > 0 and abs(value - end) <= margin * (1 + CLOSE):
                return True
        return False

    def certain(self, low: float, high: float) -> str:
        """Say what a measure that lies between two bounds does whatever its figures:
        ``"fail"`` or ``"hold"`` is what it cannot; empty where it can do both.
        """
        first, last = self.between or (
            (-math.inf, self.below) if self.above is None else (self.above, math.inf)
        )
        assert last is not None
        if first <= low and high <= last:
            return "fail"
        return "hold" if first >= high or last <= low else ""

    @property
    def words(self) -> str:
        """The threshold as a clause."""
        if self.between:
            return f"between {self.between[0]:g} and {self.between[1]:g}"
        return (
            f"below {self.below:g}" if self.above is None else f"above {self.above:g}"
        )


class Entry(Spec):
    """What hypotheses and claims share: a predicted sign and named overrides of the row
    that decides.
    """

    kind: Kind
    # of the effect that is predicted, or of the gain that is denied
    sign: Literal["", "+", "-"] = ""
    # smallest effect of interest, else that of the row
    interest: float | None = Field(None, gt=0)
    # rows that must not take the answer away
    checks: Named = Field(default_factory=dict)
    placebos: Named = Field(default_factory=dict)  # rows in which there must be nothing
    variants: Named = Field(default_factory=dict)  # other figures of a fact
    # the same of later years, with a word of its own; it decides nothing
    later: Select | None = None
    # rows beside it that decide nothing
    shows: list[Select] = Field(default_factory=list)

    @model_validator(mode="after")
    def _placebos(self) -> Entry:
        if self.placebos and self.kind != "effect":
            raise ValueError("placebos belong to an effect")
        return self

    @property
    def first(self) -> Select:
        """The selection of the row that decides; empty where none does."""
        return {}

    def selections(self) -> dict[tuple[str, str], Select]:
        """Return every selection by what it is and its name; overrides come with what
        they override.
        """
        if not self.first:
            return {}
        kinds = {
            "check": self.checks,
            "placebo": self.placebos,
            "variant": self.variants,
            "later": {LATER: self.later} if self.later else {},
            "shown": {str(number): row for number, row in enumerate(self.shows, 1)},
        }
        selections = {("primary", ""): self.first}
        for kind, rows in kinds.items():
            for name, row in rows.items():
                selections[kind, name] = {**self.first, **row}
        return selections


class Hypothesis(Entry):
    """One of the primary questions, with its one primary row."""

    statement: str
    kind: Literal["association", "no gain", "effect"]
    sign: Literal["+", "-"]
    primary: Deciding

    @property
    def first(self) -> Select:
        """The primary row."""
        return self.primary

    @model_validator(mode="after")
    def _checks_only(self) -> Hypothesis:
        if self.variants:
            raise ValueError("a hypothesis has checks, not variants")
        return self


class Document(Spec):
    """What one document says of a claim, as somebody read it."""

    document: str  # a key of the documents
    says: Literal["bears out", "contradicts"]
    what: str = Field(min_length=1)  # that it says, in a clause


class Claim(Entry):
    """One single statement of the paper."""

    id: Id
    paragraph: list[PositiveInt] = Field(default_factory=list)  # of the paper
    claim: str
    read_as: str = ""  # how it was read, where the claim does not say so itself
    hypothesis: str = ""  # whose answer the claim takes
    evidence: Deciding | None = None
    holds: Threshold | None = None  # of a fact
    # why a fact's figures cannot decide it, whichever way they come out
    undecided: str = ""
    because: list[str] = Field(default_factory=list)  # reasons that put it out of reach
    why: str = ""
    data: str = ""  # that would decide it
    documents: list[Document] = Field(default_factory=list)

    @property
    def first(self) -> Select:
        """The row that decides."""
        return self.evidence or {}

    @model_validator(mode="after")
    def _of_its_kind(self) -> Claim:
        needed = NEEDED.get(self.kind) or (
            ("hypothesis",) if self.hypothesis else ("sign", "evidence")
        )
        may = () if self.hypothesis else ALLOWED.get(self.kind, ())
        written = {
            name
            for name, value in self
            if name not in ("id", "paragraph", "claim", "kind", "read_as") and value
        }
        for name in needed:
            if name not in written:
                raise ValueError(
                    f"kind {self.kind} needs {' and '.join(needed)}; {name} is missing"
                )
        if self.undecided and self.later:
            raise ValueError("what is undecided has nothing to hold up later")
        extra = sorted(written - {*needed, *may})
        if extra:
            beside = " beside a hypothesis" if self.hypothesis else ""
            raise ValueError(f"kind {self.kind} has no {extra[0]}{beside}")
        return self


class Claims(Spec):
    """The whole of claims.yaml."""

    rule: Rule = Field(default_factory=Rule)
    hypotheses: dict[str, Hypothesis] = Field(default_factory=dict)
    claims: list[Claim] = Field(default_factory=list)
    # why rows of a label are there that no hypothesis or claim has
    not_asked: dict[str, str] = Field(default_factory=dict)
    reasons: dict[str, str] = Field(default_factory=dict)  # words of each reason
    # full reference of each document by its short name
    documents: dict[str, str] = Field(default_factory=dict)

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Yield hypotheses and claims with the place where each stands."""
        for name, item in self.hypotheses.items():
            yield f"hypothesis {name}", item
        for claim in self.claims:
            yield f"claim {claim.id}", claim


def read_claims(config: Record) -> Claims:
    """Return claims.yaml as it stands in a checked config, refused in one line where a
    run would refuse it later.
    """
    written = config["answers"]
    try:
        claims = Claims.model_validate(written)
    except ValidationError as error:
        Faults(_worded(first, written) for first in error.errors()).refuse()
        raise
    Faults(_name_faults(claims, config)).refuse()
    return claims


def _worded(first: Record, written: Record) -> ClaimsError:
    location, *steps = [str(step) for step in first["loc"] if step != "[key]"] or [""]
    if len(first["loc"]) < 2:
        steps = [location] if location else []
        location = "the top level"
    elif location == "claims" and steps:
        number = int(steps.pop(0))
        entry = written["claims"][number]
        # A claim is named by its id; one that is no mapping, or has none, by its number.
        name = number
        if isinstance(entry, Mapping):
            name = entry.get("id", f"number {number + 1}")
        location = f"claim {name}"
    elif location == "hypotheses" and steps:
        location = f"hypothesis {steps.pop(0)}"
    key = ".".join(steps)
    if first["type"] == "extra_forbidden":
        known = ", ".join(_keys_beside(first["loc"]))
        return ClaimsError(
            f"{location} has the unknown key {key}",
            f"one of {known}",
            "correct or remove it",
        )
    action = f"correct {key or location}"
    if first["type"] == "string_type":
        action = "put it in quotation marks"
    return ClaimsError(
        ": ".join(filter(None, [location, key, first["msg"]])).replace(VALUE, ""),
        "what docs/methods/answers.md lists",
        action,
    )


def _keys_beside(loc: Sequence[object]) -> list[str]:
    kinds: dict[str, type[Spec]] = {
        "rule": Rule,
        "hypotheses": Hypothesis,
        "claims": Claim,
        "holds": Threshold,
        "documents": Document,
    }
    inner: type[Spec] = Claims
    for step in loc[:-1]:
        inner = kinds.get(str(step), inner)
    return list(inner.model_fields)


def _name_faults(claims: Claims, config: Record) -> Iterator[EvenfieldError]:
    counts = Counter(claim.id for claim in claims.claims)
    twice = sorted(name for name, count in counts.items() if count > 1)
    if twice:
        yield ClaimsError(
            f"claim {twice[0]} stands {counts[twice[0]]} times",
            "one entry a claim",
            "rename one",
        )
    level = config["inference"]["conf_level"]
    if claims.claims and abs(claims.rule.alpha + level - 1) > 1e-9:
        yield ClaimsError(
            f"rule.alpha {claims.rule.alpha:g} beside inference.conf_level {level:g}",
            "intervals at 1 - alpha",
            "change one of them",
        )
    for claim in claims.claims:
        if claim.hypothesis:
            yield from _unknown(
                f"claim {claim.id}: hypothesis",
                claim.hypothesis,
                list(claims.hypotheses),
            )
            known = claims.hypotheses.get(claim.hypothesis)
            if known and known.kind != claim.kind:
                yield ClaimsError(
                    f"claim {claim.id} has the kind {claim.kind}, its hypothesis"
                    f" {claim.hypothesis} {known.kind}",
                    "one kind",
                    "correct one of them",
                )
        for code in claim.because:
            yield from _unknown(
                f"claim {claim.id}: because", code, list(claims.reasons)
            )
        for document in claim.documents:
            yield from _unknown(
                f"claim {claim.id}: document", document.document, list(claims.documents)
            )
    # Rows of a study beside are named in its config.
    configs = {OWN_STUDY: config, **second_configs(config)}
    rows = {study: NamesOfRows(other) for study, other in configs.items()}
    for where, entry in claims.entries():
        study = entry.first.get("study", OWN_STUDY)
        yield from _unknown(f"{where}: study", study, list(configs))
        if study not in configs:
            continue
        yield from _row_faults(where, entry, rows)
        if isinstance(entry, Claim) and entry.holds:
            yield from _certain(where, entry.holds, entry.first, configs[study])
        if claims.rule.horizon and entry.kind in ("fact", "stand-in"):
            yield from _late_figures(where, entry, claims.rule.horizon, configs[study])


def _row_faults(
    where: str, entry: Entry, rows: Mapping[str, NamesOfRows]
) -> Iterator[EvenfieldError]:
    """Yield what is wrong with the rows that an entry selects, each held against the
    names of its study.
    """
    names = rows[entry.first.get("study", OWN_STUDY)]
    faults = list(selection_faults(where, entry.first, names, ClaimsError))
    yield from faults
    for key, select in entry.selections().items():
        location = place_of(where, key)
        for column in select:
            if key[0] == "primary" or column not in entry.first:
                known = [*TEXT_FIELDS, "study"]
                yield from _unknown(f"{location}: column", column, known)
        if key[0] == "primary":
            continue
        if select == entry.first:
            yield ClaimsError(
                f"{location} is the main row once more",
                "a row that differs",
                "change or remove it",
            )
        study = select.get("study", OWN_STUDY)
        yield from _unknown(f"{location}: study", study, list(rows))
        if not faults and study in rows:
            yield from selection_faults(location, select, rows[study], ClaimsError)


def _certain(
    where: str, holds: Threshold, select: Select, config: Record
) -> Iterator[ClaimsError]:
    """Yield the fault of a fact whose measure settles it before any figure is seen."""
    bounds = bounds_of(select, config)
    cannot = holds.certain(*bounds)
    if cannot:
        low, high = (f"{bound:g}" for bound in bounds)
        yield ClaimsError(
            f"{where} holds {holds.words}, and its measure lies between {low} and"
            f" {high}: it cannot {cannot}",
            "a threshold inside, or a measure such as a change of it",
            "choose another",
        )


def _late_figures(
    where: str, entry: Entry, horizon: int, config: Record
) -> Iterator[ClaimsError]:
    """Yield the figures of a fact that its authors could not see and that vote."""
    for key, select in entry.selections().items():
        period = select.get("period", "")
        year = YEAR_AT_END.search(period)
        named = config["periods"].get(period)
        last = named["end"] if named else int(year[0]) if year else 0
        if key[0] in ("primary", "variant") and last > horizon:
            yield ClaimsError(
                f"{place_of(where, key)} has figures of {last} and votes",
                f"none after rule.horizon, {horizon}",
                "move it to later or shows",
            )


def place_of(where: str, key: tuple[str, str]) -> str:
    """Name a selection in words, for example ``hypothesis H1, check 'as published'``."""
    return where if key[0] == "primary" else f"{where}, {key[0]} '{key[1]}'"


def _unknown(where: str, name: str, known: Sequence[str]) -> Iterator[ClaimsError]:
    if name not in known:
        yield ClaimsError(*not_known(where, name, known))
