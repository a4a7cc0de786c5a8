"""What the config declares about verdicts: thresholds, and per hypothesis the rows that decide it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evenfield.study.errors import ConfigError

# Raise with every change of the rule in `rule.py`: the printed hash then changes too.
RULE_VERSION = 1
KINDS = ("directional", "equivalence", "level", "count")
SIGNS = {"positive": 1, "negative": -1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Numbers of the decision rule."""

    alpha: float = 0.05  # a verdict needs p below ``alpha``, a leaning one p below ``lean``
    lean: float = 0.10
    sign_share: float = 0.80  # smallest share of specifications with the sign of the estimate
    sign_flips: int = 0  # most units whose deletion may turn the sign
    proxy: str = "capped"  # ``capped``


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a hypothesis: which rows decide it and how they are read."""

    id: str  # name, printed in the reason
    kind: str  # ``directional``, ``equivalence``, ``level`` or ``count``
    sign: int = 1  # predicted sign, 1 or -1; for a level the side of ``value`` on which the claim lies
    select: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # admitted texts by column of the estimates
    periods: tuple[str, ...] = ()  # periods that must each have a row; empty for every row that is selected
    holds: int = 0  # how many rows must support, or contradict; 0 for all
    fails: int = 0
    value: float = 0.0  # for a level: the bound of the claim, and the bound beyond which it is contradicted
    against: float = 0.0
    placebo: str = "expected"  # ``expected``


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """One hypothesis, or one claim that is only described."""

    id: str  # as in the ledger
    parts: tuple[Part, ...]  # what decides it
    holds: int = 0  # how many parts must support, or contradict; 0 for all
    fails: int = 0
    lacks: str = ""  # why the study's panel cannot carry it, where it cannot; empty where it is only not built yet
    lacks_codes: tuple[str, ...] = ()  # reason codes
    lacks_data: str = ""  # data that would decide it


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The whole rule of one study: thresholds, hypotheses and the hash that is printed with every verdict."""

    thresholds: Thresholds
    hypotheses: Mapping[str, Hypothesis]
    hash: str


def period_labels(periods: Mapping[str, Any]) -> dict[str, str]:
    """Return the label of every period, with a dash between years."""
    return {
        name: str(item.get("label") or f"{item['start']}-{item['end']}").replace("-", "\u2013")
        for name, item in periods.items()
    }


def parse_rule(section: Mapping[str, Any] | None, periods: Mapping[str, Any]) -> Rule:
    """Read section ``verdicts`` of the config."""
    found = section or {}
    main_periods = [name for name, item in periods.items() if item.get("role", "main") == "main"]
    thresholds = Thresholds(**found.get("thresholds", {}))
    if not 0 < thresholds.alpha < thresholds.lean < 1:
        raise ConfigError(
            f"verdicts.thresholds alpha {thresholds.alpha:g} and lean {thresholds.lean:g}",
            "0 < alpha < lean < 1",
            "correct one of them",
        )
    declared = {name: _hypothesis(name, item, main_periods) for name, item in found.get("hypotheses", {}).items()}
    canonical = {
        "version": RULE_VERSION,
        "periods": list(main_periods),
        "thresholds": _plain(thresholds),
        "hypotheses": found.get("hypotheses", {}),
    }
    return Rule(thresholds=thresholds, hypotheses=declared, hash=canonical_hash(canonical))


def canonical_hash(content: Mapping[str, Any]) -> str:
    """Hash plain content so that the order of its keys does not matter."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(thresholds: Thresholds) -> dict[str, Any]:
    return {name: getattr(thresholds, name) for name in thresholds.__slots__}


def _hypothesis(name: str, item: Mapping[str, Any], main_periods: Sequence[str]) -> Hypothesis:
    parts = tuple(_part(name, part, main_periods) for part in item["parts"])
    lacks = item.get("lacks", {})
    return Hypothesis(
        id=name,
        parts=parts,
        holds=_count(name, item.get("holds"), len(parts)),
        fails=_count(name, item.get("fails"), len(parts)),
        lacks=lacks.get("why", ""),
        lacks_codes=tuple(lacks.get("codes", ())),
        lacks_data=lacks.get("data", ""),
    )


def _part(name: str, item: Mapping[str, Any], main_periods: Sequence[str]) -> Part:
    named = item.get("periods", [])
    periods = tuple(main_periods) if named == "main" else tuple(named)
    usual = {"hypothesis": name, "role": "exploratory" if name.startswith("L") else "primary"}
    select = {
        key: (value,) if isinstance(value, str) else tuple(value)
        for key, value in {**usual, **item.get("select", {})}.items()
    }
    most = len(periods) if periods else 0
    return Part(
        id=item["id"],
        kind=item["kind"],
        sign=SIGNS[item.get("sign", "positive")],
        select=select,
        periods=periods,
        holds=_count(name, item.get("holds"), most),
        fails=_count(name, item.get("fails"), most),
        value=item.get("value", 0.0),
        against=item.get("against", item.get("value", 0.0)),
        placebo=item.get("placebo", "expected"),
    )


def _count(name: str, asked: int | str | None, most: int) -> int:
    wanted = 0 if asked in (None, "all") else int(asked)
    if most and wanted > most:
        raise ConfigError(
            f"verdicts.hypotheses.{name} asks for {wanted} of {most}",
            f"at most {most}, or all",
            "correct holds or fails",
        )
    return wanted
