"""Checks of fu2024: loops of categorical laws and kernel density estimates, diffusion samplers, score networks."""
