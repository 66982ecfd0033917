"""Figures: what they draw is what was computed, they can be read in print, and the same run gives the same files."""

import json
import math
from fractions import Fraction

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds import ArgumentError, DataError, HypothesisError, get
from bounds.papers.fu2024 import peak
from verify import figures
from verify.data import NormalMixture
from verify.evidence import Computed, Verdict
from verify.figures.files import save_run_figures
from verify.figures.runs import LEAST
from verify.figures.saved import holds_power, load_power
from verify.mixing import Regime, by_share, replace
from verify.models.categorical import expected_tv
from verify.models.score import EarlyStopping
from verify.phase import PhaseTransition
from verify.power_results import CheckPower, Power, SettingPower
from verify.results import Failure, Result, Run

QUICK = sorted(name for name, picture in figures.PICTURES.items() if not picture.slow)


def result(theorem_id="bertrand2024.jacobian", direction="upper", bound=1.0, measured=0.5, ci=None, **changes):
    verdict = changes.pop("verdict", Verdict.CONSISTENT)
    ci = ci or (measured, measured)
    return Result(theorem_id, "", changes, "", direction, bound, measured, ci, measured / bound, verdict, 9, 1)


def run_of(*results, failures=()):
    return Run(tuple(results), (), {"total": 0.001, "tests": 1, "per_test": 0.001}, 1, "quick", failures)


def power_of(*smallest, direction="upper"):
    checks = []
    for number, value in enumerate(smallest):
        sides = {"smaller": value, "larger": None} if direction == "upper" else {"smaller": value, "larger": value}
        checks.append(CheckPower(f"x.name_{number}", direction, 0, (SettingPower("a setting", "Computed", **sides),)))
    return Power("quick", (0,), (1e-3,), tuple(checks))


def transition(heights=(0.1, 0.3, 0.29, 0.1), ratios=(0, 2, 4, 8)):
    evidence = tuple(Computed(height, 0.01) for height in heights)
    return PhaseTransition(100, 2, tuple(map(Fraction, ratios)), evidence, peak(2, "1/2"), 0.05)


# --- readable in print ------------------------------------------------------------------------------------------------


def texts(figure):
    """Every text that is drawn, with its box in pixels."""
    figure.canvas.draw()
    found = []
    for axes in figure.axes:
        found += [*axes.texts, axes.xaxis.label, axes.yaxis.label]
        found += axes.get_legend().get_texts() if axes.get_legend() else []
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            # Ticks beyond the limits are made, and not drawn.
            ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            found += [tick.label1 for tick in ticks if low <= tick.get_loc() <= high]
    return [(text, text.get_window_extent()) for text in found if text.get_visible() and text.get_text().strip()]


def require_readable(figure, margin=1.0):
    page = figure.bbox
    assert figure.get_size_inches()[0] == 3.3
    shown = []
    for text, box in texts(figure):
        assert text.get_fontsize() >= 7, text.get_text()
        assert page.x0 - margin <= box.x0, text.get_text()
        assert box.x1 <= page.x1 + margin, text.get_text()
        assert page.y0 - margin <= box.y0, text.get_text()
        assert box.y1 <= page.y1 + margin, text.get_text()
        shown.append((text.get_text(), box))
    assert len(shown) > 4
    for index, (one, box) in enumerate(shown):
        for other, before in shown[:index]:
            assert not box.expanded(0.94, 0.94).overlaps(before.expanded(0.94, 0.94)), f"{one!r} over {other!r}"


@pytest.mark.parametrize("name", QUICK)
def test_named_figures_can_be_read(name):
    require_readable(figures.figure(name, seed=3))


def test_figures_of_a_run_can_be_read():
    results = [result(f"bertrand2024.theorem_of_a_long_name_{k}", measured=10.0**-k) for k in range(6)]
    require_readable(figures.tightness_figure(results))
    every = [result(verdict=verdict) for verdict in Verdict]
    require_readable(figures.tightness_figure(every))
    require_readable(figures.power_figure(power_of(1e-9, 0.02, 0.4, None, 3.0)))


def test_observed_transition_can_be_read():
    with figures.drawing():
        figure, axes = figures.new_figure()
        figures.observed_transition_axes(axes, transition())
    require_readable(figure)


def test_settings_of_the_caller_stay_as_they_are(tmp_path):
    before = dict(matplotlib.rcParams)
    figures.save_figure(figures.figure("curated_kl"), tmp_path, "one")
    assert dict(matplotlib.rcParams) == before


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["curated_kl", "phase_transition"])
def test_same_seed_gives_the_same_bytes(name, tmp_path):
    for directory in ("a", "b"):
        (tmp_path / directory).mkdir()
        figures.save_figure(figures.figure(name, seed=5), tmp_path / directory, name)
    for ending in figures.FORMATS:
        one, other = ((tmp_path / d / f"{name}.{ending}").read_bytes() for d in ("a", "b"))
        assert one == other, ending
    assert "<dc:date>" not in (tmp_path / "a" / f"{name}.svg").read_text(encoding="utf-8")


