"""Verdicts as tables and plain content: one row per claim, one row per deciding row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from evenfield.answers.evidence import Evidence, value
from evenfield.answers.judgement import ClaimVerdict, HypothesisVerdict
from evenfield.answers.power import worth_at_interest
from evenfield.answers.rule import Judged
from evenfield.answers.spec import RULE_VERSION, Rule
from evenfield.answers.words import ORDER
from evenfield.shared.estimates import NAN

TEXTS = ("estimate_id", "spec_id", "outcome", "term", "contrast", "period", "sample_id", "treatment_def", "w_id",
         "estimator", "se_type", "p_type", "unit_of_measure", "output_basis", "max_leverage_unit",
         "warning")  # fmt: skip
NUMBERS = ("estimate", "std_error", "conf_low", "conf_high", "conf_level", "p_value", "p_adjusted", "q_value", "mde",
           "sesoi", "n_units", "n_treated", "g_star")  # fmt: skip
SCALED = ("estimate", "conf_low", "conf_high", "mde", "low", "high")
GATHERED = ("share", "share_p", "flips", "low", "high", "joint_p")
CLAIM_TEXTS = ("claim_id", "paragraphs", "claim", "class", "reason_codes", "deciding_data", "route")
CLAIM_COLUMNS = (*CLAIM_TEXTS, "hypotheses", "verdict", "reason", "estimand", "decides", "estimates", "estimate_id",
                 "period", "unit_of_measure", "output_basis", *NUMBERS, *GATHERED)  # fmt: skip
ROW_COLUMNS = ("hypothesis", "hypothesis_family", "statement", "part", "kind", "sign", "hypothesis_verdict", "verdict",
               "limits", *TEXTS, *NUMBERS, *GATHERED, "placebos", "placebo_p", "normal_se", "power", "wrong_sign",
               "exaggeration", *(f"scaled_{name}" for name in SCALED))  # fmt: skip


def claims_frame(claims: Sequence[ClaimVerdict], statements: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """Arrange the verdicts as one row per claim, in the order of the ledger."""
    rows = [_claim_row(item, statements) for item in claims]
    return pd.DataFrame(rows, columns=list(CLAIM_COLUMNS))


def rows_frame(
    judged: Mapping[str, HypothesisVerdict], statements: Mapping[str, Mapping[str, str]], power: float
) -> pd.DataFrame:
    """Arrange the deciding rows of all hypotheses with everything that bears on their verdict."""
    rows: list[dict[str, Any]] = []
    for item in judged.values():
        told = statements.get(item.id, {})
        for part in item.parts:
            head = {
                "hypothesis": item.id,
                "hypothesis_family": told.get("family", ""),
                "statement": told.get("statement", ""),
                "part": part.part.id,
                "kind": part.part.kind,
                "sign": part.part.sign,
                "hypothesis_verdict": item.verdict,
            }
            rows += [
                {**head, **_row(evidence, case, power), **_scaled(evidence, part.part.sign)}
                for evidence, case in part.cases
                if evidence.there
            ]
    return pd.DataFrame(rows, columns=list(ROW_COLUMNS))


def verdicts_content(
    claims: Sequence[ClaimVerdict], judged: Mapping[str, HypothesisVerdict], rule: Rule, provenance: str, facts: Any
) -> dict[str, Any]:
    """Arrange the verdicts as plain content for ``verdicts.json``."""
    words = [item.verdict for item in claims]
    return {
        "rule": {"version": RULE_VERSION, "hash": rule.hash, "thresholds": asdict(rule.thresholds)},
        "provenance": provenance,
        "estimates": facts,
        "words": list(ORDER),
        "counts": {word: words.count(word) for word in ORDER},
        "claims": {item.claim["claim_id"]: _claim_content(item) for item in claims},
        "hypotheses": {name: _hypothesis_content(item) for name, item in judged.items()},
    }


def _claim_row(item: ClaimVerdict, statements: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    plain = {name: item.claim.get(name, "") for name in CLAIM_TEXTS}
    row = {
        **plain,
        "hypotheses": " ".join(found.id for found in item.behind) or item.claim["hypotheses"],
        "verdict": item.verdict,
        "reason": item.reason,
        "estimand": " ".join(statements[h.id]["deciding_estimate"] for h in item.behind if h.id in statements),
        "estimates": sum(evidence.there for found in item.behind for evidence, _ in found.cases),
    }
    case = item.behind[0].deciding if len(item.behind) == 1 else None
    if case is None:
        return {**row, "decides": ""}
    numbers = _numbers(case[0])
    return {**row, "decides": item.behind[0].id, **{name: numbers[name] for name in numbers if name in CLAIM_COLUMNS}}


def _row(evidence: Evidence, judged: Judged, power: float) -> dict[str, Any]:
    row = evidence.row
    worth = worth_at_interest(value(row, "mde"), value(row, "sesoi"), value(row, "conf_level"), power)
    return {
        "verdict": judged.verdict,
        "limits": "; ".join(judged.limits),
        **_numbers(evidence),
        "placebos": len(evidence.placebos),
        "placebo_p": min(evidence.placebos, default=NAN),
        "normal_se": worth.std_error,
        "power": worth.power,
        "wrong_sign": worth.wrong_sign,
        "exaggeration": worth.exaggeration,
    }


def _scaled(evidence: Evidence, sign: int) -> dict[str, float]:
    sesoi = value(evidence.row, "sesoi")
    factor = sign / sesoi if sesoi > 0 else NAN
    numbers = {**{name: value(evidence.row, name) for name in SCALED}, "low": evidence.low, "high": evidence.high}
    ends = {"conf_low": "conf_high", "conf_high": "conf_low", "low": "high", "high": "low"} if sign < 0 else {}
    scaled = {f"scaled_{ends.get(name, name)}": found * factor for name, found in numbers.items()}
    return {**scaled, "scaled_mde": abs(scaled["scaled_mde"])}


def _numbers(evidence: Evidence) -> dict[str, Any]:
    row = evidence.row
    return {
        **{name: row.get(name, "") for name in TEXTS},
        **{name: value(row, name) for name in NUMBERS},
        **{name: getattr(evidence, name) for name in GATHERED},
    }


def _claim_content(item: ClaimVerdict) -> dict[str, Any]:
    return {
        "class": item.claim["class"],
        "verdict": item.verdict,
        "reason": item.reason,
        "hypotheses": [found.id for found in item.behind],
        "estimates": [
            evidence.row["estimate_id"] for found in item.behind for evidence, _ in found.cases if evidence.there
        ],
    }


def _hypothesis_content(item: HypothesisVerdict) -> dict[str, Any]:
    parts = [
        {
            "id": part.part.id,
            "kind": part.part.kind,
            "verdict": part.verdict,
            "rows": [_case_content(evidence, judged) for evidence, judged in part.cases],
        }
        for part in item.parts
    ]
    return {"verdict": item.verdict, "reason": item.reason, "parts": parts}


def _case_content(evidence: Evidence, judged: Judged) -> dict[str, Any]:
    plain = {"period": evidence.period, "verdict": judged.verdict, "limits": list(judged.limits)}
    if not evidence.there:
        return plain
    numbers = {name: value(evidence.row, name) for name in NUMBERS}
    kept = {**numbers, **{name: getattr(evidence, name) for name in GATHERED}}
    return {
        **plain,
        "estimate_id": evidence.row["estimate_id"],
        **{name: None if math.isnan(found) else found for name, found in kept.items()},
    }
