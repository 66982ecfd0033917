"""Categorical loops: enumeration of every training set in fractions, sampled loops against exact laws, sequences."""

import itertools
import math
from collections import Counter, defaultdict
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.errors import ArgumentError
from verify.evidence import BoundedSample, Indicators
from verify.mixing import Mixture, Regime, accumulate, by_ratio, by_share, replace
from verify.models.categorical import (
    BigramLaw,
    SequenceCounts,
    absorption_chances,
    bigram_loop,
    categorical_loop,
    cell_laws,
    draw_sequences,
    expected_support,
    expected_tv,
    fit_bigrams,
    mean_absorption_time,
    variance_factors,
)

P0 = (Fraction(1, 2), Fraction(1, 3), Fraction(1, 6))
TINY = [
    replace(3),
    by_share(4, "1/2", Regime.FRESH),
    by_share(4, "1/2", Regime.REUSED),
    by_ratio(2, "1/2", Regime.FRESH),
    by_ratio(2, "1/2", Regime.REUSED),
    by_share(3, 1, Regime.REUSED),
    Mixture(Regime.REUSED, 3, 1, 2),
    accumulate(2, added=1),
]


def draws(law, size):
    """Every sequence of that many points with its probability."""
    for points in itertools.product(range(len(law)), repeat=size):
        chance = math.prod((law[j] for j in points), start=Fraction(1))
        if chance:
            yield points, chance


def enumerate_models(mixture, generations):
    """Law of the fitted model of each generation, by listing all training sets point by point, in fractions."""

    def frequencies(points):
        found = Counter(points)
        return tuple(Fraction(found[j], len(points)) for j in range(len(P0)))

    sets = dict(draws(P0, mixture.first))
    models = []
    for t in range(1, generations + 1):
        if t > 1:
            moved = defaultdict(Fraction)
            for points, chance in sets.items():
                for synthetic, likely in draws(frequencies(points), mixture.synthetic):
                    if mixture.regime is Regime.ACCUMULATE:
                        moved[points + synthetic] += chance * likely
                    elif mixture.regime is Regime.REUSED:
                        moved[points[: mixture.real] + synthetic] += chance * likely
                    else:
                        for real, seen in draws(P0, mixture.real):
                            moved[real + synthetic] += chance * likely * seen
            # Only the order of the first `real` points matters, and only where they are kept.
            sets = defaultdict(Fraction)
            for points, chance in moved.items():
                sets[points[: mixture.real] + tuple(sorted(points[mixture.real :]))] += chance
        law = defaultdict(Fraction)
        for points, chance in sets.items():
            law[frequencies(points)] += chance
        models.append(law)
    return models


def mean(law, quantity):
    return sum((chance * quantity(p) for p, chance in law.items()), start=Fraction(0))


@pytest.mark.parametrize("mixture", TINY, ids=str)
def test_everything_exact_against_enumeration(mixture):
    generations = 3
    models = enumerate_models(mixture, generations)
    p0 = [float(p) for p in P0]
    rest = 1 - sum(p * p for p in P0)
    factors = variance_factors(mixture, generations)
    results = [f(p0, mixture, generations) for f in (expected_tv, expected_support, absorption_chances)]
    cells = [cell_laws(p, mixture, generations) for p in p0]
    assert factors[0] == 0
    for t, law in enumerate(models):
        assert sum(law.values()) == 1
        square = mean(law, lambda p: sum((a - b) ** 2 for a, b in zip(p, P0, strict=True)))
        assert factors[t + 1] == pytest.approx(float(square / rest), rel=1e-13)
        truths = (
            mean(law, lambda p: sum(abs(a - b) for a, b in zip(p, P0, strict=True)) / 2),
            mean(law, lambda p: sum(a > 0 for a in p)),
            mean(law, lambda p: int(max(p) == 1)),
        )
        for found, truth in zip(results, truths, strict=True):
            assert abs(found[t].value - float(truth)) <= found[t].error < 1e-9
        for j, found in enumerate(cells):
            size = found[t].chances.size - 1
            assert size == mixture.training_size(t + 1)
            for count, chance in enumerate(found[t].chances):
                exact = sum(c for p, c in law.items() if p[j] == Fraction(count, size))
                assert chance == pytest.approx(float(exact), rel=1e-10, abs=1e-15)


