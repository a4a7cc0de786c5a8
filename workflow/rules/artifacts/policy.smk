"""Floor 5, policy. INPUT: results/estimates/, results/panel/. OUTPUT: results/tables/, results/figures/."""


rule tabulate_balance:
    """T21: urban and rural incomes in cluster and zone regions."""
    input:
        estimates=rules.estimate_balance.output.estimates,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T21"),
    log:
        "results/logs/tabulate_balance.log",
    benchmark:
        "results/benchmarks/tabulate_balance.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=primary_spec("balance"),
        inference=config["inference"],
        power=POWER,
        study=config["study"],
    script:
        "../../scripts/tabulate_balance.py"


rule draw_balance:
    """F17: paths of the urban-rural income ratio by cell."""
    input:
        series=rules.estimate_balance.output.series,
    output:
        figure=figure_files("F17"),
    log:
        "results/logs/draw_balance.log",
    benchmark:
        "results/benchmarks/draw_balance.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=primary_spec("balance"),
        study=config["study"],
    script:
        "../../scripts/draw_balance.py"


rule tabulate_west:
    """T24: growth before and after regional programmes."""
    input:
        estimates=rules.estimate_west.output.estimates,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T24"),
    log:
        "results/logs/tabulate_west.log",
    benchmark:
        "results/benchmarks/tabulate_west.tsv"
    conda:
        "../../../environment.yml"
    params:
        inference=config["inference"],
        power=POWER,
        study=config["study"],
    script:
        "../../scripts/tabulate_west.py"


rule tabulate_wages:
    """T23: wages, unit labour cost and foreign investment."""
    input:
        estimates=rules.estimate_wages.output.estimates,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T23"),
    log:
        "results/logs/tabulate_wages.log",
    benchmark:
        "results/benchmarks/tabulate_wages.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=primary_spec("wages"),
        inference=config["inference"],
        power=POWER,
        study=config["study"],
    script:
        "../../scripts/tabulate_wages.py"


rule tabulate_premium:
    """T4: premium of cluster and zone regions by period."""
    input:
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
