import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erf
from scipy.stats import binom, norm, wasserstein_distance

from bounds import ArgumentError, DataError, UnknownTheorem
from verify.evidence import Indicators, binomial_tail
from verify.loop_audit import Answer, Facts, LoopSamples, Options, audit_loop, read_loop
from verify.loop_audit.claims import claims
from verify.loop_audit.distance import (
    GapOfDistributions,
    SeparatedVariation,
    gap_of_distributions,
    separated_variation,
    transport_limits,
)
from verify.loop_audit.findings import Levels, hold, mean_limit
from verify.loop_audit.moments import bernstein_interval, moments
from verify.loop_audit.reading import Layout
from verify.loop_audit.separation import separate
from verify.loop_audit.show import down, up
from verify.mixing import Regime

REPLACE = Regime.REPLACE


def normal(mean, std, size, dimension=1, seed=0):
    return np.random.default_rng(seed).normal(mean, std, (size, dimension))


# --- limits of total variation: valid, and worth something -------------------------------------------------------------


def equal_variances(shift):
    return float(erf(shift / math.sqrt(8)))


def alarms(draw, truth, method, level, repeats):
    """Count limits above the truth."""
    rng = np.random.default_rng(1)
    return sum(method(*draw(rng), rng).lower(level) > truth for _ in range(repeats))


# Each test accepts a valid method with probability above 1 - 1e-6: P(Binomial(150, 0.1) > 36) < 1e-6.
REPEATS, LEVEL, ALLOWED = 150, 0.1, 36
assert binom.sf(ALLOWED, REPEATS, LEVEL) < 1e-6


@pytest.mark.parametrize("dimension", [1, 3])
@pytest.mark.parametrize("method", [separated_variation, lambda a, b, rng: gap_of_distributions(a, b)])
def test_equal_laws_give_no_false_drift(dimension, method):
    def draw(rng):
        return rng.normal(size=(40, dimension)), rng.normal(size=(60, dimension))

    assert alarms(draw, 0.0, method, LEVEL, REPEATS) <= ALLOWED


def test_limit_does_not_exceed_the_truth_where_the_best_set_is_found():
    def draw(rng):
        return np.sign(rng.uniform(-0.7, 0.3, (60, 1))), np.sign(rng.uniform(-0.3, 0.7, (60, 1)))

    assert alarms(draw, 0.4, separated_variation, LEVEL, REPEATS) <= ALLOWED


@pytest.mark.parametrize(
    ("real", "synthetic", "truth"),
    [
        (normal(0, 1, 2000, seed=1), normal(1, 1, 2000, seed=2), equal_variances(1)),
        (normal(0, 1, 2000, 5, seed=1), normal(0.5, 1, 2000, 5, seed=2), equal_variances(0.5 * math.sqrt(5))),
        (normal(0, 1, 2000, 30, seed=1), normal(0.2, 1, 2000, 30, seed=2), equal_variances(0.2 * math.sqrt(30))),
    ],
)
def test_separation_shows_most_of_a_shift(real, synthetic, truth):
    limit = separated_variation(real, synthetic, np.random.default_rng(0)).lower(1e-6)
    assert 0.55 * truth < limit < truth


def test_separation_sees_what_moments_do_not():
    rng = np.random.default_rng(0)
    uniform = rng.uniform(0, 16, (4000, 1))
    comb = rng.integers(0, 16, (4000, 1)) + rng.uniform(0, 0.5, (4000, 1))  # total variation 1/2
    assert separated_variation(uniform, comb, rng).lower(1e-6) > 0.25
    assert gap_of_distributions(uniform, comb).lower(1e-6) == 0


def test_memorising_defeats_a_set_chosen_from_training_points_but_not_the_gap():
    # The law is uniform; the model stores the very real points it is compared with, and one point beside.
    rng = np.random.default_rng(0)
    for _ in range(20):
        real = rng.uniform(size=(50, 1))
        stored = rng.choice(real[:, 0], (400, 1))
        assert gap_of_distributions(real, stored).lower(1e-6) == 0


def test_gap_is_the_kolmogorov_distance():
    from scipy.stats import ks_2samp

    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(70, 2)), rng.normal(0.4, 2, size=(90, 2))
    expected = max(ks_2samp(a[:, k], b[:, k]).statistic for k in range(2))
    assert math.isclose(gap_of_distributions(a, b).gap, expected)


