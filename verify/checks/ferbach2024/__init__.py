"""Checks of ferbach2024 on curated loops of finite support, exact by one integral, and by sampling."""

from verify.checks.ferbach2024 import divergence, limit, parametric, reward

CHECKS = (*limit.CHECKS, *reward.CHECKS, *divergence.CHECKS, *parametric.CHECKS)
