from __future__ import annotations

from pathlib import Path

import pytest

from evenfield.report.assumptions import LIBRARY, harvest_assumptions
from evenfield.report.bibliography import REFERENCES, read_references
from evenfield.report.exhibits import TEMPLATES, read_exhibits, read_toml
from evenfield.report.grids import read_grid
from evenfield.report.numbers import bare, count_word, fixed, in_unit, listing, p_text
from evenfield.report.rows import first, number, pick, read_rows
from evenfield.report.typeset import needs_flipped_page, plain_grid, typst_string, typst_table, typst_text
from evenfield.study.errors import ReportError
from evenfield.study.files import write_text
from unit.report.made_up import DOT, SVG, TABLE


def test_numbers_in_words() -> None:
    assert fixed(-0.001) == "0.00"
    assert fixed(-1234.5, 1) == "\u22121,234.5"
    assert in_unit(2.571, "% per year") == "2.57% a year"
    assert in_unit(27.4, "years") == "27 years"
    assert in_unit(0.52, "correlation") == "0.52"
    assert bare(0.012345, "unheard of") == "0.0123"
    assert [p_text(value) for value in (0.0001, 0.0123, 0.9999)] == [
        "p\u00a0<\u00a0.001", "p\u00a0=\u00a0.012", "p\u00a0>\u00a0.999"
    ]  # fmt: skip
    assert [listing([]), listing(["a"]), listing(["a", "b"]), listing(["a", "b", "c"])] == [
        "", "a", "a and b", "a, b and c"
    ]  # fmt: skip
    assert [count_word(0), count_word(3), count_word(24)] == ["no", "three", "24"]


def test_rows_are_text_and_picked_by_fields(tmp_path: Path) -> None:
    write_text("unit,value\nNA,1.5\nb,\n", tmp_path / "rows.csv")
    rows = read_rows(tmp_path / "rows.csv")
    assert pick(rows, unit=("NA", "c")) == [{"unit": "NA", "value": "1.5"}]
    assert first(rows, unit="nobody") is None
    assert [number(row, "value") for row in rows] == [1.5, None]
    with pytest.raises(ReportError, match=r"report: value holds 'x'; expected a number or nothing"):
        number({"value": "x"}, "value")
    with pytest.raises(ReportError, match="no file"):
        read_rows(tmp_path / "nothing.csv")


def test_assumptions_are_harvested_with_their_continuation(tmp_path: Path) -> None:
    marker = "# " + "ASSUME:"
    write_text(f"x = 1  {marker} one is enough\ny = 2\n{marker} a long\n#   decision.\nz = 3\n# not this\n",
               tmp_path / "panel" / "income.py")  # fmt: skip
    write_text(f'MARK = "{marker} not a comment"\n', tmp_path / "panel" / "other.py")
    found = harvest_assumptions(tmp_path)
    assert [item.text for item in found] == ["One is enough.", "A long decision."]
    assert {(item.floor, item.place) for item in found} == {("panel", "panel/income.py")}


def test_every_assumption_of_the_library_is_found() -> None:
    marker = "# " + "ASSUME:"
    written = sum(path.read_text(encoding="utf-8").count(marker) for path in LIBRARY.rglob("*.py"))
    assert len(harvest_assumptions()) == written


def test_grid_reads_back_what_the_fragment_prints(tmp_path: Path) -> None:
    write_text(TABLE.format(id="T6"), tmp_path / "T6.html")
    grid = read_grid(tmp_path / "T6.html")
    assert grid.title == "Made-up table T6"
    assert [cell.text for cell in grid.head[0]] == ["Unit", "Value"]
    assert grid.body[0][0].span == 2 and grid.body[0][0].heading
    assert [cell.text for cell in grid.body[2]] == ["b & co", "9.0"]
    assert grid.body[2][1].align == "right"
    assert grid.note == "Made-up figures."


def test_a_fragment_without_headings_is_refused(tmp_path: Path) -> None:
    write_text("<p>nothing</p>", tmp_path / "T6.html")
    with pytest.raises(ReportError, match="holds no table with column headings"):
        read_grid(tmp_path / "T6.html")


def write_figure(folder: Path, name: str, *, leave_out: str = "") -> list[str]:
    (folder / f"{name}.png").write_bytes(DOT)
    for ending, text in ((".svg", SVG), (".csv", "x\n1\n"), (".alt.txt", "A dot.\n")):
        if ending != leave_out:
            write_text(text, folder / f"{name}{ending}")
    return [str(path) for path in sorted(folder.glob(f"{name}.*"))]


def test_exhibits_are_ordered_by_number_and_fall_back_to_their_alt_text(tmp_path: Path) -> None:
    paths = [path for name in ("F13", "F2", "F1b", "F1", "F77") for path in write_figure(tmp_path, name)]
    found = read_exhibits(paths, {"F2": "scripts/draw.py"}, read_toml(TEMPLATES / "captions.toml"))
    assert [exhibit.id for exhibit in found] == ["F1", "F1b", "F2", "F13", "F77"]
    assert found[2].script == "scripts/draw.py"
    assert (found[4].title, found[4].caption, found[4].section) == ("F77", "A dot.", "further")
    assert found[0].picture.startswith("data:image/svg+xml;base64,")
    assert found[0].download.startswith("data:text/csv")


def test_a_heavy_svg_gives_way_to_the_png(tmp_path: Path) -> None:
    paths = write_figure(tmp_path, "F1")
    write_text(SVG + " " * 1_000_000, tmp_path / "F1.svg")
    assert read_exhibits(paths, {}, {})[0].picture.startswith("data:image/png;base64,")


def test_a_figure_without_its_twin_is_refused(tmp_path: Path) -> None:
    paths = write_figure(tmp_path, "F1", leave_out=".csv")
    with pytest.raises(ReportError, match=r"report: F1 has no \.csv file"):
        read_exhibits(paths, {}, {})


def test_every_reference_is_read() -> None:
    found = read_references()
    assert len(found) == REFERENCES.read_text(encoding="utf-8").count("\n@") + 1
    assert found[0].startswith("Barro, Robert J. and Sala-i-Martin, Xavier (1992). Convergence.")
    assert any("Journal of Political Economy 100(2): 223\u2013251." in line for line in found)
    assert any(line.startswith("Zeng, Douglas Zhihua (ed.) (2010).") for line in found)


def test_typst_text_is_escaped() -> None:
    assert typst_text("a_b #1 [x] $5 @c <d> *e* ~ \\") == "a\\_b \\#1 \\[x\\] \\$5 \\@c \\<d\\> \\*e\\* \\~ \\\\"
    assert typst_text("- no\nlist") == "\\- no list"
    assert typst_string('say "a\\b"') == '"say \\"a\\\\b\\""'


def test_typst_table_wraps_long_columns_only() -> None:
    grid = plain_grid("t", ["a", "b"], [["short", "long " * 30]])
    assert "columns: (auto, 2fr,)" in typst_table(grid)
    assert not needs_flipped_page(grid)
    assert needs_flipped_page(plain_grid("t", ["h"] * 12, [["x" * 20] * 12]))
