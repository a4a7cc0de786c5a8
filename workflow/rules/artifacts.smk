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


rule tabulate_dynamic:
    """T7: convergence in the dynamic panel."""
    input:
        library=library("artifacts"),
        estimates=rules.estimate_dynamic.output.estimates,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T7"),
    log:
        "results/logs/tabulate_dynamic.log",
    benchmark:
        "results/benchmarks/tabulate_dynamic.tsv"
    conda:
        "../../environment.yml"
    params:
        specs=config["estimates"].get("dynamic"),
        periods=config["periods"],
        inference=config["inference"],
        study=config["study"],
    script:
        "../scripts/tabulate_dynamic.py"


rule tabulate_regime:
    """T8: convergence by exposure to clusters and zones."""
    input:
        library=library("artifacts"),
        estimates=rules.estimate_regime.output.estimates,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T8"),
    log:
        "results/logs/tabulate_regime.log",
    benchmark:
        "results/benchmarks/tabulate_regime.tsv"
    conda:
        "../../environment.yml"
    params:
        specs=config["estimates"].get("regime"),
        periods=config["periods"],
        inference=config["inference"],
        study=config["study"],
        power=POWER,
    script:
        "../scripts/tabulate_regime.py"


rule tabulate_sigma:
    """T9: sigma convergence, start against end of each period."""
    input:
        library=library("artifacts"),
        estimates=rules.estimate_sigma.output.estimates,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T9"),
    log:
        "results/logs/tabulate_sigma.log",
    benchmark:
        "results/benchmarks/tabulate_sigma.tsv"
    conda:
        "../../environment.yml"
    params:
        specs=config["estimates"].get("sigma"),
        periods=config["periods"],
        inference=config["inference"],
        study=config["study"],
    script:
        "../scripts/tabulate_sigma.py"


rule tabulate_clubs:
    """T10: log t tests and convergence clubs."""
    input:
        library=library("artifacts"),
        estimates=rules.estimate_clubs.output.estimates,
        series=rules.estimate_clubs.output.series,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T10"),
    log:
        "results/logs/tabulate_clubs.log",
    benchmark:
        "results/benchmarks/tabulate_clubs.tsv"
    conda:
        "../../environment.yml"
    params:
        specs=config["estimates"].get("clubs"),
        periods=config["periods"],
        inference=config["inference"],
        study=config["study"],
    script:
        "../scripts/tabulate_clubs.py"


rule tabulate_clubs_cells:
    """T10b: clubs against policy cells."""
    input:
        library=library("artifacts"),
        estimates=rules.estimate_clubs.output.estimates,
        series=rules.estimate_clubs.output.series,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T10b"),
    log:
        "results/logs/tabulate_clubs_cells.log",
    benchmark:
        "results/benchmarks/tabulate_clubs_cells.tsv"
    conda:
        "../../environment.yml"
    params:
        specs=config["estimates"].get("clubs"),
        periods=config["periods"],
        inference=config["inference"],
        study=config["study"],
    script:
        "../scripts/tabulate_clubs_cells.py"


rule tabulate_transitions:
    """T11: transition matrices, ergodic distribution, mobility."""
    input:
        library=library("artifacts"),
        estimates=rules.estimate_distribution.output.estimates,
        series=rules.estimate_distribution.output.series,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T11"),
    log:
        "results/logs/tabulate_transitions.log",
    benchmark:
        "results/benchmarks/tabulate_transitions.tsv"
    conda:
        "../../environment.yml"
    params:
        specs=config["estimates"].get("distribution"),
        periods=config["periods"],
        inference=config["inference"],
        study=config["study"],
    script:
        "../scripts/tabulate_transitions.py"


rule tabulate_spatial_chain:
    """T11b: the chain conditional on neighbours."""
    input:
        library=library("artifacts"),
        estimates=rules.estimate_distribution.output.estimates,
        series=rules.estimate_distribution.output.series,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T11b"),
    log:
        "results/logs/tabulate_spatial_chain.log",
    benchmark:
        "results/benchmarks/tabulate_spatial_chain.tsv"
    conda:
        "../../environment.yml"
    params:
        specs=config["estimates"].get("distribution"),
        periods=config["periods"],
        inference=config["inference"],
        study=config["study"],
    script:
        "../scripts/tabulate_spatial_chain.py"


rule tabulate_inequality:
    """T12: inequality within and between groups."""
    input:
        library=library("artifacts"),
        estimates=rules.estimate_inequality.output.estimates,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T12"),
    log:
        "results/logs/tabulate_inequality.log",
    benchmark:
        "results/benchmarks/tabulate_inequality.tsv"
    conda:
        "../../environment.yml"
    params:
        specs=config["estimates"].get("inequality"),
        periods=config["periods"],
        inference=config["inference"],
        study=config["study"],
    script:
        "../scripts/tabulate_inequality.py"