@given(st.integers(0, 50), st.integers(0, 50), st.floats(1e-9, 0.5))
@settings(max_examples=50)
def test_separated_limit_rests_on_both_binomials(first, second, level):
    limit = SeparatedVariation(Indicators(first, 50), Indicators(second, 50)).lower(level)
    assert 0 <= limit <= max((first - second) / 50, 0)
    if limit > 0:  # some split of the limit is rejected by one of the two tails
        p = Indicators(first, 50).lower(level / 2)
        assert binomial_tail(first, 50, p) <= level / 2
        assert binom.cdf(second, 50, min(p - limit, 1)) <= level / 2 * (1 + 1e-6)


def test_no_upper_limit_is_claimed():
    assert GapOfDistributions(0.0, (10**6, 10**6), 1).upper(0.5) == 1
    assert SeparatedVariation(Indicators(0, 10**6), Indicators(0, 10**6)).upper(0.5) == 1


def test_region_of_constant_samples():
    region = separate(np.zeros((30, 2)), np.zeros((30, 2)))
    assert region.contains(np.zeros((3, 2))).all() in (True, False)
    assert separated_variation(np.zeros((40, 1)), np.ones((40, 1)), np.random.default_rng(0)).estimate == 1


def test_huge_and_tiny_values_do_no_harm():
    rng = np.random.default_rng(0)
    for scale in (1e-90, 1e90):
        a, b = scale * rng.normal(size=(400, 3)), scale * rng.normal(1, 1, size=(400, 3))
        a[0] = 1e100
        assert separated_variation(a, b, rng).lower(0.01) > 0.2


# --- W1 and moments ----------------------------------------------------------------------------------------------------


def test_transport_limits_hold_the_truth_and_close_in():
    rng = np.random.default_rng(0)
    truth = 0.25  # of the uniform laws on [0, 1] and [0, 1/2]
    found = transport_limits(rng.uniform(size=(20_000, 1)), rng.uniform(0, 0.5, (20_000, 1)), 1e-6, (0.0, 1.0))
    assert truth - 0.06 < found.lower < truth < found.upper < truth + 0.06


def test_transport_limits_hold_the_empirical_distance():
    rng = np.random.default_rng(0)
    for _ in range(30):
        a, b = rng.normal(size=(30, 1)), rng.normal(size=(50, 1)) * rng.uniform(0, 3)
        found = transport_limits(a, b, 0.5, (-20.0, 20.0))
        assert found.lower <= wasserstein_distance(a[:, 0], b[:, 0]) <= found.upper


def test_transport_lower_limit_needs_no_range_and_takes_the_best_coordinate():
    a = np.column_stack([np.zeros(500), np.zeros(500)])
    b = np.column_stack([np.zeros(500), np.full(500, 3.0)])
    found = transport_limits(a, b, 0.01, None)
    assert 2.0 < found.lower < 3.0
    assert found.upper == math.inf


def test_bernstein_interval_misses_no_more_often_than_it_says():
    rng = np.random.default_rng(0)
    inside = [bernstein_interval((rng.random(60) < 0.05) * 1.0, 0, 1, 0.1) for _ in range(400)]
    misses = sum(not limits.lower <= 0.05 <= limits.upper for limits in inside)
    assert misses <= binom.isf(1e-6, 400, 0.1)


def test_moments_know_what_they_cannot_know():
    points = normal(2, 3, 3000)
    without = {m.name: m for m in moments(points, 1e-6, None)}
    assert without["mean"].ci.lower == -math.inf
    assert without["variance"].ci.upper == math.inf
    assert without["median"].ci.lower < 2 < without["median"].ci.upper
    within = {m.name: m for m in moments(points, 1e-6, (-20.0, 25.0))}
    assert within["mean"].ci.lower < 2 < within["mean"].ci.upper
    assert within["variance"].ci.lower < 9 < within["variance"].ci.upper
    quartile = norm.ppf(0.75, 2, 3)
    assert within["upper quartile"].ci.lower < quartile < within["upper quartile"].ci.upper


# --- theorems ----------------------------------------------------------------------------------------------------------


def first_claim(constants, t=2, **facts):
    return claims(Facts(constants=constants, **facts), [t], 1)[0]


