import math

import numpy as np
import pytest
from scipy.stats import binom, norm

from bounds import ArgumentError, DataError, HypothesisError, UnknownTheorem
from verify.data import EmpiricalLaw, NormalMixture
from verify.evidence import Verdict
from verify.mixing import Regime, accumulate, by_ratio, by_share, replace
from verify.models.estimator import SampledEstimator, ShownVariation, from_estimator, has_density, run_once
from verify.own_model import OwnLoop, check_own_model, questions

REAL = NormalMixture.normal()


class Mean:
    """Learns the mean of a normal law of known variance."""

    def fit(self, points, rng):
        self.mean = points.mean()

    def sample(self, size, rng):
        return rng.normal(self.mean, 1.0, size)

    def log_density(self, points):
        return norm.logpdf(points[:, 0], self.mean, 1.0)


class Normal:
    """Learns mean and variance."""

    def fit(self, points, rng):
        self.mean, self.std = points.mean(), points.std()

    def sample(self, size, rng):
        return rng.normal(self.mean, self.std, size)

    def log_density(self, points):
        return norm.logpdf(points[:, 0], self.mean, self.std)


class Blind:
    """Like `Mean`, without a density."""

    def fit(self, points, rng):
        self.mean = points.mean()

    def sample(self, size, rng):
        return rng.normal(self.mean, 1.0, size)


class Far(Blind):
    """Draws from a law far from what it was given."""

    def sample(self, size, rng):
        return rng.normal(self.mean + 2.0, 1.0, size)


def loop(model=None, mixture=None, generations=3, real=REAL):
    return OwnLoop(Mean() if model is None else model, real, mixture or replace(10), generations)


def verdicts(report):
    return [result.verdict.value for result in report.run.results]


# --- what is measured --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mixture", "variances"),
    [
        (replace(10), [1 / 10, 2 / 10, 3 / 10]),
        (by_share(10, "1/2", Regime.FRESH), [1 / 10, 1 / 10 + 1 / 40, 1 / 10 + 1 / 40 + 1 / 160]),
    ],
)
def test_drift_has_the_mean_it_claims(mixture, variances):
    # mean TV of N(0, 1) and N(m, 1) with m normal of variance v is (2/pi) arctan(sqrt(v)/2)
    values = np.array(
        [run_once(loop(mixture=mixture), 200, np.random.default_rng(seed)).variation for seed in range(500)]
    )
    truth = [2 / math.pi * math.atan(math.sqrt(v) / 2) for v in variances]
    # six standard errors: false alarm below 1e-8 in each of three columns
    assert (np.abs(values.mean(axis=0) - truth) < 6 * values.std(axis=0) / math.sqrt(200)).all()


def test_learning_error_is_that_to_the_mixture():
    # the mixture of the real law and N(m, 1) in equal parts, against the fitted N(m', 1): by quadrature
    class Fixed(Mean):
        made = 0

        def fit(self, points, rng):
            Fixed.made += 1
            self.mean = [0.0, 1.0, 2.5][Fixed.made]

    found = []
    for seed in range(40):
        Fixed.made = 0
        found.append(run_once(loop(Fixed(), by_share(10, "1/2", Regime.FRESH), 2), 500, np.random.default_rng(seed)))
    x = np.linspace(-9, 12, 200_001)
    mixed = (norm.pdf(x) + norm.pdf(x, 1)) / 2
    truth = np.trapezoid(np.abs(mixed - norm.pdf(x, 2.5)), x) / 2
    values = np.array([drift.learning[1] for drift in found])
    assert abs(values.mean() - truth) < 6 * values.std() / math.sqrt(40)
    assert abs(np.mean([drift.balance for drift in found])) < 0.02


@pytest.mark.parametrize(
    ("mixture", "weights"),
    [
        (replace(10), (0.0, 0.0, 1.0)),
        (by_share(10, "0.3", Regime.FRESH), (0.3, 0.0, 0.7)),
        (by_ratio(10, 3, Regime.REUSED), (0.25, 0.0, 0.75)),
        (accumulate(10), (1 / 3, 1 / 3, 1 / 3)),
    ],
)
def test_weights(mixture, weights):
    own = loop(mixture=mixture)
    assert own.weights(1) == (1.0,)
    assert own.weights(3) == pytest.approx(weights)


def test_shown_variation_never_claims_an_upper_limit():
    evidence = ShownVariation(np.full(1000, -0.1))
    assert (evidence.estimate, evidence.lower(0.1), evidence.upper(0.1)) == (0.0, 0.0, 1.0)


def test_sets_show_no_more_than_there_is():
    rng = np.random.default_rng(0)
    wrong = 0
    for _ in range(30):
        values = np.array([run_once(loop(Blind(), generations=2), 40, rng).variation[0] for _ in range(8)])
        wrong += ShownVariation(values).lower(0.2) > 2 / math.pi * math.atan(math.sqrt(0.1) / 2)
    assert wrong <= binom.isf(1e-5, 30, 0.2)