rule tabulate_growth_shares:
    """T12b: shares of national growth by cell."""
    input:
        library=library("artifacts"),
        estimates=rules.estimate_inequality.output.estimates,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T12b"),
    log:
        "results/logs/tabulate_growth_shares.log",
    benchmark:
        "results/benchmarks/tabulate_growth_shares.tsv"
    conda:
        "../../environment.yml"
    params:
        specs=config["estimates"].get("inequality"),
        periods=config["periods"],
        study=config["study"],
    script:
        "../scripts/tabulate_growth_shares.py"


rule tabulate_pattern:
    """T13: spatial pattern by year."""
    input:
        library=library("artifacts"),
        estimates=rules.estimate_pattern.output.estimates,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T13"),
    log:
        "results/logs/tabulate_pattern.log",
    benchmark:
        "results/benchmarks/tabulate_pattern.tsv"
    conda:
        "../../environment.yml"
    params:
        specs=config["estimates"].get("pattern"),
        inference=config["inference"],
        weights=MAIN_WEIGHTS,
        study=config["study"],
    script:
        "../scripts/tabulate_pattern.py"


rule draw_clock:
    """F5c: the convergence clock."""
    input:
        library=library("artifacts"),
        series=rules.estimate_clock.output.series,
    output:
        figure=figure_files("F5c"),
    log:
        "results/logs/draw_clock.log",
    benchmark:
        "results/benchmarks/draw_clock.tsv"
    conda:
        "../../environment.yml"
    params:
        spec=primary_spec("clock"),
        study=config["study"],
    script:
        "../scripts/draw_clock.py"


rule draw_inequality:
    """F6: inequality between and within groups over time."""
    input:
        library=library("artifacts"),
        series=rules.estimate_inequality.output.series,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        figure=figure_files("F6"),
    log:
        "results/logs/draw_inequality.log",
    benchmark:
        "results/benchmarks/draw_inequality.tsv"
    conda:
        "../../environment.yml"
    params:
        spec=primary_spec("inequality"),
        groupings=inequality_groupings(),
    script:
        "../scripts/draw_inequality.py"


rule draw_clubs:
    """F7: relative transition paths and club heat map."""
    input:
        library=library("artifacts"),
        series=rules.estimate_clubs.output.series,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        figure=figure_files("F7"),
    log:
        "results/logs/draw_clubs.log",
    benchmark:
        "results/benchmarks/draw_clubs.tsv"
    conda:
        "../../environment.yml"
    params:
        spec=primary_spec("clubs"),
        study=config["study"],
    script:
        "../scripts/draw_clubs.py"


rule draw_currency:
    """F8: what the currency unit does to the log t test."""
    input:
        library=library("artifacts"),
        series=rules.estimate_clubs.output.series,
        estimates=rules.estimate_clubs.output.estimates,
    output:
        figure=figure_files("F8"),
    log:
        "results/logs/draw_currency.log",
    benchmark:
        "results/benchmarks/draw_currency.tsv"
    conda:
        "../../environment.yml"
    params:
        specs=config["estimates"].get("clubs"),
        periods=config["periods"],
    script:
        "../scripts/draw_currency.py"


rule draw_kernels:
    """F9: stochastic kernels and ergodic densities."""
    input:
        library=library("artifacts"),
        series=rules.estimate_distribution.output.series,
        estimates=rules.estimate_distribution.output.estimates,
    output:
        figure=figure_files("F9"),
    log:
        "results/logs/draw_kernels.log",
    benchmark:
        "results/benchmarks/draw_kernels.tsv"
    conda:
        "../../environment.yml"
    params:
        spec=kernel_spec(),
        periods=config["periods"],
    script:
        "../scripts/draw_kernels.py"


rule draw_pattern:
    """F10: Moran over time and the strip of local Moran."""
    input:
        library=library("artifacts"),
        series=rules.estimate_pattern.output.series,
    output:
        figure=figure_files("F10"),
    log:
        "results/logs/draw_pattern.log",
    benchmark:
        "results/benchmarks/draw_pattern.tsv"
    conda:
        "../../environment.yml"
    params:
        spec=primary_spec("pattern"),
        discovery_rate=(config["estimates"].get("pattern") or [{}])[0].get("discovery_rate", 0.05),
        study=config["study"],
    script:
        "../scripts/draw_pattern.py"
