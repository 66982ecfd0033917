# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   mystnb:
#     render_markdown_format: myst
# ---

# %% [markdown]
# # fu2024: how errors add up, and a phase transition
#
# Generation $j+1$ learns from a mixture of real data and draws of the generations before it. How far has it drifted from
# the real law $p_0$, in expected total variation $T_t=\mathbb E\,\mathrm{TV}(p_t,p_0)$? The paper answers with a recursion
# over generations, applied to score networks and to kernel density estimates, and with a phase transition in the amount of
# synthetic data. The density estimates are where everything can be made explicit, and where we can look.

# %% tags=["hide-input"]
import os
from fractions import Fraction

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

import bounds
from bounds.papers.fu2024 import peak
from bounds.typeset import to_latex
from verify import run_checks
from verify.data import NormalMixture
from verify.evidence import Interval, Verdict, judge
from verify.mixing import Regime, by_share
from verify.models.kde import Fixed, kde_loop
from verify.phase import density_estimates, observe_phase_transition
from verify.report import budget_sentence, summary

# %% tags=["parameters"]
effort = os.environ.get("LOOPBOUNDS_EFFORT", "quick")  # or "full"

# %% tags=["hide-input"]
plt.rcParams.update({"figure.figsize": (5.6, 3.4), "figure.constrained_layout.use": True, "figure.dpi": 110})
full = effort == "full"


def state(theorem):
    """Show where a theorem comes from, what it says, its formula and its hypotheses."""
    hypotheses = ", ".join(f"${to_latex(h)}$" for h in theorem.hypotheses)
    display(
        Markdown(
            f"**`{theorem.id}`** ({theorem.standing.value}; {theorem.source.label}). "
            + theorem.statement.replace("*", r"\*")
            + f"\n\n$$ {theorem.latex()} $$\n\n"
            + f"where {hypotheses}" * bool(hypotheses)
        )
    )


def get(name):
    """Return a theorem of this paper."""
    return bounds.get(f"fu2024.{name}")


paper = get("recursion").source.paper
Markdown(f"*{paper.title}*, {', '.join(paper.authors)}, {paper.year}.")

# %% [markdown]
# ## Errors add up
#
# If each generation lies, in expectation, within $e$ of the mixture it learns, the triangle inequality gives
# $T_{j+1}\le e+\sum_k w_{j,k}T_k$ for any weights $w$. Three schedules have a closed form.

# %%
for name in ("fully_synthetic", "balanced", "real_plus_last"):
    state(get(name))

# %% tags=["hide-input"]
generations = np.arange(1, 31)
figure, axes = plt.subplots()
for name, numbers, dashes, label in (
    ("fully_synthetic", {}, "-", "no real data"),
    ("balanced", {}, (0, (5, 1.5)), "equal shares of all so far"),
    ("real_plus_last", {"alpha": "1/4"}, (0, (1.5, 1)), "a quarter real"),
):
    bound = [get(name).evaluate(e=1, t=int(t), **numbers) for t in generations]
    axes.plot(generations, bound, linestyle=dashes, label=label)
axes.set(xlabel="generation $t$", ylabel="bound on $T_t$, in units of $e$", ylim=(0, 12))
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# ## The phase transition
#
# Let every generation have $n$ real points and $m=xn$ synthetic ones, and let a learner err by $cN^{-s}$ on $N$ points.
# More synthetic points make each fit better and each mixture worse. The bound is 1, in units of $cn^{-s}$, without any,
# rises to **one** peak, and falls back to 1.

# %%
fresh_bound, reused_bound = get("phase_transition"), get("phase_transition_reused")
state(fresh_bound)

# %% tags=["hide-input"]
ratios = np.concatenate([[0], np.geomspace(0.02, 2000, 200)])
figure, panels = plt.subplots(1, 2, figsize=(7.6, 3.2), sharey=True)
for axes, theorem, data in zip(panels, (fresh_bound, reused_bound), ("fresh", "reused"), strict=True):
    for t, dashes in ((2, "-"), (4, (0, (5, 1.5))), (10, (0, (1.5, 1)))):
        heights = theorem.evaluate(n=1, c=1, s="2/5", t=t, x=ratios)
        top = peak(t, "2/5", data)
        highest = theorem.evaluate(n=1, c=1, s="2/5", t=t, x=top.lower)
        assert heights.max() <= highest * (1 + 1e-12)
        (line,) = axes.semilogx(ratios[1:], heights[1:], linestyle=dashes, label=f"$t={t}$")
        axes.plot(top.lower, highest, "o", color=line.get_color(), markersize=4)
    axes.set(xlabel="synthetic points per real one, $x$", title=f"{data} real data, $s=2/5$")
