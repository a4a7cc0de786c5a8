"""Results that were cut, emptied, replaced, swapped or edited after the run: an opened
study and `why` give what the run wrote, or say in one line what is wrong.
"""

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
    "shown": repr,
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


def refused_or_right(folder, right):
    """Read all; return how much was refused, and what is neither right nor refused in a
    line.
    """
    refused, faults = 0, []
    try:
        s = ef.open_study(folder)
    except OpenError:
        return 1, []
    for name, read in READS.items():
        allowed = ReportError if name.startswith("why") else OpenError
        try:
            if read(s) != right[name].replace("", ""):
                faults.append(f"{name}: another answer")
        except allowed as error:
            refused += 1
            if "\n" in str(error) or str(error).count(";") < 2:
                faults.append(f"{name}: {error}")
        except Exception as error:
            faults.append(f"{name}: {type(error).__name__} {error}")
    return refused, faults


def files_of(folder):
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]
