"""Render single tables and figures from the results of a run, for the work on one of
them: about a second each; nothing is estimated, and results/ stays as it is.
"""

from functools import partial
from pathlib import Path
from typing import Any

from evenfield.report.render import render
from evenfield.shared.second_studies import second_exhibit
from evenfield.shared.study_results import StudyResults
from evenfield.shared.topics import (
    exhibit_files,
    exhibit_owners,
    exhibit_words,
    inputs,
    read_topics,
    settings,
)
from evenfield.study.errors import ConfigError, ReportError, first_examples, nearest
from study import arguments, run_command

# Beside the results of the run, whose hashes and dates stay as they are.
FOLDER = "results/show"


def show(names: list[str], config: dict[str, Any]) -> None:
    """Render exhibits of the study by name and print where they are."""
    known = [*config["tables"], *config["figures"]]
    for name in names:
        exhibit, study = second_exhibit(name)
        if study in config["beside"]:
            folder = config["beside"][study]
            raise ConfigError(
                f"show: {name} is of the study beside",
                "a table or figure of this study",
                f"python3 run show {exhibit} --directory {folder}",
            )
        if name not in known:
            raise ConfigError(
                f"show: {name} is no table or figure of the study",
                f"one of {', '.join(known)}",
                nearest(name, known, "`python3 run list` says what each shows"),
            )
    titles = exhibit_words(config)
    for name in names:
        topic = exhibit_owners()[name]
        step = read_topics()[topic].render
        need_files(config, topic)
        results = StudyResults(settings(config, topic, step), "results")
        results.topic = topic
        files = exhibit_files(name, FOLDER)
        render(
            name,
            results,
            titles[name]["title"],
            files,
            study=config["study"],
            may_be_empty=True,  # it then says what it lacks
        )
        print("\n".join(files))


def need_files(config: dict[str, Any], topic: str) -> None:
    """Refuse where a run has not yet made what an exhibit of the topic reads."""
    files = inputs(config, read_topics()[topic].render)
    if topic in config["estimates"]:
        files.append(f"results/estimates/{topic}/estimates.csv")
    missing = [path for path in files if not Path(path).is_file()]
    if missing:
        raise ReportError(
            f"show: no {first_examples(missing)}",
            "the results of a run",
            "run the study once: python3 run, with --directory DIR if it is another one",
        )


if __name__ == "__main__":
    parser = arguments("show", __doc__, "show T6 F5")
    parser.add_argument(
        "names", nargs="+", metavar="NAME", help="tables and figures, such as T6 F5"
    )
    options = parser.parse_args()
    run_command(options, partial(show, options.names))
