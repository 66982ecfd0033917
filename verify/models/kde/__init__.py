"""Loops of kernel density estimates retrained on their own draws (fu2024): on the line, and in d dimensions.

A draw of a density estimate is a training point picked at random plus noise from the kernel, so the loop is resampling
plus noise and exact. On the line the distance to the real law is computed on a grid with a proved error (`kde_loop`); in
more dimensions it is estimated without bias by bounded values (`spatial_kde_loop`).
"""

from verify.models.kde.bandwidth import Bandwidth, Fixed, NormalReference, Silverman
from verify.models.kde.grid import BinnedPoints, Grid, GriddedDistances, GriddedLaw, bin_linearly, covering_grid
from verify.models.kde.kernels import EPANECHNIKOV, GAUSSIAN, Epanechnikov, Gaussian, Kernel
from verify.models.kde.line import KdeTrajectories, kde_loop
from verify.models.kde.means import mean_law, smoothing_weights
from verify.models.kde.model import KdeModel, learner
from verify.models.kde.space import IsotropicMixture, SpatialTrajectories, kernel_sums, spatial_kde_loop

__all__ = [
    "EPANECHNIKOV",
    "GAUSSIAN",
    "Bandwidth",
    "BinnedPoints",
    "Epanechnikov",
    "Fixed",
    "Gaussian",
    "Grid",
    "GriddedDistances",
    "GriddedLaw",
    "IsotropicMixture",
    "KdeModel",
    "KdeTrajectories",
    "Kernel",
    "NormalReference",
    "Silverman",
    "SpatialTrajectories",
    "bin_linearly",
    "covering_grid",
    "kde_loop",
    "kernel_sums",
    "learner",
    "mean_law",
    "smoothing_weights",
    "spatial_kde_loop",
]
