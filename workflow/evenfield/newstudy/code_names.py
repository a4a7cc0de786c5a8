"""Names of codes that a table leaves without names: the country of a region of Eurostat,
the state of an American county, from the outlines that are shipped.
"""

from functools import cache

import pandas as pd

from evenfield.newstudy.shipped import drawn_names
from evenfield.newstudy.words import LISTS
from evenfield.study.errors import first_examples

FEWEST_PARTS = 2  # of a nation, by which its parts are known
NUTS = r"[A-Z]{2}[A-Z0-9]{1,3}"
FIPS = r"\d{5}"
# Eurostat's codes of two countries are not those of ISO.
OF_EUROSTAT = {"EL": "GR", "UK": "GB"}


def named_by_area(names: pd.Series, header: str, messages: list[str]) -> pd.Series:
    """Return names that are codes of NUTS or FIPS with the country or state that the code
    begins with, as AT11 (Austria); others as they are.

    ``names`` stand by unit, ``header`` is the column that holds the codes.
    """
    kind = header.casefold()
    areas = dict[str, str]()
    if ("geo" in kind or "nuts" in kind) and names.str.fullmatch(NUTS).all():
        areas = _countries()
    elif "fips" in kind and names.str.fullmatch(FIPS).all():
        areas = _states()
    within = names.str[:2].map(areas)
    if within.isna().any():
        return names
    shown = names + " (" + within + ")"
    messages.append(
        f"codes have the area that they lie in: {first_examples(shown.tolist())}"
    )
    return shown


def kind_of_codes(header: str, ids: pd.Series) -> list[str]:
    """Return what the codes of FIPS stand for, by their digits."""
    if "fips" not in header.casefold():
        return []
    digits = {5: "county", 2: "state"}
    found = {digits.get(count, "") for count in ids.str.len()}
    whole = ids.str.fullmatch(r"\d+").all() and not ids.str.fullmatch(r"\d\d000").any()
    return sorted(found - {""}) if whole and len(found) == 1 else []


@cache
def _countries() -> dict[str, str]:
    drawn = drawn_names("countries")
    by_code = dict(zip(drawn["iso2"], drawn["name"], strict=True))
    return by_code | {ours: by_code[iso] for ours, iso in OF_EUROSTAT.items()}


@cache
def _states() -> dict[str, str]:
    drawn = drawn_names("us-states")
    return dict(zip(drawn["fips"], drawn["name"], strict=True))


def places_of_nation(names: pd.Series) -> list[str]:
    """Return what the parts of a nation are called, where several of them are among the
    units: voivodeship, of Mazowieckie and Opolskie.
    """
    shown = set(names.str.casefold())
    return [
        nation["one"]
        for nation in LISTS["nations"]
        if "one" in nation and len(shown & set(nation["parts"])) >= FEWEST_PARTS
    ][:1]
