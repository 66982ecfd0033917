"""Checks of bertrand2024: normal loops, stability of the retraining map, finite samples."""

from verify.checks.bertrand2024 import finite_sample, mean_loop, normal, stability

CHECKS = (*normal.CHECKS, *stability.CHECKS, *finite_sample.CHECKS, *mean_loop.CHECKS)