def test_one_run_refutes_a_mean_only_far_beyond_it():
    claim = first_claim({"e": "0.001"}, data=REPLACE)  # the bound is 0.002
    level = 0.01
    assert hold(claim, [0.19], Levels(level, level), independent=False).answer is Answer.EXCEEDED
    assert hold(claim, [0.21], Levels(level, level), independent=False).answer is Answer.VIOLATED
    assert hold(claim, [0.001], Levels(level, level), independent=False).answer is Answer.NOT_CONTRADICTED


def test_runs_that_share_data_count_as_one():
    claim = first_claim({"e": "0.05"}, data=REPLACE)
    limits = [0.3] * 40
    assert hold(claim, limits, Levels(1e-3, 1e-3), independent=False).answer is Answer.EXCEEDED
    assert hold(claim, limits, Levels(1e-3, 1e-3), independent=True).answer is Answer.VIOLATED


def test_limit_of_a_mean_is_valid_for_rare_large_drift():
    # total variation is 1 in one run of twenty: the mean is 0.05
    rng = np.random.default_rng(0)
    for runs in (1, 3, 20):
        wrong = sum(mean_limit((rng.random(runs) < 0.05) * 1.0, 0.1, independent=True) > 0.05 for _ in range(400))
        assert wrong <= binom.isf(1e-6, 400, 0.1)


def weighted_claim(C="0.001", delta="1/10", **facts):
    constants = {"C": C, "delta": delta, "kl_prior": "0"}
    found = claims(Facts(n=1000, data=REPLACE, constants=constants, **facts), [3], 1)
    return next(claim for claim in found if claim.theorem.id == "fu2024.weighted_rate")


def test_exceptions_are_counted():
    claim = weighted_claim()
    limits = [0.5] * 9 + [0.0]
    found = hold(claim, limits, Levels(1e-3, 1e-3), independent=True)
    assert binom.sf(8, 10, 0.1) < 1e-3
    assert found.answer is Answer.VIOLATED
    assert hold(claim, limits, Levels(1e-3, 1e-3), independent=False).answer is Answer.EXCEEDED
    assert hold(claim, [0.5], Levels(1e-3, 1e-3), independent=True).answer is Answer.EXCEEDED
    assert hold(claim, [0.0], Levels(1e-3, 1e-3), independent=True).answer is Answer.NOT_CONTRADICTED


def test_sizes_follow_the_convention_of_the_symbols_beside_them():
    constants = {"c": "1", "s": "1/2", "C": "1", "delta": "0.1", "kl_prior": "0"}
    for facts in (Facts(n=100, lam=3, constants=constants), Facts(n=400, alpha="1/4", constants=constants)):
        found = {claim.theorem.id: claim.arguments for claim in claims(facts, [2], 1)}
        assert (found["fu2024.phase_transition"]["n"], found["fu2024.phase_transition"]["x"]) == (100, 3)
        assert found["fu2024.weighted_rate"]["n"] == 400
        assert found["fu2024.real_plus_last"]["alpha"] * 4 == 1


def test_size_that_is_no_whole_number_says_nothing():
    constants = {"c": "1", "s": "1/2"}
    found = {c.theorem.id: c for c in claims(Facts(n=10, alpha="1/3", constants=constants), [2], 1)}
    assert "whole number" in found["fu2024.phase_transition"].problem


def test_uninformative_and_missing_are_said():
    found = claims(Facts(data=REPLACE, constants={"e": "0.6"}), [1, 2], 1)
    answers = [hold(claim, [0.9], Levels(0.1, 0.1), independent=False).answer.value for claim in found]
    assert answers == ["EXCEEDED", "UNINFORMATIVE", "NOT PUT"]


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"alpha": "0.5", "lam": "1"}, "one of them"),
        ({"alpha": "2"}, "alpha = 2"),
        ({"alpha": "x"}, "not a number"),
        ({"n": "0"}, "n = 0"),
        ({"n": "2.5"}, "whole number"),
        ({"lam": "-1"}, "lam = -1"),
        ({"lam": "inf"}, "lam = inf"),
        ({"constants": {"ee": "1"}}, "did you mean"),
        ({"constants": {"t": "1"}}, "belongs to the loop"),
        ({"constants": {"e": "x"}}, "not a number"),
        ({"data": REPLACE, "alpha": "1/2"}, "alpha must be 0"),
        ({"data": Regime.FRESH, "alpha": "0"}, "replace"),
    ],
)
def test_facts_that_make_no_sense(facts, message):
    with pytest.raises(ArgumentError, match=message):
        Facts(**facts)


