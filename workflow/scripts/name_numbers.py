"""Write the study's named numbers for the texts and for a manuscript in TeX."""

from pathlib import Path
from typing import Any


def main(
    *, config: dict[str, Any], estimates: str, content: str, macros: str, **_inputs: Any
) -> None:
    """Write results/numbers.json and results/numbers.tex."""
    from evenfield.report.numbers import named_numbers, numbers_tex
    from evenfield.study.files import write_json, write_text

    numbers = named_numbers(config, Path(estimates).parent)
    write_json({name: number.plain() for name, number in numbers.items()}, content)
    write_text(numbers_tex(numbers), macros)


if "snakemake" in globals():
    from entry import enter

    enter(snakemake, main)  # noqa: F821
