"""What makes a column look like a logarithm already, by its name or label."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

MONEY_WORDS = (
    r"income|r?gdp|g[rs]dp|nsdp|gnp|gni|gsp|grp|gva|wage|earning|salar|ingreso|renta|revenu|"
    r"einkommen|reddito|output|(?:gross|net).{0,20}product|value.?added|pib|bip|bnp|pdrb|"
    r"gsyh|pkb|produkt krajowy|prod\w* interno|生产总值|총생산|收入|所得|工资|врп|ввп|доход|"
    r"валов\w+ региональн\w+ продукт|bruttoinland|bruttoprodukt|bruto binnenlands|"
    r"inntekt|inkomst|indkomst|inkomen|\brenda\b|rendimento|thu nhập|\bgelir\b|"
    r"(?<![a-z])(?:gcp|pbg|pbi|brp|bbp|vab)(?![a-z])"
)
_LOGGED = rf"{MONEY_WORDS}|y|k|inc|emp|pop|pc|cap|prod|earn|cons|va"
LOG_NAME = re.compile(
    rf"(ln|log|log10|lg)[ _.(-].*|(ln|log)(10)?({_LOGGED}).*|l_?(r?({_LOGGED})).*|"
    r".*[ _.(](ln|logs?)\)?",
    re.IGNORECASE,
)
NO_LOG_NAME = re.compile(
    r"l(yon|yric|ke|ka|product|emperature|capita)|.*logistic.*", re.IGNORECASE
)
LOG_LABEL = re.compile(
    r"\b(log|ln|logs|logarithms?|logged|log10)\b|对数", re.IGNORECASE
)


def logarithm_sign(name: str, label: str, values: "pd.Series") -> str:
    """Return what makes a column look like a logarithm; blank if nothing does.

    Names and labels count only where the figures may be logarithms at all.
    """
    known = values.dropna()
    # Logarithms of income lie well within these bounds; beyond them a name misleads.
    if known.empty or known.max() > 40 or known.min() < -15:
        return ""
    if LOG_NAME.fullmatch(name.strip()) and not NO_LOG_NAME.fullmatch(name.strip()):
        return "by its name"
    if LOG_LABEL.search(label):
        return "by its label"
    return ""
