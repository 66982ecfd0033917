"""Stability of iterative retraining on a mixture of real and self-generated data (bertrand2024).

The retraining map sends a parameter theta to the maximiser of the log-likelihood of real data plus `lam` times that of
data from the model at theta. ``theta*`` maximises the real log-likelihood; ``e = L epsilon`` measures misspecification.
In these statements `n` counts real points, except where a fraction `alpha` of `n` points is real.
"""

from sympy import Max, Rational, Sum, Symbol, atan, log, pi, polygamma, sqrt

from bounds.functions import Recurrence, c4, geometric_sum
from bounds.quantities import (
    EXPECTED_TOTAL_VARIATION,
    JACOBIAN_NORM,
    LIMIT_MEAN_SQUARE_ERROR,
    LIMIT_VARIANCE,
    LOG_DETERMINANT,
    LOG_VARIANCE,
    LOG_VARIANCE_SPREAD,
    MEAN_SQUARE_ERROR,
    PARAMETER_DISTANCE,
    SPECTRAL_RADIUS,
    STANDARD_DEVIATION,
    VARIANCE,
    Direction,
    Mode,
    Standing,
)
from bounds.sources import Paper, Source
from bounds.symbols import (
    A,
    B,
    L,
    alpha,
    curvature,
    d,
    delta,
    distance0,
    eps_opt,
    epsilon,
    lam,
    n,
    radius,
    rho,
    sigma,
    t,
)
from bounds.theorem import Theorem, regime

BERTRAND2024 = Paper(
    key="bertrand2024",
    title="On the Stability of Iterative Retraining of Generative Models on their own Data",
    authors=(
        "Quentin Bertrand",
        "Avishek Joey Bose",
        "Alexandre Duplessis",
        "Marco Jiralerspong",
        "Gauthier Gidel",
    ),
    year=2024,
    venue="International Conference on Learning Representations",
    arxiv="2310.00429",
    notation=(("curvature", r"\alpha"), ("epsilon", r"\varepsilon"), ("lam", r"\lambda")),
    compared=(
        "The loop, the meaning of lambda and epsilon, the condition lambda(1 + L epsilon/a) < 1/2 and its local nature, and "
        "Gaussian collapse at a Gamma-function rate are confirmed by independent restatements; the Jacobian bound is "
        "recalled and proved again here; the wording of the finite-sample theorem is recalled only."
    ),
)

_e = L * epsilon
_REGULAR = (
    "theta* is a strict local maximiser with the curvature, L and epsilon given",
    "the log-likelihood is twice continuously differentiable in theta, also under the integrals, and G is the local branch",
)
_q = 1 - alpha

GAUSSIAN_COLLAPSE = Theorem(
    id="bertrand2024.gaussian_collapse",
    statement=(
        "A normal model retrained on n of its own points collapses: along every eigen-direction of the initial covariance, "
        "with standard deviation sigma there, the expected square root of the covariance is at most this (Loewner order; "
        "equality in one dimension)."
    ),
    quantity=STANDARD_DEVIATION,
    direction=Direction.UPPER,
    mode=Mode.EXPECTATION,
    hypotheses=(n >= 2,),
    regimes=(
        regime(c4(n) ** t * sigma, covariance="unbiased"),
        regime((c4(n) * sqrt((n - 1) / n)) ** t * sigma, standing=Standing.DERIVED, covariance="mle"),
    ),
    default=(("covariance", "unbiased"),),
    source=Source(BERTRAND2024, "Proposition 1"),
    standing=Standing.PAPER,
    assumptions=("every generation draws n independent points from the last normal model, and nothing else",),
)

_j = Symbol("j", integer=True, positive=True)
_log_rate = polygamma(0, (n - 1) / 2)
_log_det_rate = Sum(polygamma(0, (n - _j) / 2), (_j, 1, d))

