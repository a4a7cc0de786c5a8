"""What stands between `python3 run` and Snakemake: start, progress, jobs and outputs.

No number depends on this folder. What it relies on inside Snakemake stands in
`hooks.yaml`, each entry with what happens without it.
"""
