"""Floor 5, design. INPUT: results/estimates/, results/panel/. OUTPUT: results/tables/, results/figures/."""


rule tabulate_taxonomy:
    """T1: which unit is a cluster or SEZ region, since when, from which source."""
    input:
        cells=main_scheme("results/panel/{scheme}/cells.csv"),
        taxonomies="results/ingest/taxonomies.csv",
        units=main_scheme("results/panel/{scheme}/units.csv"),
        first_years=main_scheme("results/panel/{scheme}/first_years.csv"),
        doses=main_scheme("results/panel/{scheme}/doses.csv"),
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T1"),
    log:
        "results/logs/tabulate_taxonomy.log",
    benchmark:
        "results/benchmarks/tabulate_taxonomy.tsv"
    conda:
        "../../../environment.yml"
    params:
        taxonomy=MAIN_TAXONOMY,
        periods=config["periods"],
        study=config["study"],
    script:
        "../../scripts/tabulate_taxonomy.py"


rule tabulate_sources:
    """T2: data sources, coverage, grades and gaps."""
    input:
        data="results/ingest/panel.csv",
        provenance="results/ingest/panel_provenance.csv",
        sources="results/ingest/sources.csv",
        description="results/ingest/description.json",
    output:
        table=table_files("T2"),
    log:
        "results/logs/tabulate_sources.log",
    benchmark:
        "results/benchmarks/tabulate_sources.tsv"
    conda:
        "../../../environment.yml"
    params:
        panel=config["panel"],
        controls=config["controls"],
        study=config["study"],
    script:
        "../../scripts/tabulate_sources.py"


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


rule draw_cells:
    """F1: tile map of the cells with the cases."""
    input:
        cells=main_scheme("results/panel/{scheme}/cells.csv"),
        units=main_scheme("results/panel/{scheme}/units.csv"),
        cases="results/ingest/cases.csv",
    output:
        figure=figure_files("F1"),
    log:
        "results/logs/draw_cells.log",
    benchmark:
        "results/benchmarks/draw_cells.tsv"
    conda:
        "../../../environment.yml"
    params:
        taxonomy=MAIN_TAXONOMY,
        periods=config["periods"],
        study=config["study"],
    script:
        "../../scripts/draw_cells.py"


rule draw_rollout:
    """F2: zones by type and year, and who is left without one."""
    input:
        doses=main_scheme("results/panel/{scheme}/doses.csv"),
        series="results/estimates/design/series.csv",
    output:
        figure=figure_files("F2"),
    log:
        "results/logs/draw_rollout.log",
    benchmark:
        "results/benchmarks/draw_rollout.tsv"
    conda:
        "../../../environment.yml"
    params:
        study=config["study"],
    script:
        "../../scripts/draw_rollout.py"


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
