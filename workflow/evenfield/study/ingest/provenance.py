"""Grades and flags: trace every cell of the panel to a source, and keep doubtful
figures off unless switched on.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evenfield.study.errors import ConfigError, IngestError, counted, first_examples
from evenfield.study.expressions import columns_named
from evenfield.study.files import Record
from evenfield.study.spans import ALL_UNITS, span_masks

DOUBTFUL = "C"
SIMULATED = "simulated"


def whole_origin(
    package: Record, tables: Mapping[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Return sources and spans of a study: its own, or one source and grade for all;
    and tables said to be simulated.

    The dictionary states ``grade``, ``flag`` and ``note`` for the whole study and
    ``flag`` for a table.
    """
    named, licence = ([*package.get(key, []), {}][0] for key in ("sources", "licenses"))
    source = {
        "source": "DATA",
        "citation": named.get("title", "not stated"),
        "vintage": named.get("version", ""),
    }
    source |= {
        "licence": licence.get("name", "not stated"),
        "redistribution": "not stated",
    }
    sources = tables.get("sources", pd.DataFrame([source]))
    marked = [
        item["name"] for item in package["resources"] if item.get("flag") == SIMULATED
    ]
    # Years 0 to 0 cover no row: such a span only carries the mark of simulated data.
    spans = [
        pd.DataFrame(
            {
                "variable": marked,
                "first_year": 0.0,
                "last_year": 0.0,
                "grade": "A",
                "flag": SIMULATED,
                "note": "",
            }
        )
    ]
    for name in ("panel", "panel_merged") if "panel_provenance" not in tables else ():
        years = tables.get(name, {"year": pd.Series()})["year"]
        span = {
            "variable": [*tables.get(name, ())],
            "first_year": years.min(),
            "last_year": years.max(),
            "grade": package["grade"],
            "flag": package.get("flag", "official"),
            "note": package.get("note", ""),
        }
        spans.append(pd.DataFrame(span))
    spans_found = pd.concat(
        [span for span in spans if len(span)] or spans[:1], ignore_index=True
    )
    spans_found = spans_found[~spans_found["variable"].isin(["unit", "year"])].assign(
        units=ALL_UNITS, source=next(iter(sources["source"]), "")
    )
    own = [tables["panel_provenance"]] if "panel_provenance" in tables else []
    return {
        "sources": sources,
        "panel_provenance": pd.concat(
            [*own, spans_found] if len(spans_found) or not own else own,
            ignore_index=True,
        ),
    }


def check_coverage(tables: Mapping[str, pd.DataFrame]) -> None:
    """Check that every figure of the panel lies in exactly one span of provenance, and
    no span is of another table.
    """
    panel = tables["panel"]
    spans = tables["panel_provenance"]
    columns = {*panel.columns, *tables.get("panel_merged", panel).columns}
    if unknown := sorted(
        set(spans.loc[spans["flag"].ne(SIMULATED), "variable"]) - columns
    ):
        fault = (
            f"panel_provenance.csv names {counted(len(unknown), 'unknown variable')}"
            f" ({first_examples(unknown)})"
        )
        raise IngestError(fault, "columns of panel.csv", "correct the name")
    masks = span_masks(panel, spans)
    for variable in [name for name in panel.columns if name not in {"unit", "year"}]:
        # Spans of this variable that cover each cell: exactly one is in order.
        count = np.zeros(len(panel), int)
        for name, mask in zip(spans["variable"], masks, strict=True):
            count += mask * int(name == variable)
        wrong = panel[variable].notna().to_numpy() & (count != 1)
        if wrong.any():
            rows = panel.loc[wrong, ["unit", "year"]]
            cells = [
                f"{unit} {year:.0f}" for unit, year in rows.itertuples(index=False)
            ]
            raise IngestError(
                f"panel.csv has {int(wrong.sum())} figures of {variable} with no or two"
                f" sources ({first_examples(cells)})",
                "one span of panel_provenance.csv for each figure",
                "add or correct the span",
            )


def drop_doubtful(
    panel: pd.DataFrame, spans: pd.DataFrame, switched_on: Sequence[str]
) -> pd.DataFrame:
    """Blank the grade C figures of every variable that the config does not switch on."""
    unknown = [name for name in switched_on if name not in panel.columns]
    if unknown:
        raise ConfigError(
            f"data.grade_c names {first_examples(unknown)}",
            "columns of panel.csv",
            "correct the name",
        )
    out = panel.copy()
    doubtful = spans[
        spans["grade"].eq(DOUBTFUL) & ~spans["variable"].isin(list(switched_on))
    ]
    for name, mask in zip(
        doubtful["variable"], span_masks(panel, doubtful), strict=True
    ):
        out.loc[mask, name] = np.nan
    return out


def vintage_sentence(tables: Mapping[str, pd.DataFrame], panel: Record) -> str:
    """Say in one sentence which vintage income, output and population are of, by years."""
    first, last = panel["years"]
    parts = []
    vintages = tables["sources"].set_index("source")["vintage"].fillna("")
    for word, name in (
        ("income", "column"),
        ("output", "output"),
        ("population", "population"),
    ):
        years_by_vintage: dict[str, list[int]] = {}
        spans = tables["panel_provenance"].sort_values("first_year")
        used = columns_named(panel["income"].get(name), tables["panel"].columns)
        for span in spans[spans["variable"].isin(used)].to_dict("records"):
            if (
                (vintage := str(vintages[span["source"]]))
                and span["first_year"] <= last
                and span["last_year"] >= first
            ):
                if vintage[0].isdigit():  # a year alone, as in "2010"
                    vintage = f"figures of {vintage}"
                vintage += " (interpolated)" if span["flag"] == "interpolated" else ""
                years_by_vintage.setdefault(vintage, []).extend(
                    [max(span["first_year"], first), min(span["last_year"], last)]
                )
        if years_by_vintage:
            *most, final = [
                f"the {v} for {min(y):.0f}\u2013{max(y):.0f}"
                for v, y in years_by_vintage.items()
            ]
            parts.append(
                f"{word} follows {' and '.join(filter(None, [', '.join(most), final]))}"
            )
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def simulated_variables(spans: pd.DataFrame) -> list[str]:
    """Return the variables that hold simulated figures; nothing computed from them is
    evidence.
    """
    return sorted(set(spans.loc[spans["flag"].eq(SIMULATED), "variable"]))