# --- verdicts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("theorem", "mixture"),
    [
        ("fu2024.recursion", replace(10)),
        ("fu2024.fully_synthetic", replace(10)),
        ("fu2024.balanced", accumulate(5)),
        ("fu2024.real_plus_last", by_share(8, "1/8", Regime.FRESH)),
        ("fu2025.distribution_shift", by_share(8, "1/8", Regime.REUSED)),
    ],
)
def test_measured_errors(theorem, mixture):
    report = check_own_model(theorem, loop(Normal(), mixture), replicates=250, draws=100)
    assert set(verdicts(report)) == {"CONSISTENT"}
    assert report.run.controls[0].caught
    assert report.asserted == {}
    assert "measured" in str(report)


def test_exact_formula_tells_the_model_from_another():
    mixture = replace(10)
    true = check_own_model("bertrand2024.normal_mean_loop", loop(mixture=mixture), draws=100)
    assert not true.run.violated
    assert not true.run.escaped
    false = check_own_model("bertrand2024.normal_mean_loop", loop(Normal(), mixture), draws=100)
    assert false.run.violated
    assert "hypothesis or an asserted constant" in str(false)


def test_asserted_constants_can_fail():
    report = check_own_model("fu2024.recursion", loop(), asserted={"e": "0.02"}, replicates=200, draws=150)
    assert verdicts(report)[0] == "VIOLATED"
    assert "e = 0.02 (asserted)" in str(report)
    generous = check_own_model("fu2024.recursion", loop(), asserted={"e": 0.3}, replicates=200, draws=150)
    assert verdicts(generous) == ["CONSISTENT"] * 3
    assert not generous.run.passed  # its controls escape, and the report says so
    assert "go unnoticed" in str(generous)


def test_phase_transition_takes_sizes_from_the_loop():
    own = loop(Mean(), by_ratio(10, 2, Regime.FRESH), 2)
    report = check_own_model("fu2024.phase_transition", own, asserted={"c": 1, "s": "1/2"}, replicates=100, draws=150)
    inputs = report.run.results[1].inputs
    assert (inputs["n"], inputs["x"]) == (10, 2)
    assert report.run.results[1].verdict is Verdict.CONSISTENT


def test_without_densities_nothing_is_confirmed():
    asserted = {"e": "0.05"}
    far = check_own_model("fu2024.recursion", loop(Far()), asserted=asserted, replicates=100, draws=60)
    assert verdicts(far) == ["VIOLATED"] * 3
    near = check_own_model("fu2024.recursion", loop(Blind(), replace(200)), asserted=asserted, replicates=50, draws=60)
    assert verdicts(near) == ["INCONCLUSIVE"] * 3


def test_same_bits_wherever_it_runs():
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        spread = check_own_model("fu2024.recursion", loop(), replicates=20, draws=40, workers=pool)
    assert spread.run.results == check_own_model("fu2024.recursion", loop(), replicates=20, draws=40).run.results


def test_budget_counts_everything_that_can_fail():
    known = check_own_model("fu2024.recursion", loop(), replicates=20, draws=40).run.error_budget
    assert known["tests"] == 9  # three verdicts, three learning errors, three tests of densities
    blind = check_own_model("fu2024.recursion", loop(Blind()), asserted={"e": 1}, replicates=20, draws=40)
    assert blind.run.error_budget["tests"] == 3


def test_model_given_is_left_alone():
    model = Mean()
    check_own_model("fu2024.recursion", loop(model), replicates=10, draws=40)
    assert not hasattr(model, "mean")


# --- questions and refusals --------------------------------------------------------------------------------------------


def test_questions_say_what_must_be_asserted():
    known = {q.id: q for q in questions(loop(mixture=by_ratio(10, 1, Regime.FRESH)))}
    assert known["fu2024.recursion"].measured == ("e",)
    assert known["fu2024.phase_transition"].asserted == ("c", "s")
    assert "bertrand2024.normal_mean_loop" not in known  # its sizes are those of a constant training set
    blind = {q.id: q for q in questions(loop(Blind()))}
    assert blind["fu2024.recursion"].asserted == ("e",)
    assert "CONSISTENT" not in blind["fu2024.recursion"].verdicts
    assert questions(loop(mixture=accumulate(10, 3))) == ()


@pytest.mark.parametrize(
    ("theorem", "own", "asserted", "message"),
    [
        ("bertrand2024.jacobian", {}, {}, "this one can: fu2024.recursion"),
        ("fu2024.balanced", {"mixture": accumulate(10, 3)}, {}, "as many draws"),
        ("fu2024.phase_transition", {"mixture": by_share(10, "1/2", Regime.FRESH)}, {}, "by_ratio"),
        ("fu2024.phase_transition", {"mixture": by_ratio(10, 1, Regime.FRESH)}, {"c": 1}, "assert s="),
        ("fu2024.recursion", {"model": Blind()}, {}, "without log densities"),
        ("fu2024.recursion", {"real": EmpiricalLaw([1.0, 2.0])}, {}, "without log densities"),
        ("fu2024.recursion", {}, {"d_tv": 1}, "takes no constant 'd_tv'"),
        ("fu2024.recursion", {}, {"e": -1}, "e = -1"),
        ("fu2024.recursion", {}, {"e": "much"}, "not a number"),
    ],
)
def test_what_cannot_be_asked(theorem, own, asserted, message):
    with pytest.raises(ArgumentError, match=message):
        check_own_model(theorem, loop(**own), asserted=asserted)


