"""One checked panel: deflated, merged, with taxonomy cells, zone doses and
periods.
"""