panels[0].set_ylabel(r"bound on $T_t$ over $c\,n^{-s}$")
panels[0].legend(frameon=False)
plt.show()

# %% [markdown]
# The dots are enclosures of the peak, not grid points: in generation 2 it sits at $s^{-1/(1-s)}-1$ for fresh and at
# $(1-s)/s$ for reused real data, and for late generations it moves out in proportion to $t$. So the worst amount of
# synthetic data is a moving target: an amount that is past the peak early on is the worst choice later.

# %%
worst = pd.DataFrame(
    {data: {t: peak(t, "2/5", data).upper for t in (2, 3, 5, 10, 30, 100, 1000)} for data in ("fresh", "reused")}
).rename_axis("generation t")
growth = get("phase_transition_peak").evaluate(generation="late", data="fresh", s="2/5")
assert (abs(worst.loc[1000] / 999 - growth) < 0.05 * growth).all()
worst.style.format("{:.2f}").set_caption(
    f"worst ratio x of the bound; it grows by {growth:.3f} per generation in the limit"
)

# %% [markdown]
# ### Does a loop do this, or only the bound?
#
# The peak is that of a *bound*. Here are density estimates of a normal law (bandwidth by rule of thumb), run with 100 real
# points that are reused. All intervals hold at once with probability 0.95, and "it rises and falls again" is said only if
# they show it.

# %% tags=["hide-input"]
seen = observe_phase_transition(
    density_estimates(NormalMixture.normal(), replicates=10_000 if full else 4_000),
    100,
    t=3,
    exponent="2/5",
    regime=Regime.REUSED,
    rng=np.random.default_rng(3),
    ratios=("0", "1/2", "2", "8", "32"),
)
figure, axes = plt.subplots()
places = np.array([float(x) for x in seen.ratios])
low, high = (np.array([getattr(limit, side) for limit in seen.limits]) for side in ("lower", "upper"))
axes.vlines(places, low, high, linewidth=2, alpha=0.6)
axes.plot(places, seen.estimates, "o", markersize=4)
axes.axvline(seen.predicted.lower, color="#D55E00", linestyle="--")
axes.annotate(
    "peak of the bound",
    (seen.predicted.lower, low.min()),
    (-5, 0),
    textcoords="offset points",
    color="#D55E00",
    ha="right",
)
axes.set_xscale("symlog", linthresh=0.5)
axes.set_xlim(-0.15, 50)
axes.set_xticks(places, [str(x) for x in seen.ratios])
axes.set(xlabel="synthetic points per real one, $x$", ylabel=r"$\mathbb{E}\,\mathrm{TV}(p_3,p_0)$")
assert seen.rises
assert seen.falls
Markdown(
    f"The loop was shown to rise and to fall again. Among the ratios tried, the worst is one of "
    f"{', '.join(str(x) for x in seen.worst)}; the bound peaks at {seen.predicted.lower:.3f}."
)

# %% [markdown]
# ## Fresh or reused: the formulas are not interchangeable
#
# For Gaussian kernels of bandwidth $h$ there is a bound without any unknown constant: half the integral of the root of
# squared bias plus variance. (Its expanded form fills a page; it is shown on the theorem's own.) Two versions exist, as
# reused real data enters every generation again, and its errors with it.
#
# **Found:** with the formula for fresh data, a loop on reused data is *above* the bound. It is no matter of slack.

