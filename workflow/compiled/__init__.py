"""How the compiled tables of the two studies of China are made from files of public
repositories: read a folder of raw files, build, compare (docs/data.md).
"""
