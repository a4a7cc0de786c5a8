"""Floor 5, policy. INPUT: results/estimates/, results/panel/. OUTPUT: results/tables/, results/figures/."""


rule tabulate_premium:
    """T4: premium of cluster and zone regions by period."""
    input:
        library=library("artifacts"),
        estimates=rules.estimate_premium.output.estimates,
        fit=rules.estimate_premium.output.fit,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T4"),
    log:
        "results/logs/tabulate_premium.log",
    benchmark:
        "results/benchmarks/tabulate_premium.tsv"
    conda:
        "../../../environment.yml"
    params:
        periods=config["periods"],
        inference=config["inference"],
        power=POWER,
        study=config["study"],
        taxonomy=MAIN_TAXONOMY,
    script:
        "../../scripts/tabulate_premium.py"


rule tabulate_factor_intensity:
    """T5: factor intensity, several outcomes together."""
    input:
        library=library("artifacts"),
        estimates=rules.estimate_factor_intensity.output.estimates,
        fit=rules.estimate_factor_intensity.output.fit,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T5"),
    log:
        "results/logs/tabulate_factor_intensity.log",
    benchmark:
        "results/benchmarks/tabulate_factor_intensity.tsv"
    conda:
        "../../../environment.yml"
    params:
        inference=config["inference"],
        power=POWER,
        study=config["study"],
        taxonomy=MAIN_TAXONOMY,
    script:
        "../../scripts/tabulate_factor_intensity.py"


rule tabulate_fading:
    """T22: change of zone premiums, location quotients."""
    input:
        library=library("artifacts"),
        estimates=rules.estimate_fading.output.estimates,
        fit=rules.estimate_fading.output.fit,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T22"),
    log:
        "results/logs/tabulate_fading.log",
    benchmark:
        "results/benchmarks/tabulate_fading.tsv"
    conda:
        "../../../environment.yml"
    params:
        periods=config["periods"],
        inference=config["inference"],
        power=POWER,
        study=config["study"],
        taxonomy=MAIN_TAXONOMY,
    script:
        "../../scripts/tabulate_fading.py"


rule draw_quotient:
    """F18: location quotients of zone regions and the others by year."""
    input:
        library=library("artifacts"),
        series=rules.estimate_fading.output.series,
    output:
        figure=figure_files("F18"),
    log:
        "results/logs/draw_quotient.log",
    benchmark:
        "results/benchmarks/draw_quotient.tsv"
    conda:
        "../../../environment.yml"
    script:
        "../../scripts/draw_quotient.py"
