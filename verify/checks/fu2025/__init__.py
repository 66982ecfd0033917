"""Checks of fu2025: stability and generalisation of loops that can be solved, attention, categorical loops."""
