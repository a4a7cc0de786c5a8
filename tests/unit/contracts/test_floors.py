"""Which library files a rule rests on."""

from __future__ import annotations

import pytest

from evenfield.contracts.floors import BELOW, FLOORS, LIBRARY, library_files


@pytest.mark.parametrize(
    ("room", "folders"),
    [
        ("ingest", {"contracts", "ingest"}),
        ("weights", {"contracts", "numerics", "weights"}),
        ("estimates/convergence", {"contracts", "numerics", "estimates"}),
    ],
)
def test_rule_rests_on_its_room_and_the_floors_below(room: str, folders: set[str]) -> None:
    files = library_files(room)
    assert files == sorted(files)
    assert {path.split("/")[0] for path in files} == folders
    assert all((LIBRARY / path).is_file() for path in files)


def test_one_wing_does_not_rerun_for_another() -> None:
    assert not [path for path in library_files("estimates/convergence") if path.startswith("estimates/spillover")]


def test_every_floor_is_known() -> None:
    assert set(BELOW) == set(FLOORS) == {path.name for path in LIBRARY.iterdir() if (path / "__init__.py").exists()}