GAUSSIAN_LOOP = Theorem(
    id="bertrand2024.gaussian_loop",
    statement="Exact moments of the fully synthetic normal loop: n points of the last model in every generation.",
    quantity=STANDARD_DEVIATION,
    direction=Direction.EXACT,
    mode=Mode.EXPECTATION,
    hypotheses=(n >= 2,),
    regimes=(
        regime(c4(n) ** t * sigma, statistic="std", covariance="unbiased"),
        regime((c4(n) * sqrt((n - 1) / n)) ** t * sigma, statistic="std", covariance="mle"),
        regime(sigma**2, quantity=VARIANCE, statistic="variance", covariance="unbiased"),
        regime(((n - 1) / n) ** t * sigma**2, quantity=VARIANCE, statistic="variance", covariance="mle"),
        regime(
            2 * log(sigma) + t * (_log_rate + log(2 / (n - 1))),
            quantity=LOG_VARIANCE,
            statistic="log_variance",
            covariance="unbiased",
        ),
        regime(
            2 * log(sigma) + t * (_log_rate + log(2 / n)),
            quantity=LOG_VARIANCE,
            statistic="log_variance",
            covariance="mle",
        ),
        regime(
            t * polygamma(1, (n - 1) / 2),
            quantity=LOG_VARIANCE_SPREAD,
            statistic="log_variance_spread",
            covariance="unbiased",
        ),
        regime(
            t * polygamma(1, (n - 1) / 2),
            quantity=LOG_VARIANCE_SPREAD,
            statistic="log_variance_spread",
            covariance="mle",
        ),
        regime(t * sigma**2 / n, quantity=MEAN_SQUARE_ERROR, statistic="mean_square_error", covariance="unbiased"),
        regime(
            sigma**2 * (1 - ((n - 1) / n) ** t),
            quantity=MEAN_SQUARE_ERROR,
            statistic="mean_square_error",
            covariance="mle",
        ),
        regime(
            t * (_log_det_rate + d * log(2 / (n - 1))),
            n >= d + 1,
            quantity=LOG_DETERMINANT,
            statistic="log_determinant",
            covariance="unbiased",
        ),
        regime(
            t * (_log_det_rate + d * log(2 / n)),
            n >= d + 1,
            quantity=LOG_DETERMINANT,
            statistic="log_determinant",
            covariance="mle",
        ),
    ),
    source=Source(BERTRAND2024, "setting of Proposition 1"),
    standing=Standing.EXACT,
    assumptions=("every generation draws n independent points from the last normal model, and nothing else",),
)

_jacobian = lam * (curvature + _e) / (curvature - lam * (curvature + _e))

JACOBIAN = Theorem(
    id="bertrand2024.jacobian",
    statement="Retraining contracts at the optimum when synthetic data is scarce enough.",
    quantity=JACOBIAN_NORM,
    direction=Direction.UPPER,
    mode=Mode.DETERMINISTIC,
    hypotheses=(lam * (1 + _e / curvature) < Rational(1, 2),),
    expression=_jacobian,
    source=Source(BERTRAND2024, "Theorem 1"),
    standing=Standing.PAPER,
    assumptions=_REGULAR,
)

CONTRACTION = Theorem(
    id="bertrand2024.contraction",
    statement="Started close enough to the optimum, iterative retraining converges to it at a geometric rate.",
    quantity=PARAMETER_DISTANCE,
    direction=Direction.UPPER,
    mode=Mode.DETERMINISTIC,
    hypotheses=(lam * (1 + _e / curvature) < Rational(1, 2),),
    expression=_jacobian**t * distance0,
    source=Source(BERTRAND2024, "Theorem 1"),
    standing=Standing.PAPER,
    assumptions=(
        *_REGULAR,
        "theta_0 lies in the neighbourhood of theta* that the theorem asserts to exist",
    ),
)

SPECTRAL_RADIUS_BOUND = Theorem(
    id="bertrand2024.spectral_radius",
    statement=(
        "For every synthetic-to-real ratio, retraining contracts at the optimum in the norm of the curvature matrix A0: the "
        "threshold 1/2 is an artefact of the Euclidean norm."
    ),
    quantity=SPECTRAL_RADIUS,
    direction=Direction.UPPER,
    mode=Mode.DETERMINISTIC,
    expression=lam * (curvature + _e) / (curvature + lam * (curvature + _e)),
    source=Source(BERTRAND2024, "sharpens Theorem 1"),
    standing=Standing.DERIVED,
    assumptions=_REGULAR,
)

JACOBIAN_REFINED = Theorem(
    id="bertrand2024.jacobian_refined",
    statement=(
        "A bound on the Euclidean norm for every synthetic-to-real ratio; it is below 1, so that retraining contracts, exactly "
        "when lam e < curvature + lam max(curvature - e, 0)."
    ),
    quantity=JACOBIAN_NORM,
    direction=Direction.UPPER,
    mode=Mode.DETERMINISTIC,
    expression=lam / (1 + lam) * (1 + _e / (curvature + lam * Max(curvature - _e, 0))),
    source=Source(BERTRAND2024, "sharpens Theorem 1"),
    standing=Standing.DERIVED,
    assumptions=_REGULAR,
)

