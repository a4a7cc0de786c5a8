"""Floor 4, one tidy table of all families. INPUT: results/estimates/. OUTPUT: results/estimates.csv."""


rule collect_estimates:
    """Stack the estimates of every family in one tidy table."""
    input:
        library=library("contracts"),
        families=expand("results/estimates/{family}/estimates.csv", family=FAMILIES),
    output:
        estimates="results/estimates.csv",
    log:
        "results/logs/collect_estimates.log",
    benchmark:
        "results/benchmarks/collect_estimates.tsv"
    conda:
        "../../../environment.yml"
    script:
        "../../scripts/collect_estimates.py"