def test_theorems_that_cannot_fail_here_are_refused():
    for theorem, message in (
        ("bertrand2024.jacobian", "Jacobian norm"),
        ("lemma.pinsker", "total variation"),
        ("fu2024.kde_loop_lower", "lower bound"),
    ):
        constants = {"space": "line"} if "kde" in theorem else {}
        with pytest.raises(ArgumentError, match=message):
            claims(Facts(theorems=(theorem,), constants=constants), [1], 1)
    with pytest.raises(UnknownTheorem):
        claims(Facts(theorems=("x.y",)), [1], 1)
    with pytest.raises(ArgumentError, match="d_tv = 2"):
        claims(Facts(data=Regime.REUSED, lam=1, constants={"e": "0.1", "d_tv": "2"}), [1], 1)


def test_a_theorem_that_fixes_the_model_is_put_on_request():
    facts = Facts(n=100, data=REPLACE, constants={"data": "synthetic"}, theorems=("bertrand2024.normal_mean_loop",))
    claim = next(c for c in claims(facts, [4], 1) if c.theorem.id == "bertrand2024.normal_mean_loop")
    assert math.isclose(claim.bound.upper, 2 / math.pi * math.atan(math.sqrt(4 / 100) / 2), rel_tol=1e-12)


@pytest.mark.parametrize(
    ("theorem", "data", "constants", "choices"),
    [
        ("bertrand2024.normal_mean_loop", "fresh", {}, {"data": "fresh"}),
        ("bertrand2024.normal_mean_loop", "reused", {"data": "reused"}, {"data": "reused"}),
        ("bertrand2024.normal_mean_loop", "replace", {}, {"data": "synthetic"}),
        ("bertrand2024.normal_mean_loop", "replace", {"data": "fresh"}, {"data": "fresh"}),
        ("fu2025.categorical_loop_upper", "replace", {}, {"data": "fresh"}),
        ("fu2024.recursion", "accumulate", {}, {"schedule": "balanced"}),
        (
            "fu2024.kde_loop_reused",
            "reused",
            {"space": "line", "reused": "share"},
            {"space": "line", "reused": "share"},
        ),
    ],
)
def test_the_data_of_a_theorem_is_that_of_the_loop(theorem, data, constants, choices):
    found = claims(Facts(n=100, data=Regime(data), constants=constants, theorems=(theorem,)), [4], 1)
    assert dict(next(c for c in found if c.theorem.id == theorem).theorem.choices) == choices


@pytest.mark.parametrize(
    ("theorem", "facts", "message"),
    [
        (
            "bertrand2024.normal_mean_loop",
            {"data": Regime.REUSED, "constants": {"data": "fresh"}},
            "this loop's is reused",
        ),
        (
            "bertrand2024.normal_mean_loop",
            {"data": Regime.ACCUMULATE},
            "replace or fresh or reused; this loop's is accumulate",
        ),
        ("bertrand2024.normal_mean_loop", {"alpha": "1/2"}, "several regimes"),
        ("fu2024.phase_transition", {"data": Regime.REUSED}, "data that is fresh; this loop's is reused"),
        ("fu2024.fully_synthetic", {"alpha": "1/2"}, "data that is replace; this loop's is fresh or reused"),
        (
            "fu2024.kde_loop",
            {"data": Regime.REUSED, "constants": {"space": "line", "form": "variance"}},
            "fu2024.kde_loop form=variance space=line speaks of data that is replace or fresh; this loop's is reused",
        ),
        ("fu2024.recursion", {"data": Regime.FRESH, "constants": {"schedule": "balanced"}}, "data that is accumulate"),
    ],
)
def test_a_theorem_of_other_data_is_refused(theorem, facts, message):
    with pytest.raises(ArgumentError, match=message):
        claims(Facts(n=100, theorems=(theorem,), **facts), [4], 1)


# --- the whole ---------------------------------------------------------------------------------------------------------


def test_audit_is_simultaneous_and_reproducible():
    rng = np.random.default_rng(5)
    runs = [{t: rng.normal(t, 1, (300, 2)) for t in (1, 2)} for _ in range(3)]
    samples = LoopSamples(rng.normal(size=(500, 2)), runs)
    first, second = (audit_loop(samples, None, Options(held_out=True, seed=4)) for _ in range(2))
    assert [row.tv_lower for row in first.generations] == [row.tv_lower for row in second.generations]
    assert first.error_budget["total_variation"]["tests"] == 6
    parts = [first.error_budget[name]["total"] for name in ("total_variation", "theorems", "w1_and_moments")]
    assert math.isclose(sum(parts), 0.01)
    for row in first.generations:
        assert 0 < row.tv_lower < equal_variances(row.t * math.sqrt(2))