def test_another_seed_gives_other_draws():
    one, other = (figures.figure("normal_loop", seed=seed).axes[0].lines[1].get_ydata() for seed in (0, 1))
    assert not np.array_equal(one, other)


def test_unknown_figures_and_bad_seeds():
    with pytest.raises(ArgumentError, match=r"no figure 'nothing'; there are normal_loop"):
        figures.figure("nothing")
    with pytest.raises(ArgumentError, match="seed = -1"):
        figures.figure("curated_kl", seed=-1)


def test_a_run_gets_the_figures_of_what_it_checked(tmp_path):
    run = run_of(result("ferbach2024.kl_ball"), result("bertrand2024.contraction"))
    said = []
    captions = save_run_figures(tmp_path, run, ("png",), lambda *now: said.append(now))
    assert list(captions) == ["tightness_ferbach2024", "tightness_bertrand2024", "curated_kl"]
    assert {path.stem for path in tmp_path.iterdir()} == set(captions)
    assert [now[:2] for now in said] == [(0, 3), (1, 3), (2, 3)]


def test_captions_say_what_is_missing():
    shown, odd = result(), result(bound=1.0, measured=0.0)
    failed = Failure("bertrand2024.jacobian", 1, "measurement", 0, "", "")
    full = figures.tightness_caption("bertrand2024", [shown], run_of(shown))
    assert "not shown" not in full
    caption = figures.tightness_caption("bertrand2024", [shown, odd], run_of(shown, odd, failures=(failed,)))
    assert "1 of 2 results are not shown" in caption
    assert "1 settings failed" in caption


# --- tightness and power ----------------------------------------------------------------------------------------------

NUMBERS = st.floats(1e-3, 1e3)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["upper", "lower"]), st.sampled_from([1, -1]), NUMBERS, NUMBERS, NUMBERS)
def test_tightness_is_below_one_where_the_bound_holds(direction, sign, bound, measured, width):
    bound, measured = sign * bound, sign * measured
    found = figures.tightness(
        result(direction=direction, bound=bound, measured=measured, ci=(measured - width, measured))
    )
    holds = measured <= bound if direction == "upper" else measured >= bound
    assert (found.value <= 1) == holds
    assert found.lower <= found.value * (1 + 1e-12)
    assert found.upper >= found.value * (1 - 1e-12)


@pytest.mark.parametrize(
    "odd", [{"bound": -1.0}, {"measured": 0.0}, {"measured": math.inf}, {"measured": math.nan}, {"claim": "exponent"}]
)
def test_some_results_have_no_tightness(odd):
    assert figures.tightness(result(**odd)) is None


def test_tightness_draws_every_verdict_where_it_is():
    results = [
        result("x.a", measured=0.5),
        result("x.b", measured=2.0, verdict=Verdict.VIOLATED),
        result("x.a", measured=1e-7),
    ]
    axes = figures.tightness_figure(results).axes[0]
    dots = {line.get_marker(): line.get_xydata().tolist() for line in axes.lines if line.get_marker() in "osDX<"}
    assert dots == {"o": [[0.5, 0.0]], "<": [[LEAST, 0.0]], "X": [[2.0, 1.0]]}
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["consistent", "violated"]
    assert axes.get_xlim()[1] > 2


def test_power_draws_what_checks_detect():
    axes = figures.power_figure(power_of(0.02, 0.4, None)).axes[0]
    large = {line.get_marker(): line.get_xydata().tolist() for line in axes.lines if line.get_markersize() == 3.6}
    assert large == {"o": [[0.02, 0.0]], "D": [[0.4, 1.0]]}
    assert [text.get_text() for text in axes.texts] == ["nothing"]


def test_empty_runs_have_no_figures():
    with pytest.raises(ArgumentError, match="no results"):
        figures.tightness_figure([])
    with pytest.raises(ArgumentError, match="no checks"):
        figures.power_figure(power_of())


def test_power_is_read_back(tmp_path):
    from verify.cli_power import Options, power
    from verify.power import power as measured

    file = tmp_path / "power.json"
    power(["ferbach2024.kl_ball"], Options(quick=True, out=str(file)))
    assert holds_power(file)
    found, again = measured(["ferbach2024.kl_ball"], quick=True), load_power(file)
    assert again == found
    damaged = json.loads(file.read_text(encoding="utf-8"))
    damaged["checks"][0]["direction"] = "sideways"
    file.write_text(json.dumps(damaged), encoding="utf-8")
    with pytest.raises(DataError, match="sideways"):
        load_power(file)


