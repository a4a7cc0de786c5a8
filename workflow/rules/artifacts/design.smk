"""Floor 5, design. INPUT: results/estimates/, results/panel/. OUTPUT: results/tables/, results/figures/."""


rule tabulate_design:
    """TD: what the design can see, before any regression."""
    input:
        series=rules.estimate_design.output.series,
        estimates=rules.estimate_design.output.estimates,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("TD"),
    log:
        "results/logs/tabulate_design.log",
    benchmark:
        "results/benchmarks/tabulate_design.tsv"
    conda:
        "../../../environment.yml"
    params:
        taxonomy=MAIN_TAXONOMY,
        weights=MAIN_WEIGHTS,
        power=POWER,
        periods=config["periods"],
        study=config["study"],
    script:
        "../../scripts/tabulate_design.py"


rule tabulate_summary:
    """T3: summary statistics by cell and period."""
    input:
        series=rules.estimate_profile.output.series,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T3"),
    log:
        "results/logs/tabulate_summary.log",
    benchmark:
        "results/benchmarks/tabulate_summary.tsv"
    conda:
        "../../../environment.yml"
    params:
        taxonomy=MAIN_TAXONOMY,
        periods=config["periods"],
        controls=config["controls"],
        study=config["study"],
    script:
        "../../scripts/tabulate_summary.py"


rule draw_relative_income:
    """F3: relative income by cell over time."""
    input:
        series=rules.estimate_profile.output.series,
    output:
        figure=figure_files("F3"),
    log:
        "results/logs/draw_relative_income.log",
    benchmark:
        "results/benchmarks/draw_relative_income.tsv"
    conda:
        "../../../environment.yml"
    params:
        taxonomy=MAIN_TAXONOMY,
        unit_scheme=MAIN_SCHEME,
        study=config["study"],
    script:
        "../../scripts/draw_relative_income.py"
