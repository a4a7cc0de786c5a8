"""Static spatial panel models: fit, effects, tests and selection on balanced panels
keyed by unit id.
"""