# --- loops ------------------------------------------------------------------------------------------------------------


def test_categorical_figure_has_the_exact_distances_between_their_bounds():
    axes = figures.categorical_loop_axes(figures.new_figure()[1], (0.5, 0.3, 0.2), n=20, generations=12)
    mixtures = (replace(20), by_share(20, "1/2", Regime.REUSED), by_share(20, "1/2", Regime.FRESH))
    for (upper, lower, marks), mixture in zip(np.reshape(axes.lines, (3, 3)), mixtures, strict=True):
        exact = np.array([found.value for found in expected_tv((0.5, 0.3, 0.2), mixture, 12)])
        shown = np.asarray(marks.get_xdata(), dtype=int) - 1
        assert np.array_equal(marks.get_ydata(), exact[shown])
        assert np.all(lower.get_ydata() <= exact)
        assert np.all(exact <= upper.get_ydata())


def test_density_figure_has_its_intervals_between_the_bounds():
    axes = figures.kde_loop_axes(
        figures.new_figure()[1], np.random.default_rng(2), n=200, h="1/3", generations=3, replicates=300
    )
    lines = {line.get_label(): line.get_ydata() for line in axes.lines}
    for bars, kind in zip(axes.collections, ("reused", "fresh"), strict=True):
        for low, (start, end) in zip(lines["lower bound, both"], (s[:, 1] for s in bars.get_segments()), strict=True):
            assert start < end
            assert end > low  # 12 intervals, wrong together with probability at most 0.01, and the seed is fixed
        measured = lines[f"measured, {kind}"]
        assert np.all(measured < lines[f"bound, {kind}"])
        assert np.all(measured > lines["lower bound, both"])


def test_curated_figures_keep_to_their_sides():
    reward = {line.get_label(): line.get_ydata() for line in figures.curated_reward_axes(figures.new_figure()[1]).lines}
    divergence = {line.get_label(): line.get_ydata() for line in figures.curated_kl_axes(figures.new_figure()[1]).lines}
    for label, values in reward.items():
        assert label == "exact" or np.all(np.asarray(values) <= reward["exact"])
    for label, values in divergence.items():
        assert label == "exact" or np.all(np.asarray(values) >= divergence["exact"])


def test_curated_reward_of_two_atoms_by_enumeration():
    picture = figures.CuratedPicture((0.5, 0.5), (0.0, math.log(3)), candidates=2, ratio=Fraction(1, 2), rounds=2)
    drawn = figures.curated_reward_axes(figures.new_figure()[1], picture).lines[0].get_ydata()
    high, gains = 0.5, []
    for _ in range(2):
        # Of two candidates one of each kind is drawn with chance 2 p (1 - p), and then the better wins three times in four.
        winner = high**2 + 2 * high * (1 - high) * 0.75
        high = 0.5 * 2 / 3 + winner / 3
        gains.append(2 * (high - 0.5))
    assert np.allclose(drawn, gains, rtol=1e-12)


def test_early_stopping_bands_cover_the_means():
    values = np.random.default_rng(0).beta(20, 60, size=(400, 3))
    curve = EarlyStopping(np.array([1.0, 10.0, 100.0]), values, np.zeros_like(values), np.zeros_like(values))
    axes = figures.early_stopping_axes(figures.new_figure()[1], [("$n=5$", curve)])
    band = axes.collections[0].get_paths()[0].vertices
    for tau in curve.taus:
        ends = band[np.isclose(band[:, 0], tau), 1]
        assert ends.min() < 0.25 < ends.max()  # the mean of the law; each fails with probability at most 0.01/3


# --- phase transition, maps and bounds over a symbol ------------------------------------------------------------------


@pytest.mark.parametrize("data", ["fresh", "reused"])
def test_peaks_are_marked_where_the_curve_is_highest(data):
    axes = figures.phase_transition_axes(figures.new_figure()[1], "1/2", (2, 6), data)
    curves, peaks = axes.lines[1::2], axes.lines[2::2]
    for t, curve, top in zip((2, 6), curves, peaks, strict=True):
        (x,), (height,) = top.get_data()
        assert np.all(np.asarray(curve.get_ydata()) <= height * (1 + 1e-12))
        step = {"fresh": lambda r: (1 + r) ** -0.5, "reused": lambda r: (1 + r**0.5) / (1 + r)}[data]

        def walked(ratio, t=t, step=step):
            value, share = 1.0, ratio / (1 + ratio)
            for _ in range(t - 1):
                value = step(ratio) + share * value
            return value

        assert math.isclose(walked(x), height, rel_tol=1e-12)
        assert walked(x * 1.01) < height
        assert walked(x / 1.01) < height


