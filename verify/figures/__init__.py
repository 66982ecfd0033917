"""Figures: functions that draw on matplotlib Axes, and named figures that are drawn and saved.

Sizes are those of one column of a paper; the palette (Okabe and Ito) is safe for colour-blind readers, and every curve
differs from the others by its dashes or marker as well.
"""

from verify.figures.curated import CuratedPicture, curated_kl_axes, curated_reward_axes
from verify.figures.files import (
    power_caption,
    power_figure,
    save_run_figures,
    tightness_caption,
    tightness_figure,
)
from verify.figures.gallery import PICTURES, Picture, figure
from verify.figures.generations import categorical_loop_axes, kde_loop_axes, mixed_loop_axes, normal_loop_axes
from verify.figures.over import bound_axes, bound_values
from verify.figures.phase import observed_transition_axes, phase_transition_axes
from verify.figures.runs import Tightness, power_axes, tightness, tightness_axes
from verify.figures.scores import early_stopping_axes
from verify.figures.stability import frontier_axes, informative_map_axes, lambda_stability_axes, relative_bound
from verify.figures.style import COLUMN_WIDTH, FORMATS, SETTINGS, drawing, mark_intervals, new_figure, save_figure

__all__ = [
    "COLUMN_WIDTH",
    "FORMATS",
    "PICTURES",
    "SETTINGS",
    "CuratedPicture",
    "Picture",
    "Tightness",
    "bound_axes",
    "bound_values",
    "categorical_loop_axes",
    "curated_kl_axes",
    "curated_reward_axes",
    "drawing",
    "early_stopping_axes",
    "figure",
    "frontier_axes",
    "informative_map_axes",
    "kde_loop_axes",
    "lambda_stability_axes",
    "mark_intervals",
    "mixed_loop_axes",
    "new_figure",
    "normal_loop_axes",
    "observed_transition_axes",
    "phase_transition_axes",
    "power_axes",
    "power_caption",
    "power_figure",
    "relative_bound",
    "save_figure",
    "save_run_figures",
    "tightness",
    "tightness_axes",
    "tightness_caption",
    "tightness_figure",
]
