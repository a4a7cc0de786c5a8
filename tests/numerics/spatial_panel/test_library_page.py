"""The example of docs/library/arrays.md runs as printed, on files of the names that it has."""

import re
from pathlib import Path

import pandas as pd

from spatial_cases import make_case

PAGE = (Path(__file__).parents[3] / "docs" / "library" / "arrays.md").read_text(encoding="utf-8")


def test_the_example_runs(tmp_path, monkeypatch, capsys):
    case = make_case()
    t, n = case.y.shape
    pd.DataFrame({"unit": case.units * t, "year": [i // n for i in range(n * t)], "output": case.y.ravel(),
                  "capital": case.X[..., 0].ravel(), "labour": case.X[..., 1].ravel()}
                 ).sample(frac=1, random_state=1).to_csv(tmp_path / "my_panel.csv", index=False)  # fmt: skip
    pd.DataFrame(case.matrix, case.units, case.units).to_csv(tmp_path / "my_weights.csv")
    monkeypatch.chdir(tmp_path)
    code = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert code is not None
    exec(compile(code.group(1), "arrays.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "indirect" in printed and "capital" in printed
