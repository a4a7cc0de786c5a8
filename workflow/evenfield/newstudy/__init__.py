"""From a table of anyone's to a study: what the commands new and add do, and nobody else."""
