"""What can this design see? The two by two, weights, support and minimum detectable effects."""
