"""Floor 4, policy wing: how do cluster and zone regions differ. INPUT: results/panel/. OUTPUT: results/estimates/."""


rule estimate_balance:
    """Urban-rural gap: its change in cluster and in zone regions (H10)."""
    input:
        panel=main_scheme("results/panel/{scheme}/panel.csv"),
        cells=main_scheme("results/panel/{scheme}/cells.csv"),
        units=main_scheme("results/panel/{scheme}/units.csv"),
        adjacency=main_scheme("results/panel/{scheme}/adjacency.csv"),
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        estimates="results/estimates/balance/estimates.csv",
        series="results/estimates/balance/series.csv",
        fit="results/estimates/balance/fit.json",
    log:
        "results/logs/estimate_balance.log",
    benchmark:
        "results/benchmarks/estimate_balance.tsv"
    conda:
        "../../../environment.yml"
    params:
        specs=config["estimates"].get("balance"),
        study=GROUP_STUDY,
        sesoi=config["sesoi"],
    script:
        "../../scripts/estimate_balance.py"


rule estimate_west:
    """Go West: growth before and after regional programmes (H13)."""
    input:
        panel=main_scheme("results/panel/{scheme}/panel.csv"),
        cells=main_scheme("results/panel/{scheme}/cells.csv"),
        units=main_scheme("results/panel/{scheme}/units.csv"),
        adjacency=main_scheme("results/panel/{scheme}/adjacency.csv"),
        description=main_scheme("results/panel/{scheme}/description.json"),
        programmes="results/ingest/programmes.csv",
        exposures=main_scheme("results/weights/{scheme}/exposures.csv"),
    output:
        estimates="results/estimates/west/estimates.csv",
        series="results/estimates/west/series.csv",
        fit="results/estimates/west/fit.json",
    log:
        "results/logs/estimate_west.log",
    benchmark:
        "results/benchmarks/estimate_west.tsv"
    conda:
        "../../../environment.yml"
    params:
        specs=config["estimates"].get("west"),
        study=GROUP_STUDY,
        sesoi=config["sesoi"],
    script:
        "../../scripts/estimate_west.py"


rule estimate_wages:
    """Unit labour cost and the wage elasticity of foreign investment by group (H15)."""
    input:
        panel=main_scheme("results/panel/{scheme}/panel.csv"),
        cells=main_scheme("results/panel/{scheme}/cells.csv"),
        units=main_scheme("results/panel/{scheme}/units.csv"),
        adjacency=main_scheme("results/panel/{scheme}/adjacency.csv"),
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        estimates="results/estimates/wages/estimates.csv",
        fit="results/estimates/wages/fit.json",
    log:
        "results/logs/estimate_wages.log",
    benchmark:
        "results/benchmarks/estimate_wages.tsv"
    conda:
        "../../../environment.yml"
    params:
        specs=config["estimates"].get("wages"),
        study=GROUP_STUDY,
        sesoi=config["sesoi"],
    script:
        "../../scripts/estimate_wages.py"


rule estimate_premium:
    """Premium of cluster and zone regions in levels and growth, by period and taxonomy (H1)."""
    input:
        panel=main_scheme("results/panel/{scheme}/panel.csv"),
        periods=main_scheme("results/panel/{scheme}/periods.csv"),
        cells=main_scheme("results/panel/{scheme}/cells.csv"),
        units=main_scheme("results/panel/{scheme}/units.csv"),
        adjacency=main_scheme("results/panel/{scheme}/adjacency.csv"),
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        estimates="results/estimates/premium/estimates.csv",
        series="results/estimates/premium/series.csv",
        fit="results/estimates/premium/fit.json",
    log:
        "results/logs/estimate_premium.log",
    benchmark:
        "results/benchmarks/estimate_premium.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=config["estimates"].get("premium"),
        sesoi=config["sesoi"],
        taxonomy=MAIN_TAXONOMY,
        join=config["weights"]["join"],
        inference=config["inference"],
        power=POWER,
    script:
        "../../scripts/estimate_premium.py"


rule estimate_factor_intensity:
    """Factor intensity of zone against cluster regions, several outcomes together (H3)."""
    input:
        panel=main_scheme("results/panel/{scheme}/panel.csv"),
        cells=main_scheme("results/panel/{scheme}/cells.csv"),
        units=main_scheme("results/panel/{scheme}/units.csv"),
        adjacency=main_scheme("results/panel/{scheme}/adjacency.csv"),
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        estimates="results/estimates/factor_intensity/estimates.csv",
        series="results/estimates/factor_intensity/series.csv",
        fit="results/estimates/factor_intensity/fit.json",
    log:
        "results/logs/estimate_factor_intensity.log",
    benchmark:
        "results/benchmarks/estimate_factor_intensity.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=config["estimates"].get("factor_intensity"),
        sesoi=config["sesoi"],
        taxonomy=MAIN_TAXONOMY,
        join=config["weights"]["join"],
        inference=config["inference"],
        power=POWER,
    script:
        "../../scripts/estimate_factor_intensity.py"


rule estimate_fading:
    """Change of zone premiums over periods, location quotients (H4, H5)."""
    input:
        panel=main_scheme("results/panel/{scheme}/panel.csv"),
        periods=main_scheme("results/panel/{scheme}/periods.csv"),
        cells=main_scheme("results/panel/{scheme}/cells.csv"),
        units=main_scheme("results/panel/{scheme}/units.csv"),
        adjacency=main_scheme("results/panel/{scheme}/adjacency.csv"),
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        estimates="results/estimates/fading/estimates.csv",
        series="results/estimates/fading/series.csv",
        fit="results/estimates/fading/fit.json",
    log:
        "results/logs/estimate_fading.log",
    benchmark:
        "results/benchmarks/estimate_fading.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=config["estimates"].get("fading"),
        sesoi=config["sesoi"],
        taxonomy=MAIN_TAXONOMY,
        join=config["weights"]["join"],
        inference=config["inference"],
        power=POWER,
    script:
        "../../scripts/estimate_fading.py"
