"""Verdict tables and figures: what they show, what they say when nothing is there, the mark of simulated input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from evenfield.answers.deciding import TEXT, all_labels
from evenfield.answers.figure import draw_influence, draw_power
from evenfield.answers.figure_dashboard import draw_dashboard
from evenfield.answers.spec import parse_rule
from evenfield.answers.study import judge_study
from evenfield.answers.table import TEXT as CLAIM_TEXT
from evenfield.answers.table import tabulate_untestable, tabulate_verdicts
from evenfield.answers.table_credibility import (
    tabulate_influence,
    tabulate_ladder,
    tabulate_multiplicity,
    tabulate_placebos,
    tabulate_power,
)
from evenfield.shared.estimates import Estimate, estimates_frame, read_estimates, write_estimates
from evenfield.shared.figures.save import save_figure
from evenfield.shared.tables.table import Table, grid
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_table, write_json, write_results
from evenfield.study.simulated import WATERMARK, watermark_for

PERIODS = {"P1": {"start": 1978, "end": 1991, "label": "1978-91"}, "P2": {"start": 1992, "end": 1998}}
LABELS = all_labels(PERIODS)
SECTION = {"hypotheses": {"H8": {"parts": [{"id": "difference", "kind": "directional"}]}}}
USUAL: dict[str, Any] = {
    "hypothesis": "H8", "role": "primary", "estimator": "slx", "spec_id": "main", "outcome": "growth", "term": "x",
    "period": "P1", "estimate": 2.0, "std_error": 0.8, "se_type": "SCPC", "p_value": 0.07, "conf_low": -0.2,
    "conf_high": 4.2, "conf_level": 0.95, "sesoi": 1.0, "mde": 3.0, "unit_of_measure": "pp/yr", "output_basis": "proxy",
}  # fmt: skip
CLAIMS = pd.DataFrame(
    [("L1", "1", "One.", "A", "H8", "", "H8.", ""), ("L2", "2", "Two.", "C", "", "R1", "Towns.", "Town data."),
     ("L3", "3", "Three.", "D", "", "", "Premise.", "")],
    columns=["claim_id", "paragraphs", "claim", "class", "hypotheses", "reason_codes", "route", "deciding_data"],
)  # fmt: skip
HYPOTHESES = pd.DataFrame([("H8", "F3", "Next to clusters more.", "A difference.")],
                          columns=["hypothesis", "family", "statement", "deciding_estimate"])  # fmt: skip
REASONS = pd.DataFrame({"code": ["R1"], "meaning": ["Smaller units are needed."]})


def made(**fields: Any) -> Estimate:
    return Estimate(**{**USUAL, **fields})


FULL = [
    made(), made(role="ladder", estimator="slx_cr3", se_type="CR3"),
    made(role="robustness", estimator="leave_one_out", effect_type="stat_sign_flips", estimate=1.0),
    made(role="robustness", estimator="leave_one_out", effect_type="stat_low", estimate=-0.4),
    made(role="robustness", estimator="leave_one_out", effect_type="stat_high", estimate=2.6),
    made(role="robustness", estimator="leave_pair_out", effect_type="stat_pair", sample_id="JS_ZJ", estimate=1.1),
    made(role="placebo", estimator="slx_placebo_date", estimate=0.3, p_value=0.6),
]  # fmt: skip


def written(folder: Path, estimates: list[Estimate]) -> dict[str, Any]:
    """Judge made-up estimates and read everything back from disk, as the rules do."""
    judged = judge_study(
        estimates_frame(estimates), CLAIMS, HYPOTHESES, REASONS, parse_rule(SECTION, PERIODS),
        description={"simulated": [], "data_hash": "1"}, labels=LABELS, power=0.8,
    )  # fmt: skip
    write_estimates(estimates, folder / "estimates.csv")
    write_results(judged.claims, folder / "verdicts.csv")
    write_results(judged.rows, folder / "rows.csv")
    return {"estimates": read_estimates(folder / "estimates.csv"), "rows": read_table(folder / "rows.csv", TEXT),
            "verdicts": read_table(folder / "verdicts.csv", CLAIM_TEXT), "content": judged.content}  # fmt: skip


@pytest.fixture(params=["full", "bare", "nothing"])
def study(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    other = [made(hypothesis="", role="exploratory")]
    return {
        "name": request.param,
        **written(tmp_path, {"full": FULL, "bare": FULL[:1], "nothing": other}[request.param]),
    }


def tables(study: dict[str, Any]) -> dict[str, Table]:
    found, rows = study["estimates"], study["rows"]
    return {
        "T0": tabulate_verdicts(study["verdicts"], study["content"], LABELS),
        "T0b": tabulate_untestable(study["verdicts"], study["content"]),
        "T25": tabulate_ladder(found, rows, LABELS),
        "T26": tabulate_multiplicity(rows, study["content"], LABELS),
        "T27": tabulate_power(rows, LABELS),
        "T28": tabulate_influence(found, rows, LABELS),
        "T29": tabulate_placebos(found, LABELS),
    }


def printed(table: Table) -> list[list[str]]:
    return [[cell.text for cell in line.cells] for line in grid(table).lines if line.cells]


def test_every_table_has_rows_or_says_what_is_missing(study: dict[str, Any]) -> None:
    shown = {name: printed(table) for name, table in tables(study).items()}
    assert all(shown.values())
    assert [row[0] for row in shown["T0"]] == ["L1", "L2", "L3"] and [row[0] for row in shown["T0b"]] == ["L2"]
    if study["name"] == "full":
        assert [row[:2] for row in shown["T25"]] == [["SCPC", "primary"], ["CR3", "ladder"]]
        assert shown["T28"][0][1:4] == ["2.00", "[\u22120.400, 2.60]", "1"] and "JS ZJ: 1.10" in shown["T28"][0]
        assert shown["T29"][0][5] == ".600"
    else:
        assert shown["T28"] == [["No deciding row has been made again without each unit yet.", ""]]
        assert shown["T29"] == [["No placebo has been run in this study.", ""]]
    if study["name"] == "nothing":
        assert shown["T27"] == [["No hypothesis has a deciding row yet.", ""]]


def test_verdict_table_prints_numbers_and_reason(tmp_path: Path) -> None:
    row = printed(tables({**written(tmp_path, FULL), "name": "full"})["T0"])[0]
    assert "LEANS SUPPORT" in row and "2.00 [\u22120.200, 4.20] pp/yr PROXY" in row
    assert any("leaving out one unit can turn its sign" in cell for cell in row)


def test_every_figure_is_drawn_also_without_estimates(study: dict[str, Any], tmp_path: Path) -> None:
    drawn = {
        "F21": draw_power(study["rows"], LABELS), "F22": draw_influence(study["rows"], LABELS),
        "F23": draw_dashboard(study["verdicts"], study["content"]),
    }  # fmt: skip
    for name, artwork in drawn.items():
        folder = tmp_path / "figures"
        save_figure(artwork, [str(folder / f"{name}{ending}") for ending in (".svg", ".csv", ".alt.txt")])
        assert (folder / f"{name}.svg").stat().st_size > 1000
    assert "NOT TESTABLE HERE L2" in drawn["F23"].alt
    if study["name"] == "full":
        assert "detectable 3.0" in drawn["F21"].alt and "\u22120.4 to 2.6" in drawn["F22"].alt
    if study["name"] == "nothing":
        assert "nothing to show yet" in drawn["F21"].alt


@pytest.mark.parametrize("simulated", [[], ["gdp"]])
def test_simulated_input_marks_every_table_and_figure(simulated: list[str], tmp_path: Path) -> None:
    write_json({"simulated": simulated, "data_hash": "1"}, tmp_path / "results" / "ingest" / "description.json")
    folder = tmp_path / "results" / "tables"
    made_up = tables({**written(tmp_path, FULL), "name": "full"})["T27"]
    write_table_files(made_up, [str(folder / f"T27.{ending}") for ending in ("csv", "tex", "md", "html")])
    texts = [(folder / f"T27.{ending}").read_text(encoding="utf-8") for ending in ("tex", "md", "html")]
    assert [WATERMARK in text.replace("{-}", "-") for text in texts] == [bool(simulated)] * 3
    figures = tmp_path / "results" / "figures"
    plain = draw_power(read_table(tmp_path / "rows.csv", TEXT), LABELS)
    save_figure(plain, [str(figures / "F21.svg"), str(figures / "F21.alt.txt")])
    assert (figures / "F21.alt.txt").read_text(encoding="utf-8").startswith(WATERMARK) == bool(simulated)


def test_no_description_means_no_mark(tmp_path: Path) -> None:
    assert watermark_for(tmp_path / "tables" / "T1.csv") == ""
