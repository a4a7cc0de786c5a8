"""Results that were cut, emptied, replaced, swapped or edited after the run: an opened
study and `why` give what the run wrote, or say in one line what is wrong.
"""

import shutil
from contextlib import chdir
from pathlib import Path

import pytest
import yaml

import evenfield as ef
from evenfield.opened.errors import OpenError
from evenfield.report.evidence import Evidence
from evenfield.study.errors import ReportError
from stored_study import finish, print_number, store_study

ROOT = Path(__file__).parents[2]
SPEED = {"family": "beta", "spec_id": "absolute", "term": "speed", "estimator": "ols"}
NUMBERS = {
    "speed": {**SPEED, "period": "S1", "show": "0.0", "unit": "% a year"},
    "states": {"file": "panel/all/units.csv", "take": "count", "show": "0"},
}
TOPICS = ("beta", "sigma", "moran")
READS = {
    "shown": lambda s: repr(s).replace(str(s.folder), ""),
    "number": lambda s: str(s.numbers["speed"]),
    "of a section": lambda s: str(s.numbers["beta.speed"]),
    "names": lambda s: sorted(s.numbers),
    "estimates": lambda s: s.estimates.to_csv(),
    "panel": lambda s: s.panel.to_csv(),
    "units": lambda s: s.units.to_csv(),
    "table": lambda s: s.table("T6").to_csv(),
    "periods": lambda s: s.table("panel/all/periods.csv").to_csv(),
    "row": lambda s: str(s.row("speed")),
    "cell": lambda s: str(s.row("T6:1940-2000:speed")),
    "data": lambda s: s.data("speed").to_csv(),
    "fit": lambda s: s.fit("beta.speed").to_frame().to_csv(),
    "code": lambda s: s.call("speed").code.replace(str(s.folder), ""),
    "weights": lambda s: s.weights(moran_row(s)).to_csv(),
    "compared": lambda s: s.compared(moran_row(s)).to_csv(),
    "beside": lambda s: sorted(s.beside),
    "why": lambda s: way(s, "speed"),
    "why of a section": lambda s: way(s, "beta.speed"),
    "why of a cell": lambda s: way(s, "T6:1940-2000:speed"),
}


def way(s, name):
    with chdir(s.folder):
        return str(Evidence(s._config).way(name))