def test_a_generation_more_leaves_the_sets_of_the_others_as_they_are():
    real, gens = normal(0, 1, 400), {1: normal(1, 1, 400, seed=2), 2: normal(2, 1, 400, seed=3)}
    few = audit_loop(LoopSamples(real, [{1: gens[1]}]), None, Options(held_out=True))
    many = audit_loop(LoopSamples(real, [gens]), None, Options(held_out=True))
    assert few.generations[0].tv_shown == many.generations[0].tv_shown


def test_stored_order_does_not_matter_for_the_variance():
    rng = np.random.default_rng(0)
    points = np.sort(rng.uniform(size=2000))  # neighbours are nearly equal: unshuffled pairs would show no variance
    found = audit_loop(LoopSamples(points, [{1: points}]), None, Options(ends=(0.0, 1.0)))
    spread = next(m for m in found.generations[0].moments if m.name == "variance")
    assert spread.ci.lower < 1 / 12 < spread.ci.upper


@pytest.mark.parametrize(
    "options", [{"delta": 0}, {"delta": 1}, {"delta": math.nan}, {"seed": -1}, {"ends": (1.0, 0.0)}]
)
def test_options_that_make_no_sense(options):
    with pytest.raises(ArgumentError):
        Options(**options)


def test_range_must_hold_the_points():
    with pytest.raises(ArgumentError, match="does not hold"):
        audit_loop(LoopSamples(normal(0, 1, 50), [{1: normal(0, 1, 50)}]), None, Options(ends=(0.0, 1.0)))


# --- files -------------------------------------------------------------------------------------------------------------

POINTS = np.linspace(0, 1, 40)


def test_kinds_of_files_agree(tmp_path):
    import pyarrow
    from pyarrow import parquet

    real, gens = normal(0, 1, 30, 2), {1: normal(0, 1, 25, 2, seed=1), 3: normal(0, 1, 20, 2, seed=2)}
    np.savez(tmp_path / "a.npz", real=real, **{f"generation_{t}": g for t, g in gens.items()})
    table = np.concatenate([np.column_stack([np.full(len(s), t), s]) for t, s in [(0, real), *gens.items()]])
    lines = ["generation,x,y", *(f"{int(row[0])},{float(row[1])!r},{float(row[2])!r}" for row in table)]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n\n")
    named = dict(zip(("generation", "x", "y"), table.T, strict=True))
    parquet.write_table(pyarrow.table(named), tmp_path / "a.parquet")
    for name in ("a.npz", "a.csv", "a.parquet"):
        found = read_loop(tmp_path / name)
        assert np.array_equal(found.real, real)
        assert found.generations == (1, 3)
        assert all(np.array_equal(found.runs[0][t], gens[t]) for t in gens)
    only = read_loop(tmp_path / "a.csv", layout=Layout(columns=("y",)))
    assert np.array_equal(only.real[:, 0], real[:, 1])


