"""What stands between `python3 run` and Snakemake: start, progress, jobs and outputs.

No number depends on this folder: plain `snakemake` writes the same bytes. What it
relies on inside Snakemake stands in `hooks.py`, each with what happens without it.
"""
