"""Random points that meet the hypotheses of a theorem, or break exactly one."""
