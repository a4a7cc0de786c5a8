"""Pure linear algebra and inference kernels: arrays in, frozen results out, no files,
no frames.
"""
