"""Dynamic panels: y_it = rho y_i,t-1 + mu_i + tau_t + e_it and what its estimators
need.
"""
