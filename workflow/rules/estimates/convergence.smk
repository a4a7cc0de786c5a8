"""Floor 4, convergence wing: are units converging. INPUT: results/panel/, results/weights/. OUTPUT: results/estimates/."""


rule estimate_sigma:
    """Sigma convergence: the path of dispersion and start against end of each period."""
    input:
        panels=per_scheme("results/panel/{scheme}/panel.csv"),
        periods=per_scheme("results/panel/{scheme}/periods.csv"),
        descriptions=per_scheme("results/panel/{scheme}/description.json"),
    output:
        estimates="results/estimates/sigma/estimates.csv",
        series="results/estimates/sigma/series.csv",
        fit="results/estimates/sigma/fit.json",
    log:
        "results/logs/estimate_sigma.log",
    benchmark:
        "results/benchmarks/estimate_sigma.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=config["estimates"].get("sigma"),
        inference=config["inference"],
        unit_scheme=MAIN_SCHEME,
    script:
        "../../scripts/estimate_sigma.py"


rule estimate_clock:
    """Rolling windows of beta convergence, spatial beta by period, break dates of sigma."""
    input:
        panels=per_scheme("results/panel/{scheme}/panel.csv"),
        periods=per_scheme("results/panel/{scheme}/periods.csv"),
        descriptions=per_scheme("results/panel/{scheme}/description.json"),
        weights=per_scheme(f"results/weights/{{scheme}}/{MAIN_WEIGHTS}.csv"),
        weights_descriptions=per_scheme(f"results/weights/{{scheme}}/{MAIN_WEIGHTS}.json"),
    output:
        estimates="results/estimates/clock/estimates.csv",
        series="results/estimates/clock/series.csv",
        fit="results/estimates/clock/fit.json",
    log:
        "results/logs/estimate_clock.log",
    benchmark:
        "results/benchmarks/estimate_clock.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=config["estimates"].get("clock"),
        inference=config["inference"],
        unit_scheme=MAIN_SCHEME,
    script:
        "../../scripts/estimate_clock.py"


rule estimate_clubs:
    """Log t tests and convergence clubs."""
    input:
        panels=per_scheme("results/panel/{scheme}/panel.csv"),
        cells=per_scheme("results/panel/{scheme}/cells.csv"),
        descriptions=per_scheme("results/panel/{scheme}/description.json"),
    output:
        estimates="results/estimates/clubs/estimates.csv",
        series="results/estimates/clubs/series.csv",
        fit="results/estimates/clubs/fit.json",
    log:
        "results/logs/estimate_clubs.log",
    benchmark:
        "results/benchmarks/estimate_clubs.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=config["estimates"].get("clubs"),
        inference=config["inference"],
        unit_scheme=MAIN_SCHEME,
    script:
        "../../scripts/estimate_clubs.py"


rule estimate_distribution:
    """Markov chains, spatial Markov chains, stochastic kernels."""
    input:
        panels=per_scheme("results/panel/{scheme}/panel.csv"),
        cells=per_scheme("results/panel/{scheme}/cells.csv"),
        descriptions=per_scheme("results/panel/{scheme}/description.json"),
        weights=per_scheme(f"results/weights/{{scheme}}/{MAIN_WEIGHTS}.csv"),
        weights_descriptions=per_scheme(f"results/weights/{{scheme}}/{MAIN_WEIGHTS}.json"),
    output:
        estimates="results/estimates/distribution/estimates.csv",
        series="results/estimates/distribution/series.csv",
        fit="results/estimates/distribution/fit.json",
    log:
        "results/logs/estimate_distribution.log",
    benchmark:
        "results/benchmarks/estimate_distribution.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=config["estimates"].get("distribution"),
        inference=config["inference"],
        unit_scheme=MAIN_SCHEME,
    script:
        "../../scripts/estimate_distribution.py"


rule estimate_inequality:
    """Inequality within and between regions and cells, growth accounting."""
    input:
        panels=per_scheme("results/panel/{scheme}/panel.csv"),
        units=per_scheme("results/panel/{scheme}/units.csv"),
        cells=per_scheme("results/panel/{scheme}/cells.csv"),
        descriptions=per_scheme("results/panel/{scheme}/description.json"),
        weights=per_scheme(f"results/weights/{{scheme}}/{MAIN_WEIGHTS}.csv"),
        weights_descriptions=per_scheme(f"results/weights/{{scheme}}/{MAIN_WEIGHTS}.json"),
    output:
        estimates="results/estimates/inequality/estimates.csv",
        series="results/estimates/inequality/series.csv",
        fit="results/estimates/inequality/fit.json",
    log:
        "results/logs/estimate_inequality.log",
    benchmark:
        "results/benchmarks/estimate_inequality.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=config["estimates"].get("inequality"),
        inference=config["inference"],
        unit_scheme=MAIN_SCHEME,
    script:
        "../../scripts/estimate_inequality.py"


rule estimate_pattern:
    """Moran, Geary, local Moran and join counts by year."""
    input:
        panels=per_scheme("results/panel/{scheme}/panel.csv"),
        periods=per_scheme("results/panel/{scheme}/periods.csv"),
        cells=per_scheme("results/panel/{scheme}/cells.csv"),
        units=per_scheme("results/panel/{scheme}/units.csv"),
        descriptions=per_scheme("results/panel/{scheme}/description.json"),
        weights=per_scheme(f"results/weights/{{scheme}}/{MAIN_WEIGHTS}.csv"),
        weights_descriptions=per_scheme(f"results/weights/{{scheme}}/{MAIN_WEIGHTS}.json"),
    output:
        estimates="results/estimates/pattern/estimates.csv",
        series="results/estimates/pattern/series.csv",
        fit="results/estimates/pattern/fit.json",
    log:
        "results/logs/estimate_pattern.log",
    benchmark:
        "results/benchmarks/estimate_pattern.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=config["estimates"].get("pattern"),
        inference=config["inference"],
        unit_scheme=MAIN_SCHEME,
    script:
        "../../scripts/estimate_pattern.py"


rule estimate_preflight:
    """Cross-section dependence and unit roots, with the rule they feed."""
    input:
        panels=per_scheme("results/panel/{scheme}/panel.csv"),
        periods=per_scheme("results/panel/{scheme}/periods.csv"),
        units=per_scheme("results/panel/{scheme}/units.csv"),
        descriptions=per_scheme("results/panel/{scheme}/description.json"),
    output:
        estimates="results/estimates/preflight/estimates.csv",
        series="results/estimates/preflight/series.csv",
        fit="results/estimates/preflight/fit.json",
    log:
        "results/logs/estimate_preflight.log",
    benchmark:
        "results/benchmarks/estimate_preflight.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=config["estimates"].get("preflight"),
        inference=config["inference"],
        unit_scheme=MAIN_SCHEME,
    script:
        "../../scripts/estimate_preflight.py"
