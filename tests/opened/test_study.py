"""A study as an object: what it reads, what it refuses, and each row as a fit."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import evenfield as ef
import program_copies
from evenfield.opened.fits import same_digits
from evenfield.opened.study import OpenError
from evenfield.report.sections import section_numbers
from evenfield.report.short_evidence import VALUE
from evenfield.study.errors import ReportError
from stored_study import print_number, store_study, walked

ROOT = Path(__file__).parents[2]
SPEED = {"family": "beta", "spec_id": "absolute", "term": "speed", "estimator": "ols"}
NUMBERS = {
    "speed": {**SPEED, "period": "S1", "show": "0.0", "unit": "% a year"},
    "twice": {"is": "2 * speed", "show": "0.0"},
    "states": {"file": "panel/all/units.csv", "take": "count", "show": "0"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("mexico") / "study"
    place.mkdir()
    mexico = ROOT / "examples" / "mexico-states"
    store_study(mexico, place, numbers=NUMBERS)
    print_number(place, "speed")
    return place


@pytest.fixture(scope="module")
def s(folder):
    return ef.open_study(folder)


def test_a_number_has_value_interval_unit_and_where_it_is_printed(s):
    number = s.numbers["speed"]
    row = s.row("speed")
    assert number.value == row["estimate"]
    assert (number.low, number.high) == (row["conf_low"], row["conf_high"])
    assert number.unit == "% a year"
    # A condition of the text prints nothing.
    assert list(map(str, number.printed)) == [
        "page, line 3 of text/page.md",
        "table T6, row 1940\u20132000, column speed",
    ]
    assert "printed: page, line 3" in str(number)
    assert {"speed", "states", "twice", "beta.speed"} <= {*s.numbers}
    assert len(s.numbers) == len([*s.numbers])


def test_a_number_of_a_section_is_read_where_its_popover_says_so(s):
    for name, number in section_numbers(s._config, s.folder / "results").items():
        read = eval(VALUE[0].format(name))
        assert (read.name, read.text) == (name, number.text)
    assert s.numbers["beta.speed"].estimate_id == s.row("beta.speed")["estimate_id"]
    counted = s.numbers["moran.years_all"]
    assert counted.value == s.panel["year"].nunique() == 7
    assert "printed: in the section of moran" in str(counted)
    with pytest.raises(OpenError, match=r"s\.numbers\['moran\.years_all'\]"):
        s.fit("moran.years_all")


def test_estimates_panel_and_units_are_frames_of_their_own(s):
    assert set(s.estimates["topic"]) >= {"beta", "sigma", "clubs", "moran"}
    assert {"unit", "year", "log_income"} <= {*s.panel}
    assert len(s.units) == s.panel["unit"].nunique() == 32
    own = s.panel  # nobody's but the caller's
    del own["log_income"]
    assert s.panel["log_income"].std() > 0
    assert len(s.table("panel/all/units.csv")) == 32
    assert list(s.table("T6")["period"]) == ["1940\u20132000"]


def test_what_is_no_name_or_no_estimate_is_refused_in_a_line(s, tmp_path):
    with pytest.raises(ReportError, match="did you mean 'speed'"):
        s.numbers["sped"]
    with pytest.raises(OpenError, match="did you mean 'speed'"):
        s.fit("sped")
    with pytest.raises(OpenError, match=r"did you mean 'beta\.speed'"):
        s.fit("beta.sped")
    with pytest.raises(OpenError, match="twice is no estimate"):
        s.fit("twice")
    with pytest.raises(OpenError, match="states is no estimate"):
        s.data("states")
    with pytest.raises(OpenError, match="no table panel"):
        s.table("panel/all/unit.csv")
    with pytest.raises(OpenError, match="a folder of type int"):
        ef.open_study(5)
    with pytest.raises(OpenError, match="no study in"):
        ef.open_study(tmp_path)
    (tmp_path / "config.yaml").write_text("")
    with pytest.raises(OpenError, match="python3 run --directory"):
        ef.open_study(tmp_path)


@pytest.mark.parametrize("name", [None, 5, ["speed"]])
def test_a_name_that_is_no_text_is_refused_in_a_line(s, name):
    for read in (s.row, s.data, s.fit, s.weights, s.compared, s.table):
        with pytest.raises(OpenError, match=f"a name of type {type(name).__name__}"):
            read(name)
    if not isinstance(name, list):
        with pytest.raises(ReportError, match=f"{name} is no number"):
            s.numbers[name]


def test_a_study_beside_that_there_is_none_of_is_refused_in_a_line(s):
    with pytest.raises(OpenError, match="no companion study is named cities"):
        s.beside["cities"]


def test_the_home_folder_may_be_written_as_a_tilde(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder.parent))
    assert ef.open_study("~/study").folder == folder


READ = {
    "numbers": lambda s: s.numbers["beta.speed"],
    "panel": lambda s: s.panel,
    "units": lambda s: s.units,
    "data": lambda s: s.data("speed"),
    "fit": lambda s: s.fit("speed"),
    "weights": lambda s: s.weights(moran_row(s)),
}


@pytest.mark.parametrize(
    ("lost", "reads"),
    [
        ("panel/all", "numbers panel units data fit"),
        ("estimates/beta", "numbers"),
        ("weights/all", "weights"),
    ],
)
def test_results_that_lack_a_file_are_refused_in_a_line(folder, tmp_path, lost, reads):
    copy = shutil.copytree(folder, tmp_path / "copy")
    shutil.rmtree(copy / "results" / lost)
    opened = ef.open_study(copy)
    for name in reads.split():
        with pytest.raises(
            OpenError, match=f"no file .*{lost}.*; run it again: python3"
        ):
            READ[name](opened)


def test_results_of_several_runs_are_refused_in_a_line(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    path = copy / "results" / "estimates.csv"
    lines = path.read_text().splitlines(keepends=True)
    speed = ef.open_study(copy).row("speed")["estimate_id"]
    path.write_text("".join(line for line in lines if speed not in line))
    with pytest.raises(OpenError, match=f"no row {speed}, which speed names"):
        ef.open_study(copy).fit("speed")
    path.write_text("")
    with pytest.raises(OpenError, match=r"a table below .* is empty"):
        repr(ef.open_study(copy))


def test_a_config_that_was_changed_after_the_run_is_refused_where_rows_rest_on_it(
    folder, tmp_path
):
    copy = shutil.copytree(folder, tmp_path / "copy")
    manifest = {
        "config": ef.open_study(copy)._config,
        "config_hash": "of the run",
        "data": {"data_hash": "of the run"},
        "results": {},
    }
    (copy / "results" / "manifest.json").write_text(json.dumps(manifest, default=str))
    path = copy / "config.yaml"
    config = yaml.safe_load(path.read_text())
    assert ef.open_study(copy).compared("speed")["same"].all()
    row = moran_row(ef.open_study(copy))
    config["study"]["title"] = "Another title"
    config["estimates"]["beta"][0]["end_points"] = "mean3"
    path.write_text(yaml.safe_dump(config))
    with pytest.raises(
        OpenError, match=r"changed after the run: estimates\.beta;.*again"
    ):
        ef.open_study(copy).fit("speed")
    assert ef.open_study(copy).fit(row).nobs
    config["panel"]["years"] = [1950, 2000]
    path.write_text(yaml.safe_dump(config))
    with pytest.raises(OpenError, match="changed after the run: panel"):
        ef.open_study(copy).data(row)


@pytest.mark.parametrize("name", [*READ, "table"])
def test_a_folder_that_was_moved_is_named(folder, tmp_path, name):
    copy = shutil.copytree(folder, tmp_path / "copy")
    opened = ef.open_study(copy)
    copy.rename(tmp_path / "moved")
    read = {**READ, "table": lambda s: s.table("T6")}[name]
    with pytest.raises(OpenError, match="copy is not there any more"):
        read(opened)


def test_without_the_packages_of_the_workflow_its_tables_are_read(folder):
    """What needs more says so; the library asks for numpy, pandas and such alone."""
    lines = [
        "import sys",
        "sys.modules['pydantic'] = None",
        "import evenfield as ef",
        "from evenfield.study.errors import EvenfieldError",
        f"s = ef.open_study({str(folder)!r})",
        "print(len(s.estimates), s.numbers['speed'].text, len(s.table('T6')))",
        "for read in (lambda: s.numbers['beta.speed'], lambda: s.panel,",
        "             lambda: s.fit('speed'), lambda: s.fit('T6:1940-2000:speed')):",
        "    try:",
        "        read()",
        "    except EvenfieldError as error:",
        "        print(error)",
    ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        check=True,
    )
    first, *refused = done.stdout.splitlines()
    assert first.split()[1] == "1.0"
    assert len(refused) == 4
    for line in refused:
        assert "pydantic is not installed" in line
        assert "'.[workflow]' in a clone" in line


def test_the_code_prints_the_row_beside_the_numbers_of_its_fit(s, capsys):
    exec(s.call("speed").code)
    said = capsys.readouterr().out
    # As printed, in percent a year; the fit alone has a share a year.
    printed = rf"estimate +{s.row('speed')['estimate']:.6f} .*True"
    assert re.search(printed, said)
    exec(s.call(moran_row(s)).code)
    assert "its draws number the units in another order" in capsys.readouterr().out


def test_a_fit_takes_another_inference_and_draws_and_interprets(s):
    fit = s.fit("speed")
    assert isinstance(fit, ef.Fit)
    assert "caught" in fit.interpret() or "closed" in fit.interpret()
    other = s.fit("speed", inference=["HC1"])
    assert list(other.to_frame()["inference"].unique()) == ["HC1"]
    assert other.params["initial"] == fit.params["initial"]
    assert s.fit("speed") is fit  # rows of one fit share it
    assert s.fit("T6:1940-2000:speed") is fit


def test_data_and_weights_may_be_others_than_those_of_the_study(s):
    name = moran_row(s)
    weights = s.weights(name)
    units = list(weights)
    # Each unit has the next one as its neighbour in place of its own neighbours.
    ring = pd.DataFrame(np.roll(np.eye(len(units)), 1, axis=1), units, units)
    other = s.fit(name, w=ring)
    arguments = dict(s.call(name).call.arguments)
    expected = ef.moran(data=s.data(name), w=ring, **arguments)
    assert np.allclose(other.params, expected.params, rtol=1e-12)
    assert not np.allclose(other.params, s.fit(name).params, rtol=0.01)
    data = s.data("speed")
    few = data[data["unit"].isin(units[:20])]
    assert s.fit("speed", data=few).nobs == 20


def test_a_call_is_shown_in_a_line(s):
    assert repr(s.call("speed")).startswith("call of ef.beta_convergence for speed")


def test_a_cell_in_which_a_number_is_printed_is_named_so_that_it_is_found(
    folder, tmp_path
):
    copy = shutil.copytree(folder, tmp_path / "copy")
    late, whole = (
        s_row["estimate_id"]
        for s_row in (
            ef.open_study(copy).row("speed"),
            ef.open_study(copy).row("beta.half_life"),
        )
    )
    pd.DataFrame(
        {
            "spec": ["absolute", "absolute", "absolute"],
            "period": ["P1", "S1", "S1"],
            "blank": [None, None, None],
            "year": [1960, 1980, 2000],
            "speed_estimate_id": ["a" * 12, late, whole],
        }
    ).to_csv(copy / "results" / "tables" / "T8.csv", index=False)
    opened = ef.open_study(copy)
    places = map(str, opened.numbers["beta.half_life"].printed)
    assert "table T8, row absolute:2000, column speed" in [*places]
    assert opened.row("T8:absolute:2000:speed")["estimate_id"] == whole
    with pytest.raises(ReportError, match="T8:absolute:speed may be 3 cells"):
        opened.fit("T8:absolute:speed")


def test_rows_in_any_order_give_the_same(s):
    data = s.data("speed")
    call = s.call("speed")
    arguments = dict(call.call.arguments)
    mixed = ef.beta_convergence(data=data.sample(frac=1, random_state=3), **arguments)
    assert np.allclose(mixed.params, s.fit("speed").params, rtol=1e-12)


def test_every_row_of_a_stored_study_is_the_fit_of_the_library_or_says_why(s):
    counts, faults, reasons = walked(s, s.estimates)
    assert not faults, "\n".join(map(str, faults[:3]))
    for topic in ("beta", "sigma", "rolling", "clubs", "inequality"):
        assert counts[topic, "equal"], topic
    for topic in ("moran", "distribution", "dynamic_panel"):
        assert counts[topic, "in part"], topic
    assert all(len(reason) > 60 for reason in reasons.values())
    for (topic, *_), reason in reasons.items():
        assert "it has no estimate" in reason, f"{topic}: {reason}"


def test_a_row_that_is_changed_is_not_equal(s):
    call = s.call("speed")
    row = {**call.row, "estimate": call.row["estimate"] * (1 + 1e-5)}
    changed = type(call)(**{**call.__dict__, "row": row})
    assert not changed.compared(call.fit()).loc["estimate", "same"]


@pytest.mark.parametrize(
    ("printed", "found", "same"),
    [
        (1.23456, 1.234564, True),
        (1.23456, 1.23457, False),
        (123456.0, 123456.4, True),
        (0.0, 1e-15, True),
        (0.0, 1e-3, False),
        (1.0, float("nan"), False),
        (float("inf"), 1.0, False),
        (float("-inf"), float("inf"), False),
        (float("inf"), float("inf"), True),
        (float("nan"), 1.0, False),
        (1.0, float("inf"), False),
        (0.0, float("-inf"), False),
        (0.0, float("nan"), False),
    ],
)
def test_digits_of_a_row(printed, found, same):
    assert same_digits(printed, found) == same


@pytest.mark.command
def test_the_code_that_why_prints_runs_as_it_stands(s, folder):
    names = ["speed", moran_row(s)]
    printed = program_copies.run_well("why", *names, "--code", "--directory", folder)
    assert printed == "\n\n".join(s.call(name).code for name in names) + "\n"
    done = subprocess.run(
        [sys.executable, "-c", printed], capture_output=True, text=True, check=True
    )
    assert f"{s.compared('speed').loc['estimate', 'fit'] / 100:.6f}" in done.stdout


def moran_row(s):
    rows = s.estimates.query("topic == 'moran' and estimator == 'moran'")
    return rows.query("controls_id == 'none'")["estimate_id"].iloc[0]


@pytest.mark.parametrize("name", ["study", "from-a-number"])
def test_the_page_of_the_library_prints_what_it_says(folder, capsys, name):
    page = (ROOT / "docs" / "library" / f"{name}.md").read_text()
    blocks = re.findall(r"```py\n(.*?)```(?:\n+```text\n(.*?)```)?", page, re.DOTALL)
    names = {}
    for code, said in blocks:
        exec(code.replace("examples/mexico-states", str(folder)), names)
        printed = capsys.readouterr().out.replace(str(folder), "examples/mexico-states")
        if said:
            assert printed.split() == said.split()


def test_the_number_of_a_stored_study_is_a_frame_that_can_be_kept(s):
    assert isinstance(s.compared("speed"), pd.DataFrame)
    assert "numbers" in repr(s)


def test_a_notebook_shows_the_page_and_the_topics_of_a_study(s):
    html = s._repr_html_()
    assert str(s.folder / "results" / "report" / "index.html") in html
    counts = s.estimates["family"].value_counts()
    assert all(f"{name}: {count}" in html for name, count in counts.items())
