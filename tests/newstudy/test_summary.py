"""The screen that `run new` ends with: what the page will say, and flags that change it, as
the command takes them.
"""

import re
import shlex
from pathlib import Path

import pytest

import new
from newstudy.made_tables import frame_of
from yaml_text import from_yaml

TABLES = from_yaml("""
    towns with places and groups:
      years: [2000, 2011]
      columns:
        code: [N1, E1, S1, W1, C1, N2, E2]
        town name: [North Land, "Ost, upper", Süd, West, Centre, West, Far]
        year: year
        income: 1000 + i * (37 + 11.5 * (year - 1999))
        population: 900 + i * year
        side: [in, out, in, out, in, in, out]
        lat: 39 + i
        lon: 9 + i
    units of one column:
      years: [2000, 2003]
      columns: {unit: [a, b, c, World], year: year, gdp (2015 US$ per capita): 900 + 9 * i * year}
    income that is not clear:
      years: [2000, 2003]
      columns: {state: [Alba, Bari, Como], year: year, a: 9 + i * year, b: 7 + i + year}
    """)


@pytest.mark.parametrize("name", TABLES)
def test_every_line_has_flags_that_the_command_takes(
    tmp_path, monkeypatch, capsys, name
):
    monkeypatch.chdir(tmp_path)
    frame_of(TABLES[name]).to_csv("panel.csv", index=False)
    new.main(["study", "--panel", "panel.csv"])
    lines = capsys.readouterr().out.splitlines()
    shown = lines[lines.index("Your page will say:") + 1 :]
    assert len(shown) <= 20
    flags = [re.search(r"  (--\w.*)$", line) for line in shown]
    found = [match[1] for match in flags if match]
    assert len(found) >= 6
    for text in found:
        words = ["study", "--panel", "panel.csv", *shlex.split(text)]
        assert new.parser().parse_args(words).panel == Path("panel.csv")


def test_the_screen_says_what_the_config_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    frame_of(TABLES["towns with places and groups"]).to_csv("panel.csv", index=False)
    new.main(["study", "--panel", "panel.csv"])
    said = capsys.readouterr().out
    for words in (
        '"Income of towns, 2000–2011"',
        "Income per head, in a unit that the table does not name",
        "of 7 towns: Centre, 'Ost, upper', Far and 4 more",
        "--name 'town name' --unit-name towns",
        "from 2000 to 2011, every year",
        "grouped by side (2: in, out)",
        "map: points at lat and lon",
        "every unit counts alike, however many people it has",
        "--income income --population population",
    ):
        assert words in said
    units = Path("study", "data", "units.csv").read_text()
    assert "West (in)" in units and "West (out)" in units
