"""Floor 5. INPUT: results/estimates/, results/panel/. OUTPUT: results/tables/, results/figures/. Draws, computes nothing."""


rule tabulate_design:
    """TD: what the design can see, before any regression."""
    input:
        library=library("artifacts"),
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
        "../../environment.yml"
    params:
        taxonomy=MAIN_TAXONOMY,
        weights=MAIN_WEIGHTS,
        power=POWER,
        periods=config["periods"],
        study=config["study"],
    script:
        "../scripts/tabulate_design.py"


rule tabulate_taxonomy:
    """T1: which unit is a cluster or SEZ region, since when, from which source."""
    input:
        library=library("artifacts"),
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
        "../../environment.yml"
    params:
        taxonomy=MAIN_TAXONOMY,
        periods=config["periods"],
        study=config["study"],
    script:
        "../scripts/tabulate_taxonomy.py"


rule tabulate_sources:
    """T2: data sources, coverage, grades and gaps."""
    input:
        library=library("artifacts"),
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
        "../../environment.yml"
    params:
        panel=config["panel"],
        controls=config["controls"],
        study=config["study"],
    script:
        "../scripts/tabulate_sources.py"


rule tabulate_summary:
    """T3: summary statistics by cell and period."""
    input:
        library=library("artifacts"),
        series=rules.estimate_profile.output.series,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T3"),
    log:
        "results/logs/tabulate_summary.log",
    benchmark:
        "results/benchmarks/tabulate_summary.tsv"
    conda:
        "../../environment.yml"
    params:
        taxonomy=MAIN_TAXONOMY,
        periods=config["periods"],
        controls=config["controls"],
        study=config["study"],
    script:
        "../scripts/tabulate_summary.py"


rule tabulate_beta:
    """T6: beta convergence by period, with sigma beside it."""
    input:
        library=library("artifacts"),
        beta=rules.estimate_beta.output.estimates,
        sigma=rules.estimate_sigma.output.estimates,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T6"),
    log:
        "results/logs/tabulate_beta.log",
    benchmark:
        "results/benchmarks/tabulate_beta.tsv"
    conda:
        "../../environment.yml"
    params:
        specs=config["estimates"].get("beta"),
        weights=MAIN_WEIGHTS,
        periods=config["periods"],
        controls=config["controls"],
        inference=config["inference"],
        study=config["study"],
    script:
        "../scripts/tabulate_beta.py"


rule tabulate_exposure:
    """T16: first look at neighbours' exposure, with what it could have seen."""
    input:
        library=library("artifacts"),
        estimates=rules.estimate_exposure.output.estimates,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T16"),
    log:
        "results/logs/tabulate_exposure.log",
    benchmark:
        "results/benchmarks/tabulate_exposure.tsv"
    conda:
        "../../environment.yml"
    params:
        spec=primary_spec("exposure"),
        periods=config["periods"],
        inference=config["inference"],
        power=POWER,
        study=config["study"],
    script:
        "../scripts/tabulate_exposure.py"


rule draw_cells:
    """F1: tile map of the cells with the cases."""
    input:
        library=library("artifacts"),
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
        "../../environment.yml"
    params:
        taxonomy=MAIN_TAXONOMY,
        periods=config["periods"],
        study=config["study"],
    script:
        "../scripts/draw_cells.py"


rule draw_outlines:
    """F1b: the same cells on the outlines of the units."""
    input:
        library=library("artifacts"),
        cells=main_scheme("results/panel/{scheme}/cells.csv"),
        units=main_scheme("results/panel/{scheme}/units.csv"),
        cases="results/ingest/cases.csv",
        outlines=rules.ingest_study.output.outlines,
    output:
        figure=figure_files("F1b"),
    log:
        "results/logs/draw_outlines.log",
    benchmark:
        "results/benchmarks/draw_outlines.tsv"
    conda:
        "../../environment.yml"
    params:
        taxonomy=MAIN_TAXONOMY,
        periods=config["periods"],
        study=config["study"],
    script:
        "../scripts/draw_outlines.py"


rule draw_rollout:
    """F2: zones by type and year, and who is left without one."""
    input:
        library=library("artifacts"),
        doses=main_scheme("results/panel/{scheme}/doses.csv"),
        series=rules.estimate_design.output.series,
    output:
        figure=figure_files("F2"),
    log:
        "results/logs/draw_rollout.log",
    benchmark:
        "results/benchmarks/draw_rollout.tsv"
    conda:
        "../../environment.yml"
    params:
        study=config["study"],
    script:
        "../scripts/draw_rollout.py"


rule draw_relative_income:
    """F3: relative income by cell over time."""
    input:
        library=library("artifacts"),
        series=rules.estimate_profile.output.series,
    output:
        figure=figure_files("F3"),
    log:
        "results/logs/draw_relative_income.log",
    benchmark:
        "results/benchmarks/draw_relative_income.tsv"
    conda:
        "../../environment.yml"
    params:
        taxonomy=MAIN_TAXONOMY,
        unit_scheme=MAIN_SCHEME,
        study=config["study"],
    script:
        "../scripts/draw_relative_income.py"


rule draw_beta:
    """F4: growth against initial income by period."""
    input:
        library=library("artifacts"),
        series=rules.estimate_beta.output.series,
        estimates=rules.estimate_beta.output.estimates,
        cells=main_scheme("results/panel/{scheme}/cells.csv"),
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        figure=figure_files("F4"),
    log:
        "results/logs/draw_beta.log",
    benchmark:
        "results/benchmarks/draw_beta.tsv"
    conda:
        "../../environment.yml"
    params:
        spec=primary_spec("beta"),
        taxonomy=MAIN_TAXONOMY,
        periods=config["periods"],
    script:
        "../scripts/draw_beta.py"


rule draw_sigma:
    """F5: dispersion of income over time with its leave-one-out band."""
    input:
        library=library("artifacts"),
        series=rules.estimate_sigma.output.series,
    output:
        figure=figure_files("F5"),
    log:
        "results/logs/draw_sigma.log",
    benchmark:
        "results/benchmarks/draw_sigma.tsv"
    conda:
        "../../environment.yml"
    params:
        unit_scheme=MAIN_SCHEME,
        study=config["study"],
    script:
        "../scripts/draw_sigma.py"


rule draw_exposure:
    """F13: own and neighbours' coefficients by period with what could have been detected."""
    input:
        library=library("artifacts"),
        series=rules.estimate_exposure.output.series,
    output:
        figure=figure_files("F13"),
    log:
        "results/logs/draw_exposure.log",
    benchmark:
        "results/benchmarks/draw_exposure.tsv"
    conda:
        "../../environment.yml"
    params:
        spec=primary_spec("exposure"),
        periods=config["periods"],
        power=POWER,
    script:
        "../scripts/draw_exposure.py"
