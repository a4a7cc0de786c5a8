"""What an editor and a type checker see of the library, which they read and do not run."""

import inspect
import subprocess
import sys
from pathlib import Path

import jedi
import pytest

import evenfield as ef

WORKFLOW = Path(ef.__file__).parents[1]
CALLED = (
    "beta_convergence clubs common_support compare contrasts dynamic_gmm event_study"
    " inequality join_count label_permutation log_t markov moran nearby ols ols_by"
    " open_study sigma spatial_panel specification_curve synthetic_control weights"
).split()
RIGHT_AND_WRONG = """
fit = ef.ols("y ~ x", data, unit="unit", inference="CR3")
reveal_type(fit)
fit.parms
"""


def test_every_name_is_completed():
    script = jedi.Script("import evenfield as ef\nef.", path=WORKFLOW / "any.py")
    completed = {one.name for one in script.complete(2, 3)}
    assert not set(ef.__all__) - completed


@pytest.mark.parametrize("name", CALLED)
def test_an_editor_shows_arguments_and_the_first_sentence(name):
    code = f"import evenfield as ef\nef.{name}("
    [signature] = jedi.Script(code, path=WORKFLOW / "any.py").get_signatures()
    function = getattr(ef, name)
    # Where options go on to another function, jedi shows the arguments of that one.
    own = [one for one in inspect.signature(function).parameters if one != "options"]
    assert [one.name for one in signature.params][: len(own)] == own
    first_line = inspect.getdoc(function).splitlines()[0]
    assert first_line in signature.docstring()


def test_a_type_checker_reads_the_calls(tmp_path):
    head = "import pandas as pd\nimport evenfield as ef\n\ndata = pd.DataFrame()\n"
    revealed = "".join(f"reveal_type(ef.{name})\n" for name in CALLED)
    module = tmp_path / "calls.py"
    module.write_text(head + revealed + RIGHT_AND_WRONG)
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
    assert len(notes) == len(CALLED) + 1, checked.stdout + checked.stderr
    assert all("def (" in note for note in notes[:-1])
    assert notes[-1].endswith('"evenfield.api.regression.LeastSquares"')
    errors = [line for line in checked.stdout.splitlines() if "error:" in line]
    assert len(errors) == 1
    assert '"LeastSquares" has no attribute "parms"' in errors[0]
