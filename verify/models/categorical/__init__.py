"""Categorical loops: empirical frequencies retrained on their own draws (fu2025), with exact ground truths.

`categorical_loop` samples, one law or a table of laws (contexts) at once; `variance_factors`, `expected_tv`,
`expected_support` and `absorption_chances` are exact in every data regime; `bigram_loop` retrains models of sequences.
"""

from verify.models.categorical.exact import (
    CellLaw,
    absorption_chances,
    cell_laws,
    expected_support,
    expected_tv,
    mean_absorption_time,
    variance_factors,
)
from verify.models.categorical.loop import CategoricalTrajectories, categorical_loop
from verify.models.categorical.sequences import (
    BigramLaw,
    SequenceCounts,
    bigram_loop,
    draw_sequences,
    fit_bigrams,
)

__all__ = [
    "BigramLaw",
    "CategoricalTrajectories",
    "CellLaw",
    "SequenceCounts",
    "absorption_chances",
    "bigram_loop",
    "categorical_loop",
    "cell_laws",
    "draw_sequences",
    "expected_support",
    "expected_tv",
    "fit_bigrams",
    "mean_absorption_time",
    "variance_factors",
]