def test_runs_and_real_points_elsewhere(tmp_path):
    np.savez(tmp_path / "a.npz", run_1_generation_1=POINTS, run_2_generation_1=POINTS + 1)
    np.save(tmp_path / "real.npy", POINTS)
    np.savez(tmp_path / "real.npz", anything=POINTS)
    (tmp_path / "real.csv").write_text("x\n" + "\n".join(str(float(v)) for v in POINTS))
    for name in ("real.npy", "real.npz", "real.csv"):
        found = read_loop(tmp_path / "a.npz", tmp_path / name)
        assert [run[1][0, 0] for run in found.runs] == [0.0, 1.0]
        assert np.allclose(found.real[:, 0], POINTS)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"generation_1": POINTS}, "no array 'real'"),
        ({"real": POINTS}, "no array 'generation_1'"),
        ({"real": POINTS, "generation_0": POINTS}, "'generation_0'"),
        ({"real": POINTS, "generation-1": POINTS}, "means nothing"),
        ({"real": POINTS, "generation_1": POINTS, "run_1_generation_1": POINTS}, "with and without a run"),
        ({"real": POINTS, "generation_1": POINTS[:5]}, "5 points"),
        ({"real": POINTS, "generation_1": np.zeros((40, 2))}, "2 coordinates"),
        ({"real": POINTS, "generation_1": np.zeros((40, 2, 2))}, "shape"),
        ({"real": POINTS, "generation_1": np.zeros((40, 0))}, "shape"),
        ({"real": POINTS, "generation_1": np.float64(1.0)}, "shape"),
        ({"real": np.where(POINTS > 0.9, np.nan, POINTS), "generation_1": POINTS}, "not finite"),
        ({"real": POINTS, "generation_1": POINTS + np.inf}, "not finite"),
        ({"real": POINTS, "generation_1": POINTS * 1e200}, "beyond"),
        ({"real": POINTS, "generation_1": POINTS.astype(str)}, "real numbers"),
        ({"real": POINTS, "generation_1": POINTS * 1j}, "real numbers"),
        ({"real": POINTS, "generation_1": POINTS > 0.5}, "real numbers"),
        ({"real": POINTS, "generation_1": np.array([None] * 40)}, "plain numeric"),
    ],
)
def test_bad_archives(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=message):
        read_loop(tmp_path / "a.npz")


HEAD = "generation,x\n"
ROWS = "".join(f"{t},{x}\n" for t in (0, 1) for x in range(20))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no header"),
        (HEAD, "no rows"),
        (HEAD + "1,2\n", "no row of generation 0"),
        (HEAD + "0,1\n" * 30, "no row of a generation"),
        (HEAD + ROWS + "1,\n", "line 42: the value is missing"),
        (HEAD + ROWS + "1,abc\n", "'abc' is not a number"),
        (HEAD + ROWS + "1,inf\n", "not finite"),
        (HEAD + ROWS + "1,1_0\n", "not a number"),
        (HEAD + ROWS + "1.5,1\n", "whole numbers"),
        (HEAD + ROWS + "-1,1\n", "whole numbers"),
        (HEAD + ROWS + "1e30,1\n", "whole numbers"),
        (HEAD + ROWS + "1,2,3\n", "3 cells at line 42"),
        (HEAD + ROWS + "1\n", "1 cells"),
        (HEAD + ROWS + '1,"2\n', "well-formed"),
        ("generation,generation\n" + ROWS, "2 columns named"),
        ("g,x\n" + ROWS, "no column 'generation'"),
        ("generation\n" + "0\n" * 30, "no column with values"),
        (HEAD + ROWS + "2,1\n", "generation 2 has 1 points"),
    ],
)
def test_bad_tables(tmp_path, text, message):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        read_loop(tmp_path / "a.csv")


@pytest.mark.parametrize("name", ["a.npz", "a.csv", "a.parquet", "a.npy"])
@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff\xfe garbage", b"PK\x03\x04 torn", b"PAR1 torn PAR1", None, "folder"]
)
def test_unreadable_files(tmp_path, name, content):
    path = tmp_path / name
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\."):
        read_loop(path)
    np.savez(tmp_path / "good.npz", generation_1=POINTS)
    with pytest.raises(DataError, match=r"a\."):
        read_loop(tmp_path / "good.npz", path)


def test_a_text_in_the_place_of_an_archive_is_told_without_talk_of_pickles(tmp_path):
    (tmp_path / "a.npz").write_text("1,2,3")
    with pytest.raises(
        DataError, match=r"'[^']*' is no archive of plain numeric arrays \(NumPy did not write it\): use numpy\.savez$"
    ):
        read_loop(tmp_path / "a.npz")


def test_torn_archive(tmp_path):
    np.savez(tmp_path / "a.npz", real=POINTS, generation_1=POINTS)
    whole = (tmp_path / "a.npz").read_bytes()
    for cut in (10, len(whole) // 2, len(whole) - 5):
        (tmp_path / "b.npz").write_bytes(whole[:cut])
        with pytest.raises(DataError):
            read_loop(tmp_path / "b.npz")
    (tmp_path / "b.npz").write_bytes(whole[:60] + bytes(40) + whole[100:])
    with pytest.raises(DataError):
        read_loop(tmp_path / "b.npz")


@given(st.floats(-1e12, 1e12).filter(lambda v: v == 0 or abs(v) > 1e-12))
def test_shown_numbers_stay_on_their_side(value):
    assert float(down(value)) <= value <= float(up(value))