# %% tags=["hide-input"]
law, n, share, h, last = NormalMixture.normal(), 1000, Fraction(3, 10), Fraction(1, 20), 10
replicates = 3_000 if full else 600
rng = np.random.default_rng(5)
paths = {
    regime: kde_loop(rng, law, by_share(n, share, regime), last, replicates, bandwidth=Fixed(float(h)), error=5e-4)
    for regime in (Regime.FRESH, Regime.REUSED)
}
shown = (1, 2, 3, 5, 7, 10)
common = {"alpha": share, "h": h, "sigma": 1}
formulas = {
    Regime.FRESH: [get("kde_loop").evaluate(n=n, t=t, **common) for t in shown],
    Regime.REUSED: [get("kde_loop_reused").evaluate(n=n, t=t, reused="share", **common) for t in shown],
}
floor = [get("kde_loop_lower").evaluate(t=t, **common) for t in shown]

figure, axes = plt.subplots()
for regime, color, marker in ((Regime.FRESH, "#0072B2", "o"), (Regime.REUSED, "#D55E00", "s")):
    name = regime.value
    axes.plot(shown, formulas[regime], "--", color=color, label=f"bound for {name} data")
    evidence = [paths[regime].evidence(t) for t in shown]
    limits = [one.interval(0.01 / (2 * len(shown))) for one in evidence]
    axes.vlines(shown, [i.lower for i in limits], [i.upper for i in limits], color=color, alpha=0.5, linewidth=2)
    axes.plot(
        shown, [one.estimate for one in evidence], marker, color=color, markersize=4, label=f"loop on {name} data"
    )
axes.plot(shown, floor, ":", color="black", label="lower bound, both")
axes.set(xlabel="generation $t$", ylabel=r"$\mathbb{E}\,\mathrm{TV}(p_t,p_0)$", ylim=(0, None))
axes.legend(frameon=False, fontsize=8)
plt.show()

# %%
level = 1e-4


def verdict(data, formula, t=last):
    """Judge the last generation of a loop by the bound for one kind of data."""
    bound = formulas[formula][shown.index(t)]
    return judge(paths[data].evidence(t), Interval(bound, bound), "upper", level).verdict


verdicts = {(data, formula): verdict(data, formula) for data in paths for formula in formulas}
assert verdicts[Regime.REUSED, Regime.FRESH] is Verdict.VIOLATED
assert verdicts[Regime.REUSED, Regime.REUSED] is Verdict.CONSISTENT
assert verdicts[Regime.FRESH, Regime.FRESH] is Verdict.CONSISTENT
pd.DataFrame(
    [
        {"loop on": data.value, "bound for": formula.value, "verdict": found.value}
        for (data, formula), found in verdicts.items()
    ]
).style.hide(axis="index")

# %% [markdown]
# The same care is needed in the recursion. "The learner errs by $cN^{-s}$ on independent data" says nothing about data that
# it meets again: a learner that recognises its points can be right on fresh ones and wrong on these. Such a learner is
# among the controls below.
#
# ## The checks
#
# `EXACT` means that the quantity was computed without sampling, `CONSISTENT` that a confidence limit valid at the finite
# sample lies within the bound. A *control* is a false theorem, or a true one held against a loop it does not speak of; a
# check counts only if it refutes them. Each row shows the setting that comes nearest to the bound. The three rates with a
# hidden constant (`diffusion_rate`, `kde_rate`, `weighted_rate`) take longest and are checked here at full effort only.

# %%
columns = ["theorem", "bound", "measured", "ratio", "verdict", "controls"]
slow = () if full else ("fu2024.diffusion_rate", "fu2024.kde_rate", "fu2024.weighted_rate")
checked = [t.id for t in bounds.catalog() if t.source.paper.key == "fu2024" and t.id not in slow]
run = run_checks(checked, quick=not full, seed=1)
display(summary(run)[columns].style.hide(axis="index"))
assert run.passed, (run.violated, run.escaped, run.failures)
Markdown(budget_sentence(run))

# %%
natural = [c for c in run.controls if "%" not in c.name]
pd.DataFrame(
    [
        {"theorem": c.id, "refuted claim": c.name, "settings that refute it": f"{c.violated} of {c.settings}"}
        for c in natural
    ]
).style.hide(axis="index")

# %% [markdown]
# ## What could not be compared
#
# The formulas are in this project's words, and their constants are derived here. What is known of the paper's own text:

# %%
Markdown(paper.compared)