@given(
    first=st.integers(1, 60),
    real=st.integers(0, 40),
    synthetic=st.integers(0, 40),
    regime=st.sampled_from(Regime),
    p=st.floats(0.01, 0.99),
)
@settings(max_examples=40, deadline=None)
def test_single_cells_have_the_second_moment_of_the_recursion(first, real, synthetic, regime, p):
    if regime is Regime.REPLACE:
        real = 0
    if regime is Regime.ACCUMULATE:
        real = first
    if (regime is Regime.REUSED and real > first) or real + synthetic == 0:
        return
    mixture = Mixture(regime, first, real, synthetic)
    factors = variance_factors(mixture, 4)[1:]
    for factor, law in zip(factors, cell_laws(p, mixture, 4), strict=True):
        assert law.chances.sum() == pytest.approx(1, abs=1e-12)
        assert law.chances @ law.masses == pytest.approx(p, rel=1e-10)
        assert law.chances @ (law.masses - p) ** 2 == pytest.approx(factor * p * (1 - p), rel=1e-9)


def test_wright_fisher_loses_diversity_by_the_factor_known():
    n = 30
    assert variance_factors(replace(n), 12) == pytest.approx([1 - (1 - 1 / n) ** t for t in range(13)])


def test_closed_form_of_the_fresh_and_reused_recursions():
    n, alpha, generations = 40, 0.25, 9
    q = 1 - alpha
    fresh = variance_factors(by_share(n, alpha, Regime.FRESH), generations)
    for t in range(1, generations + 1):
        assert fresh[t] == pytest.approx(sum((q * (q - 1 / n)) ** j for j in range(t)) / n)
    reused = variance_factors(by_share(n, alpha, Regime.REUSED), generations)
    noise = 0.0
    for t in range(1, generations + 1):
        assert reused[t] == pytest.approx(((1 - q**t) ** 2 / alpha + q ** (2 * t - 1)) / n + noise)
        noise = q * q * noise + q / n * (1 - reused[t])


@pytest.mark.parametrize(
    "mixture", [replace(20), by_share(20, "1/4", Regime.FRESH), by_share(20, "1/4", Regime.REUSED)]
)
def test_expected_distance_lies_between_its_bounds(mixture):
    p0 = [0.4, 0.3, 0.2, 0.1]
    spread = 1 - sum(p * p for p in p0)
    for found, factor in zip(expected_tv(p0, mixture, 8), variance_factors(mixture, 8)[1:], strict=True):
        square = factor * spread
        assert square / 2 <= found.value <= 0.5 * math.sqrt(4 * square)


@pytest.mark.parametrize(
    "mixture",
    [replace(12), by_share(12, "1/4", Regime.FRESH), by_share(12, "1/4", Regime.REUSED), accumulate(6, added=6)],
)
def test_sampled_loops_have_the_exact_expectations(mixture):
    p0, generations, level = [0.5, 0.25, 0.15, 0.1], 5, 1e-6
    found = categorical_loop(np.random.default_rng(0), p0, mixture, generations, 4000)
    exact = expected_tv(p0, mixture, generations), expected_support(p0, mixture, generations)
    chances = absorption_chances(p0, mixture, generations)
    start = sum(p * p for p in p0)
    factors = variance_factors(mixture, generations)
    for t in range(1, generations + 1):
        tv = BoundedSample(found.tv[:, t], 0.0, 1.0).interval(level)
        assert tv.lower <= exact[0][t - 1].value <= tv.upper
        support = BoundedSample(found.support[:, t], 1.0, 4.0).interval(level)
        assert support.lower <= exact[1][t - 1].value <= support.upper
        agree = BoundedSample(found.sum_of_squares[:, t], 0.0, 1.0).interval(level)
        assert agree.lower <= start + factors[t] * (1 - start) <= agree.upper
        square = BoundedSample(found.squared_distance[:, t], 0.0, 2.0).interval(level)
        assert square.lower <= factors[t] * (1 - start) <= square.upper
        absorbed = Indicators(int(found.absorbed[:, t].sum()), 4000).interval(level)
        assert absorbed.lower <= chances[t - 1].value <= absorbed.upper