def test_observed_transition_shades_the_bracket():
    seen = transition()
    axes = figures.observed_transition_axes(figures.new_figure()[1], seen)
    box = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    assert math.isclose(box.x0, seen.bracket.lower, abs_tol=1e-9)
    assert math.isclose(box.x1, seen.bracket.upper)
    line = next(one for one in axes.lines if one.get_color() == "#D55E00")
    assert line.get_xdata()[0] == seen.predicted.lower


def test_bracket_without_an_end_reaches_the_edge():
    axes = figures.observed_transition_axes(figures.new_figure()[1], transition((0.1, 0.2, 0.3, 0.4)))
    box = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    assert math.isclose(box.x1, axes.get_xlim()[1])


def test_frontier_is_where_the_bound_is_solved():
    theorem = get("fu2025.categorical_loop_upper")
    numbers = {"data": "fresh", "k": 1000, "collision": "1/1000", "t": 10}
    axes = figures.new_figure()[1]
    axes.set(yscale="log")
    figures.frontier_axes(axes, theorem, numbers, "cells")
    points = np.sort(axes.collections[0].get_paths()[0].vertices, axis=0) * [1, -1]
    points[:, 1] = -points[::-1, 1]  # smaller where more is real
    for alpha in ("0.1", "0.4", "0.7"):
        solved = theorem.solve("n", target=1, alpha=alpha, **numbers).value
        assert math.isclose(np.interp(float(alpha), points[:, 0], points[:, 1]), solved, rel_tol=0.02)


def test_relative_bounds_count_in_units_of_the_trivial_one():
    theorem = get("fu2025.generalization_given_real")
    numbers = {"M": 4, "beta": lambda n: 1 / n, "d_tv": "0.1", "delta": "0.05", "eta": 0, "t": 3}
    found = figures.relative_bound(theorem, np.array([0.25, 0.5]), np.array([10.0, 1000.0]), numbers)
    one = theorem.evaluate(M=4, beta="1/1000", d_tv="0.1", delta="0.05", eta=0, t=3, alpha="0.5", n=1000)
    assert found.shape == (2, 2)
    assert math.isclose(found[1, 1], one / 4, rel_tol=1e-12)
    with pytest.raises(ArgumentError, match="not an upper bound"):
        figures.relative_bound(get("fu2025.categorical_loop"), np.array([0.5]), np.array([10.0]), {"data": "fresh"})


def test_bound_stops_where_its_hypotheses_do():
    given_numbers = {"L": "0.2", "epsilon": "0.1", "curvature": "0.3"}
    lam = [Fraction(k, 10) for k in range(11)]
    axes = figures.bound_axes(figures.new_figure()[1], get("bertrand2024.jacobian"), "lambda", lam, given_numbers)
    heights = axes.lines[0].get_ydata()
    assert np.isfinite(heights).tolist() == [
        x * (1 + Fraction("0.2") * Fraction("0.1") / Fraction("0.3")) < Fraction(1, 2) for x in lam
    ]
    assert axes.get_xlabel() == r"synthetic-to-real ratio $\lambda$"


def test_bound_is_shaded_where_it_says_nothing():
    numbers = {"data": "fresh", "collision": "1/100", "k": 100, "alpha": "1/2"}
    sizes = [Fraction(2) ** k for k in range(1, 12)]
    axes = figures.bound_axes(
        figures.new_figure()[1],
        get("fu2025.categorical_loop_upper"),
        "n",
        sizes,
        numbers,
        family=("t", [2, 5]),
        logarithmic=True,
    )
    assert [text.get_text() for text in axes.texts] == ["says nothing"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["$t=2$", "$t=5$"]
    assert axes.get_xscale() == "log"
    shaded = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    assert math.isclose(shaded.y0, 1.0)


def test_bound_without_a_value_is_refused():
    with pytest.raises(HypothesisError, match="no finite value"):
        figures.bound_axes(figures.new_figure()[1], get("ferbach2024.kl_ball"), "lam", [2, 3], {"K": 2})
    with pytest.raises(ArgumentError, match="at most 6"):
        figures.bound_axes(
            figures.new_figure()[1], get("ferbach2024.kl_ball"), "lam", [0, 1], {}, family=("K", range(1, 9))
        )


def test_lambda_figure_of_another_law():
    axes = figures.lambda_stability_axes(figures.new_figure()[1], NormalMixture.normal(), largest=1.0)
    assert axes.get_xlim() == (0.0, 1.0)