_step_error = eps_opt + A / sqrt(n) * sqrt(log(B * t / delta))

FINITE_SAMPLE = Theorem(
    id="bertrand2024.finite_sample",
    statement=(
        "With n real points and errors in every retraining, the loop stays in a ball around the optimum: with probability "
        "1 - delta the bound holds at generation t, and with t replaced by s in rho^s, at every s up to t as well."
    ),
    quantity=PARAMETER_DISTANCE,
    direction=Direction.UPPER,
    mode=Mode.PROBABILITY,
    hypotheses=(
        t >= 1,
        rho < 1,
        B * t >= delta,
        distance0 <= radius,
        _step_error <= (1 - rho) * radius,
    ),
    expression=rho**t * distance0 + _step_error * geometric_sum(rho, t),
    source=Source(BERTRAND2024, "Theorem 2"),
    standing=Standing.DERIVED,
    assumptions=(
        "the retraining map has Lipschitz constant rho on the ball of the radius given, in the norm used",
        "each step errs by more than eps_opt + A sqrt(log(B/p)/n) with probability at most p, uniformly over the ball or "
        "with fresh real data: pointwise in theta is not enough when real data is reused",
    ),
)

_ratio = lam / (1 + lam)


def _mean_loop_tv(variance_in_units: object) -> object:
    return 2 / pi * atan(sqrt(variance_in_units / n) / 2)


NORMAL_MEAN_LOOP = Theorem(
    id="bertrand2024.normal_mean_loop",
    statement=(
        "Exact expected total variation of the normal location loop with known variance: synthetic data only, fresh real data "
        "(alpha n of n points), or the same n real points reused with lam n synthetic ones."
    ),
    quantity=EXPECTED_TOTAL_VARIATION,
    direction=Direction.EXACT,
    mode=Mode.EXPECTATION,
    hypotheses=(t >= 1,),
    regimes=(
        regime(_mean_loop_tv(t), data="synthetic"),
        regime(_mean_loop_tv(geometric_sum(_q**2, t)), data="fresh"),
        regime(_mean_loop_tv(1 + lam / (1 + 2 * lam) * (1 - _ratio ** (2 * (t - 1)))), data="reused"),
    ),
    source=Source(BERTRAND2024, "solvable case of the setting"),
    standing=Standing.EXACT,
    assumptions=("each generation's mean is the plain mean of its training set, stratified by origin",),
)

_u, _v = Symbol("u", real=True), Symbol("v", real=True)
_moment_step = (_q**2 * _u + (alpha + _q * _v) / n, alpha + _q * _v + n / (n - 1) * alpha * _q * _u)
# This is 1/(n [alpha (2 - alpha) - q^2/(n - 1)]), written without its cancellation.
_limit_u = (n - 1) / (n * (n * alpha * (2 - alpha) - 1))


def _moment(output: object) -> object:
    return Recurrence(output, (_u, _v), (1 / n, 1), _moment_step, t - 1)


NORMAL_MIXED_MOMENTS = Theorem(
    id="bertrand2024.normal_mixed_moments",
    statement=(
        "Exact moments of the normal loop with alpha n fresh real points among n in every generation (standard normal real "
        "data, unbiased variance), and their limits, which are both finite exactly when n alpha (2 - alpha) > 1, that is "
        "alpha > 1 - sqrt(1 - 1/n)."
    ),
    quantity=VARIANCE,
    direction=Direction.EXACT,
    mode=Mode.EXPECTATION,
    hypotheses=(n >= 2,),
    regimes=(
        regime(_moment(_u), t >= 1, quantity=MEAN_SQUARE_ERROR, statistic="mean_square_error"),
        regime(_moment(_v), t >= 1, statistic="variance"),
        regime(
            _limit_u,
            n * alpha * (2 - alpha) > 1,
            quantity=LIMIT_MEAN_SQUARE_ERROR,
            statistic="limit_mean_square_error",
        ),
        regime(
            1 + n / (n - 1) * _q * _limit_u,
            n * alpha * (2 - alpha) > 1,
            quantity=LIMIT_VARIANCE,
            statistic="limit_variance",
        ),
    ),
    source=Source(BERTRAND2024, "solvable case of the setting"),
    standing=Standing.EXACT,
    assumptions=("stratified samples: exactly alpha n real points in every generation after the first",),
)