def moran_row(s):
    rows = s.estimates.query("topic == 'moran' and estimator == 'moran'")
    return rows.query("controls_id == 'none'")["estimate_id"].iloc[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("attacked") / "study"
    place.mkdir()
    mexico = ROOT / "examples" / "mexico-states"
    config = yaml.safe_load((mexico / "config.yaml").read_text("utf-8"))
    sections = {topic: config["estimates"][topic] for topic in TOPICS}
    changes = {"estimates": sections, "tables": ["T6"], "figures": []}
    changes.pop("exhibits", None)
    store_study(mexico, place, changes, NUMBERS)
    print_number(place, "speed")
    finish(place)
    return place


@pytest.fixture(scope="module")
def right(folder):
    s = ef.open_study(folder)
    return {name: read(s) for name, read in READS.items()}


def edited(content):
    """Another figure in the last line of numbers, or in the middle of what has none."""
    at = max(content.rfind(digit) for digit in b"123456789")
    at = at if at >= 0 else len(content) // 2
    return content[:at] + b"7" * (content[at : at + 1] != b"7") + content[at + 1 :]


ATTACKS = {
    "cut": lambda content, _: content[: len(content) // 2],
    "lines cut": lambda content, _: b"\n".join(
        content.split(b"\n")[: content.count(b"\n") // 2]
    ),
    "emptied": lambda *_: b"",
    "garbage": lambda *_: b"\xff\xfe\x00{[" * 9,
    "text": lambda *_: b"unit,unit\n1\n2,3,4\n",
    "JSON of another kind": lambda *_: b'[{"hypotheses": 1}, null]',
    "an empty mapping": lambda *_: b"{}",
    "edited": lambda content, _: edited(content),
    "another file": lambda _, other: other,
    "gone": lambda *_: None,
    "a folder": lambda *_: "folder",
}


def attacked(path, attack, other):
    content = ATTACKS[attack](path.read_bytes(), other)
    path.unlink()
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)


def refused_or_right(folder, right, names):
    """Read what is named; return how much was refused, and what is neither right nor
    refused in a line.
    """
    refused, faults = 0, []
    try:
        s = ef.open_study(folder)
    except OpenError:
        return 1, []
    for name in names:
        read = READS[name]
        allowed = ReportError if name.startswith("why") else OpenError
        try:
            if read(s) != right[name]:
                faults.append(f"{name}: another answer")
        except allowed as error:
            refused += 1
            if "\n" in str(error) or "; expected " not in str(error):
                faults.append(f"{name}: {error}")
        except Exception as error:
            faults.append(f"{name}: {type(error).__name__} {error}")
    return refused, faults


def files_of(folder):
    """All files but texts, which are read as they are now."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return [path for path in paths if path.parent != folder / "text"]


def attack_all(folder, tmp_path, right, attacks, names):
    """Attack each file by itself; return all that is wrong, and whether all is refused
    that was read of an attacked file of the results.
    """
    faults = []
    refusals = 0
    paths = files_of(folder)
    for number, path in enumerate(paths):
        name = path.relative_to(folder)
        for attack in attacks(number):
            copy = shutil.copytree(folder, tmp_path / "copy")
            other = paths[(number + 7) % len(paths)].read_bytes()
            attacked(copy / name, attack, other)
            refused, wrong = refused_or_right(copy, right, names)
            refusals += refused
            faults += [f"{name}, {attack}: {fault}" for fault in wrong]
            shutil.rmtree(copy)
    return refusals, faults


def test_what_was_refused_once_is_refused_again(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    attacked(copy / "results" / "weights" / "all" / "contiguity.csv", "edited", b"")
    s = ef.open_study(copy)
    for name in ["of a section", "weights", "compared", "weights"]:
        with pytest.raises(OpenError, match="contiguity"):
            READS[name](s)


def some(number):
    """One attack for each file, another one for the next."""
    return [list(ATTACKS)[number % len(ATTACKS)]]


def test_an_attacked_file_is_refused_or_changes_nothing(folder, tmp_path, right):
    names = ["of a section", "number", "panel", "row", "cell", "table", "data", "why"]
    refusals, faults = attack_all(folder, tmp_path, right, some, names)
    assert not faults, "\n".join(faults)
    assert refusals > len(files_of(folder))


@pytest.mark.long
def test_every_attack_on_every_file_is_refused_or_changes_nothing(
    folder, tmp_path, right
):
    _, faults = attack_all(folder, tmp_path, right, lambda _: ATTACKS, READS)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("attack", ATTACKS)
def test_results_without_a_manifest_are_read_as_they_are_or_refused(
    folder, tmp_path, right, attack
):
    """What is no longer a table is refused; nothing is known of figures."""
    for name in ("numbers.json", "estimates.csv", "answers.json", "tables/T6.csv"):
        copy = shutil.copytree(folder, tmp_path / "copy")
        (copy / "results" / "manifest.json").unlink()
        other = (copy / "config.yaml").read_bytes()
        attacked(copy / "results" / name, attack, other)
        names = ["number", "row", "table", "cell", "why"]
        _, faults = refused_or_right(copy, right, names)
        assert all("another answer" in fault for fault in faults), faults
        shutil.rmtree(copy)


def test_half_a_panel_and_an_edited_estimate_are_named(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    for name, read in {
        "panel/all/panel.csv": "panel",
        "weights/all/exposures.csv": "weights",
        "estimates.csv": "estimates",
    }.items():
        path = copy / "results" / name
        whole = path.read_text()
        path.write_text("".join(whole.splitlines(keepends=True)[:-3]))
        message = (
            f"results/{name} is not the file that the run wrote; expected .*run it"
        )
        with pytest.raises(OpenError, match=message):
            READS[read](ef.open_study(copy))
        path.write_text(whole)


@pytest.mark.parametrize("folder", ["~nobody-of-this-name/x", "a\0b", "x" * 5000])
def test_a_folder_that_can_be_none_is_refused_in_a_line(folder):
    with pytest.raises(OpenError, match="; expected "):
        ef.open_study(folder)


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"{{ n.speed", b"{{ n.other }} {{ n.speed }}"]
)
def test_a_text_that_does_not_fit_the_results_changes_no_evidence(
    folder, tmp_path, right, content
):
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "text" / "page.md").write_bytes(content)
    told = way(ef.open_study(copy), "speed")
    assert (
        told.partition("heading='Estimate'")[2]
        == right["why"].partition("heading='Estimate'")[2]
    )


@pytest.mark.parametrize("name", ["", "..", "../config.yaml", "/etc/passwd", "a\0b"])
def test_a_table_outside_of_the_results_is_no_table(folder, name):
    (folder / "outside.csv").write_text("a\n1\n")
    s = ef.open_study(folder)
    for path in (name, "../outside.csv", str(folder / "outside.csv")):
        with pytest.raises(OpenError, match="no table"):
            s.table(path)
    (folder / "outside.csv").unlink()
