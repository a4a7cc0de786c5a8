"""What may stand in a paper's LaTeX, and a compiler where the machine has one."""

import re
import shutil
import subprocess

# What is no prose: names of files, labels, keys, addresses.
NAMES = re.compile(
    r"\\(?:evenfieldinput\{\w+\}|input|evenfieldsee|label|ref|citet|citep|hyperref|href|bibliography"
    r"|bibliographystyle|begin|end)(?:\[[^\]]*\]|\{[^}]*\})"
)
MACRO = re.compile(r"\\(evenfield[A-Za-z]+)")
DEFINED = re.compile(r"^\\newcommand\{\\(evenfield[A-Za-z]+)\}", re.MULTILINE)
SIGNS = ("$^2$",)  # of a unit such as km2
# Equations are typed in TeX: an index such as 2000 is no number of the results.
EQUATIONS = re.compile(r"\\begin\{equation\}.*?\\end\{equation\}|\$[^$]*\$", re.DOTALL)


def typed_numbers(paper):
    """Digits in the text of a paper that no macro brings."""
    text = paper.partition(r"\begin{document}")[2]
    for sign in SIGNS:
        text = text.replace(sign, "")
    return re.findall(r"\S*\d\S*", NAMES.sub("", EQUATIONS.sub("", text)))


def unknown_macros(folder):
    """Macros of paper.tex that neither its head nor numbers.tex defines."""
    paper = (folder / "paper.tex").read_text("utf-8")
    known = set(DEFINED.findall(paper + (folder / "numbers.tex").read_text("utf-8")))
    return sorted(
        {*MACRO.findall(paper)}
        - known
        - {"evenfieldlong", "evenfieldid", "evenfieldtype"}
    )


COMPILERS = ("tectonic", "pdflatex", "xelatex")
FOUND = [name for name in COMPILERS if shutil.which(name)]


def compiled(folder, compiler):
    """Compile paper.tex in its folder and return what the last pass said."""
    if compiler == "tectonic":
        steps = [["tectonic", "--keep-logs", "paper.tex"]]
    else:
        tex = [compiler, "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
        cites = "\\bibliography{" in (folder / "paper.tex").read_text("utf-8")
        steps = [tex, *([["bibtex", "paper"]] if cites else []), tex, tex]
    for step in steps:
        done = subprocess.run(step, cwd=folder, capture_output=True, check=False)
        said = done.stdout.decode("utf-8", "replace")
        assert done.returncode == 0, said[-3000:]
    return (folder / "paper.log").read_text("utf-8", "replace")