def test_a_transition_matrix_runs_one_loop_per_context():
    rows = np.array([[0.5, 0.5, 0.0], [0.1, 0.2, 0.7], [1.0, 0.0, 0.0]])
    found = categorical_loop(np.random.default_rng(1), rows, replace(15), 4, 3000)
    assert found.p.shape == (3000, 5, 3, 3)
    np.testing.assert_allclose(found.p.sum(axis=-1), 1)
    assert np.all(found.p[:, :, 0, 2] == 0)
    assert np.all(found.p[:, :, 2, 0] == 1)
    for context in range(3):
        exact = expected_tv(rows[context], replace(15), 4)[3].value
        if context == 2:
            assert exact == 0
        else:
            limits = BoundedSample(found.tv[:, 4, context], 0.0, 1.0).interval(1e-6)
            assert limits.lower <= exact <= limits.upper
    # Contexts are independent: the product of two distances has the product of the means.
    both = BoundedSample(found.tv[:, 4, 0] * found.tv[:, 4, 1], 0.0, 1.0).interval(1e-6)
    product = math.prod(expected_tv(rows[i], replace(15), 4)[3].value for i in (0, 1))
    assert both.lower <= product <= both.upper


def test_absorption_time_is_the_sum_of_survival_chances():
    n, copies = 12, 5
    alive, total, t = 1.0, 0.0, 0
    chances = np.zeros(n + 1)
    chances[copies] = 1.0
    step = np.array(
        [[math.comb(n, j) * (i / n) ** j * (1 - i / n) ** (n - j) for j in range(n + 1)] for i in range(n + 1)]
    )
    while alive > 1e-13:
        total, t = total + alive, t + 1
        chances = chances @ step
        alive = chances[1:n].sum()
    assert mean_absorption_time(n, copies) == pytest.approx(total, rel=1e-10)
    large = mean_absorption_time(800, 400)
    assert large == pytest.approx(2 * 800 * math.log(2), rel=0.01)  # diffusion limit
    assert mean_absorption_time(5, 0) == mean_absorption_time(5, 5) == 0


CYCLIC = BigramLaw([0.6, 0.4, 0.0], [[0.1, 0.5, 0.2, 0.2], [0.3, 0.0, 0.3, 0.4], [0.2, 0.2, 0.2, 0.4]])
# Forward only: every state is visited at most once, so that counts per sequence lie in [0, 1].
FORWARD = BigramLaw([0.7, 0.3, 0.0], [[0.0, 0.5, 0.3, 0.2], [0.0, 0.0, 0.6, 0.4], [0.0, 0.0, 0.0, 1.0]])


def batch(law, replicates):
    return BigramLaw(np.tile(law.start, (replicates, 1)), np.tile(law.moves, (replicates, 1, 1)))


def test_visits_are_the_sum_over_paths():
    expected, present = np.zeros(3), CYCLIC.start
    for _ in range(2000):
        expected, present = expected + present, present @ CYCLIC.moves[:, :-1]
    np.testing.assert_allclose(CYCLIC.visits, expected, rtol=1e-12)
    assert CYCLIC.expected_moves[:, -1].sum() == pytest.approx(1)


