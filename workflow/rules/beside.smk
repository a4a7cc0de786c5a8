"""Each study beside this one is made whole, in its own folder, by a run of its own, which
is one job here. A copy of its manifest records what this study takes from it.
"""

from evenfield.shared.second_studies import second_exhibit, second_files

SCRIPTS = [path.stem for path in sorted((HERE / "scripts").glob("*.py"))]


def exhibits_beside(study):
    """The tables and figures that this study shows of a study beside."""
    shown = [*config["tables"], *config["figures"]]
    return [name for name in shown if second_exhibit(name)[1] == study]


for study, folder in config["beside"].items():
    MADE_BY |= dict.fromkeys(exhibits_beside(study), "workflow/rules/beside.smk")

    rule:
        name:
            f"study_{study}"
        output:
            manifest=f"results/beside/{study}.json",
            exhibits=[
                path
                for name in exhibits_beside(study)
                for path in topics.exhibit_files(name)
            ],
        log:
            f"results/logs/study_{study}.log",
        # It takes longest; beside it this study's own jobs run.
        priority: 1000
        conda:
            "../../environment.yml"
        threads: max(1, (workflow.cores or 2) // 2)
        resources:
            mem_mb=4000,
            runtime=240,
        params:
            folder=folder,
            code=[code_of("page", *REPORT_FILES), *map(code_of, SCRIPTS)],
            data_hash=hash_of(second_files(folder)),
        script:
            "../scripts/beside.py"
