"""What an editor and a type checker see of the library, which they read and do not run."""

import inspect
import subprocess
import sys
from pathlib import Path

import jedi
import pytest

import evenfield as ef

WORKFLOW = Path(ef.__file__).parents[1]
PLACE = WORKFLOW / "any.py"  # beside the library, where an editor would find it
FUNCTIONS = [name for name in dir(ef) if inspect.isfunction(getattr(ef, name))]
ONE_MISSPELT_ATTRIBUTE = """
fit = ef.ols("y ~ x", data, unit="unit", inference="CR3")
reveal_type(fit)
fit.parms
"""


def test_every_name_is_completed():
    script = jedi.Script("import evenfield as ef\nef.", path=PLACE)
    completed = {one.name for one in script.complete(2, 3)}
    assert not set(dir(ef)) - completed


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_editor_shows_arguments_and_the_first_line(name):
    code = f"import evenfield as ef\nef.{name}("
    [signature] = jedi.Script(code, path=PLACE).get_signatures()
    function = getattr(ef, name)
    # Where options go on to another function, jedi shows the arguments of that one.
    own = [one for one in inspect.signature(function).parameters if one != "options"]
    assert [one.name for one in signature.params][: len(own)] == own
    first_line = inspect.getdoc(function).splitlines()[0]
    assert first_line in signature.docstring()


def test_a_type_checker_knows_what_a_function_returns(tmp_path):
    head = "import pandas as pd\nimport evenfield as ef\n\ndata = pd.DataFrame()\n"
    revealed = "".join(f"reveal_type(ef.{name})\n" for name in FUNCTIONS)
    module = tmp_path / "calls.py"
    module.write_text(head + revealed + ONE_MISSPELT_ATTRIBUTE)
    command = "-m mypy --no-incremental --follow-imports=silent calls.py".split()
    checked = subprocess.run(
        [sys.executable, *command],
        env={"MYPYPATH": str(WORKFLOW)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    notes = [line for line in checked.stdout.splitlines() if "Revealed type" in line]
    assert len(notes) == len(FUNCTIONS) + 1, checked.stdout + checked.stderr
    assert all("def (" in note and "-> Any" not in note for note in notes[:-1])
    assert notes[-1].endswith('"evenfield.api.regression.LeastSquares"')
    [error] = [line for line in checked.stdout.splitlines() if "error:" in line]
    assert '"LeastSquares" has no attribute "parms"' in error