def test_drawn_sequences_have_the_law_of_a_walk():
    replicates, level = 20_000, 1e-7
    corpus = draw_sequences(np.random.default_rng(0), batch(CYCLIC, replicates), 1)
    assert np.all(corpus.starts.sum(axis=1) == 1)
    assert np.all(corpus.moves[:, :, -1].sum(axis=1) == 1)
    # Moves out of a state balance the moves and starts into it.
    np.testing.assert_array_equal(corpus.moves.sum(axis=2), corpus.starts + corpus.moves[:, :, :-1].sum(axis=1))
    length = corpus.moves.sum(axis=(1, 2))
    present = CYCLIC.start
    for steps in range(1, 6):
        ended = float(present @ CYCLIC.moves[:, -1])
        limits = Indicators(int((length == steps).sum()), replicates).interval(level)
        assert limits.lower <= ended <= limits.upper
        present = present @ CYCLIC.moves[:, :-1]
    path = (corpus.moves[:, 0, 2] == 1) & (corpus.moves[:, 2, 3] == 1) & (length == 2)
    limits = Indicators(int(path.sum()), replicates).interval(level)
    assert limits.lower <= 0.6 * 0.2 * 0.4 <= limits.upper


@given(seed=st.integers(0, 10**6), size=st.integers(1, 20))
@settings(deadline=None)
def test_a_fitted_model_expects_the_moves_of_its_corpus(seed, size):
    corpus = draw_sequences(np.random.default_rng(seed), batch(CYCLIC, 3), size)
    fitted = fit_bigrams(corpus)
    np.testing.assert_allclose(fitted.expected_moves * size, corpus.moves, atol=1e-9)
    np.testing.assert_allclose(fitted.start * size, corpus.starts, atol=1e-12)


@pytest.mark.parametrize("mixture", [replace(6), by_share(6, "1/3", Regime.REUSED), accumulate(4, added=4)])
def test_bigram_loops_keep_the_expected_moves(mixture):
    models = bigram_loop(np.random.default_rng(2), FORWARD, mixture, 4, 3000)
    for i, j in itertools.product(range(3), range(4)):
        values = np.clip(models[-1].expected_moves[:, i, j], 0.0, 1.0)
        limits = BoundedSample(values, 0.0, 1.0).interval(1e-7)
        assert limits.lower <= FORWARD.expected_moves[i, j] <= limits.upper


def test_a_fully_synthetic_bigram_loop_collapses():
    models = bigram_loop(np.random.default_rng(3), FORWARD, replace(4), 60, 50)
    assert np.all(np.isin(models[-1].moves, (0.0, 1.0)).all(axis=(1, 2)))
    assert not np.all(np.isin(models[0].moves, (0.0, 1.0)).all(axis=(1, 2)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: categorical_loop(np.random.default_rng(0), [0.5, 0.6], replace(3), 1, 1), "sums to"),
        (lambda: categorical_loop(np.random.default_rng(0), [-0.5, 1.5], replace(3), 1, 1), "negative"),
        (lambda: categorical_loop(np.random.default_rng(0), [], replace(3), 1, 1), "at least one cell"),
        (lambda: categorical_loop(np.random.default_rng(0), [1.0], replace(3), 1, 0), "replicates = 0"),
        (lambda: expected_tv([[1.0]], replace(3), 1), "one law"),
        (lambda: cell_laws(1.5, replace(3), 1), r"\[0, 1\]"),
        (lambda: mean_absorption_time(3, 4), "exceeds"),
        (lambda: BigramLaw([1.0], [[1.0, 0.0]]), "never comes to the end"),
        (lambda: BigramLaw([1.0, 0.0], [[1.0, 0.0]]), "shapes"),
        (lambda: bigram_loop(np.random.default_rng(0), batch(FORWARD, 2), replace(3), 1, 1), "one real law"),
        (lambda: fit_bigrams(SequenceCounts(np.array([[1]]), np.array([[[1, 0]]]))), "never comes to the end"),
    ],
)
def test_bad_arguments_are_refused(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()
