"""Other names for all units, in another order, change no number of the whole China
study, random draws included.
"""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import gate

ROOT = Path(__file__).parents[2]
NUMBERS = (
    "estimate std_error statistic df p_value conf_low conf_high n_obs n_units n_treated"
    " g_star mde".split()
)
LABELS = (
    "hypothesis family role estimator spec_id outcome term contrast effect_type"
    " sample_id unit_scheme period treatment_def controls_id fe_id w_id"
    " max_leverage_unit"
).split()


def numbers(folder, names):
    for command in (["data"], ["results/estimates.csv"]):
        run = [sys.executable, str(ROOT / "run"), *command, "--directory", str(folder)]
        done = subprocess.run(
            run,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    table = pd.read_csv(
        folder / "results" / "estimates.csv", dtype=str, keep_default_na=False
    )

    # Units that are left out together are listed by id.
    def words(text):
        return sorted(re.sub("CN-[A-Z]{2}", lambda m: names[m[0]], text).split())

    table[LABELS] = table[LABELS].map(lambda text: " ".join(words(text)))
    return table[[*LABELS, *NUMBERS]].sort_values(
        [*LABELS, *NUMBERS], ignore_index=True
    )


@pytest.mark.long
def test_new_names_in_another_order_change_no_number(tmp_path):
    ids = pd.read_csv(ROOT / "data" / "units.csv")["unit"].tolist()
    new = {
        name: f"CN-{chr(90 - i // 26)}{chr(65 + i * 7 % 26)}"
        for i, name in enumerate(ids)
    }
    assert len(set(new.values())) == len(ids)
    assert sorted(ids, key=new.__getitem__) not in (ids, ids[::-1])
    for folder in ("named", "renamed"):
        gate.copy_study(ROOT, tmp_path / folder)
    for path in (tmp_path / "renamed").rglob("*"):
        if path.is_file() and path.suffix in {
            ".csv",
            ".json",
            ".geojson",
            ".yaml",
            ".md",
        }:
            text = path.read_text()
            path.write_text(re.sub("CN-[A-Z]{2}", lambda m: new.get(m[0], m[0]), text))
    label = numbers(tmp_path / "named", {name: name for name in ids})
    assert_frame_equal(
        numbers(tmp_path / "renamed", {new[name]: name for name in ids}), label
    )