def test_unknown_theorem_and_sizes():
    with pytest.raises(UnknownTheorem):
        check_own_model("x.y", loop())
    for bad in ({"replicates": 9}, {"draws": 3}, {"seed": -1}, {"workers": 0}, {"replicates": 2.5}):
        with pytest.raises(ArgumentError):
            check_own_model("fu2024.recursion", loop(), **bad)
    with pytest.raises((ArgumentError, HypothesisError)):
        check_own_model(
            "fu2024.phase_transition", loop(mixture=by_ratio(9, 1, Regime.FRESH)), asserted={"c": 1, "s": 2}
        )


def test_objects_that_are_no_models():
    with pytest.raises(ArgumentError, match="from_estimator"):
        loop(object())
    with pytest.raises(ArgumentError, match="no law"):
        loop(real=3)
    with pytest.raises(ArgumentError, match="mixture"):
        OwnLoop(Mean(), REAL, "replace", 3)
    with pytest.raises(ArgumentError, match="generations = 1"):
        loop(generations=1)
    with pytest.raises(ArgumentError, match="generative estimator"):
        from_estimator(object())


def broken(**methods):
    return type("Broken", (Mean,), methods)()


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (broken(sample=lambda self, size, rng: rng.normal(size=size + 1)), "shape"),
        (broken(sample=lambda self, size, rng: np.full(size, np.nan)), "not finite"),
        (broken(sample=lambda self, size, rng: None), "no array|shape"),
        (broken(sample=lambda self, size, rng: np.zeros((size, 2, 2))), "shape"),
        (broken(sample=lambda self, size, rng: rng.normal(size=(size, 2))), "coordinates"),
        (broken(log_density=lambda self, points: np.zeros((len(points), 1))), "one each"),
        (broken(log_density=lambda self, points: np.full(len(points), np.nan)), "nan"),
        (broken(log_density=lambda self, points: np.full(len(points), np.inf)), "infinity"),
        (broken(log_density=lambda self, points: np.full(len(points), -np.inf)), "draws of its own"),
        (broken(log_density=lambda self, points: norm.logpdf(points[:, 0], self.mean) + 0.5), "contradict"),
        (broken(log_density=lambda self, points: norm.logpdf(points[:, 0], self.mean + 3)), "contradict"),
    ],
)
def test_models_that_return_nonsense(model, message):
    mixture = by_share(10, "1/2", Regime.FRESH)
    with pytest.raises(DataError, match=message):
        check_own_model("fu2024.recursion", loop(model, mixture, 2), replicates=200, draws=60)


# --- estimators --------------------------------------------------------------------------------------------------------


def test_adapter_draws_anew_and_in_random_order():
    from sklearn.mixture import GaussianMixture
    from sklearn.neighbors import KernelDensity

    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(-9, 1, (50, 1)), rng.normal(9, 1, (50, 1))])
    for estimator in (GaussianMixture(2, random_state=0), KernelDensity(bandwidth=0.1)):
        model = from_estimator(estimator)
        assert has_density(model)
        model.fit(points, np.random.default_rng(1))
        first, second = model.sample(200, rng), model.sample(200, rng)
        assert not np.array_equal(first, second)
        signs = first[:, 0] > 0
        assert 60 < (signs[1:] != signs[:-1]).sum() < 140  # in blocks there would be 1 change
        again = [model.sample(50, np.random.default_rng(7)) for _ in range(2)]
        assert np.array_equal(*again)


def test_estimator_without_scores_has_no_density():
    class Sampling:
        def fit(self, points):
            self.points = points

        def sample(self, n):
            return self.points[:n]

    model = from_estimator(Sampling())
    assert isinstance(model, SampledEstimator)
    assert not has_density(model)
    model.fit(np.zeros((5, 2)), np.random.default_rng(0))
    assert model.sample(3, np.random.default_rng(0)).shape == (3, 2)


def test_slips_of_the_hand_are_named():
    from sklearn.mixture import GaussianMixture

    from verify.data import NormalMixture

    with pytest.raises(ArgumentError, match=r"GaussianMixture is a class: give .* GaussianMixture\(\)"):
        from_estimator(GaussianMixture)
    for model, real in ((Normal, NormalMixture.normal()), (Normal(), NormalMixture)):
        with pytest.raises(ArgumentError, match="is a class: give an object made by it"):
            OwnLoop(model, real, replace(20), 2)
    with pytest.raises(ArgumentError, match=r"asserted = \[0.1\]; give constants by name"):
        check_own_model("fu2024.recursion", loop(), asserted=[0.1])
