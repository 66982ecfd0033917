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
# # fu2025: stability of a learner in a loop
#
# A learner is trained on $\alpha n$ real points, the same in every generation, and $(1-\alpha)n$ points drawn from the
# previous generation. How far is its empirical risk from its risk on the real law $D_0$? The real points enter twice, in
# the training set and through the generator that has seen them before. The paper separates two kinds of stability: $\beta$,
# of the learner, and $\gamma$, *recursive stability*: the total variation between the joint laws of all synthetic points
# when one real point is replaced.

# %% tags=["hide-input"]
import os
from fractions import Fraction

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

import bounds
from bounds.papers import fu2025 as theory
from verify import run_checks
from verify.figures import bound_axes, bound_values
from verify.models.attention import ContextLoop, worst_loop
from verify.report import budget_sentence, summary

# %% tags=["parameters"]
effort = os.environ.get("LOOPBOUNDS_EFFORT", "quick")  # or "full"

# %% tags=["hide-input"]
plt.rcParams.update({"figure.figsize": (5.6, 3.4), "figure.constrained_layout.use": True, "figure.dpi": 110})
full = effort == "full"


def get(name):
    """Return a theorem of this paper."""
    return bounds.get(f"fu2025.{name}")


paper = get("generalization").source.paper
Markdown(f"*{paper.title}*, {', '.join(paper.authors)}, {paper.year}.")

# %% [markdown]
# ## The claim
#
# Theorem 1 of the paper, in our words and with its universal constant left open: the generalisation gap is a distribution
# shift, a sampling error, and the two stabilities.

# %%
display(get("generalization"))

# %% [markdown]
# In the mean over everything, the same argument has explicit constants:

# %%
by_gamma, by_eta = get("generalization_expected"), get("generalization_hamming")
display(by_gamma)

# %% [markdown]
# ## What we found: counting the points that change
#
# $\gamma$ compares the laws of *all* $N=(1-\alpha)n$ synthetic points at once: it asks how likely it is that nothing at all
# changes. That is a lot to ask. In the solvable loop, whose generator is a normal law around the mean of its training set,
# $\gamma$ is of order $n^{-1/2}$, and the bound inherits that, although a stable learner has $\beta\sim 1/n$. Let instead
# $\eta$ be the total variation between *one* draw of each (coupled) model, of order $1/n$. Then about $N\eta=O(1)$ points
# change, each costs $\beta$, and the bound is of the order of $\beta$ again.

# %%
display(by_eta)
solvable = get("gaussian_recursive_stability")
display(solvable)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Bounds on the gap over n: with eta parallel to 1/n, with gamma flatter"}}
sizes = np.array([20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000])
loop = {"n": sizes, "alpha": "1/2", "t": 5, "D": 2, "sigma": 1}
gamma = solvable.at(draws="joint").evaluate(**loop)
eta = solvable.at(draws="one").evaluate(**loop)
gap_by_gamma = np.array([by_gamma.evaluate(beta=Fraction(1, int(n)), gamma=g, alpha="1/2", M=1, d_tv=0, t=5)
                         for n, g in zip(sizes, gamma, strict=True)])  # fmt: skip
gap_by_eta = np.array([by_eta.evaluate(beta=Fraction(1, int(n)), eta=g, alpha="1/2", M=1, d_tv=0, t=5, n=int(n))
                       for n, g in zip(sizes, eta, strict=True)])  # fmt: skip
slopes = {
    "gamma": np.polyfit(np.log(sizes), np.log(gamma), 1)[0],
    "eta": np.polyfit(np.log(sizes), np.log(eta), 1)[0],
    "gap by gamma": np.polyfit(np.log(sizes), np.log(gap_by_gamma), 1)[0],
    "gap by eta": np.polyfit(np.log(sizes), np.log(gap_by_eta), 1)[0],
}
assert abs(slopes["gamma"] + 0.5) < 0.01
assert abs(slopes["eta"] + 1) < 0.01
assert np.all(gap_by_eta < gap_by_gamma)

figure, axes = plt.subplots()
axes.loglog(sizes, gap_by_gamma, "o-", color="#D55E00", markersize=3, label=r"with $\gamma$ (all points jointly)")
axes.loglog(sizes, gap_by_eta, "s--", color="#0072B2", markersize=3, label=r"with $\eta$ (one draw)")
axes.loglog(sizes, 1 / sizes, ":", color="black", label=r"$\beta=1/n$ alone")
axes.set(
    xlabel="training-set size $n$",
    ylabel="bound on the mean gap",
    title=r"$\alpha=1/2$, $t=5$, $M=1$, no learning error",
)
axes.legend(frameon=False)
{name: round(float(slope), 3) for name, slope in slopes.items()}

# %% [markdown]
# The numbers are slopes on the log-log scale. Neither bound contains the other: $\eta$ compares models that are themselves
# random, and may exceed $\gamma$. Which one is smaller, and at which $\eta$ this changes:

# %%
choice = theory.smallest_generalization(
    n=1000, alpha="1/2", t=5, M=1, beta="1/1000", gamma=float(gamma[5]), eta=float(eta[5]), d_tv=0, delta="1/20"
)
assert sizes[5] == 1000
assert choice.smallest == (by_eta.id,)
print(f"smallest: {choice.smallest[0]}, as long as eta < {choice.crossing:.4f} (here {eta[5]:.4f})")
pd.Series(choice.values, name="bound").to_frame().style.format("{:.5f}")

# %% [markdown]
# ## Attention: how much real data keeps a loop stable in its context?
#
# The paper's example is a transformer in context. For one softmax head with attention matrix of norm
# at most $\Gamma$, moving one of $n$ tokens by $D$ moves the output by at most this:

# %%
display(get("attention_stability"))

# %% [markdown]
# Along the loop this is multiplied by a factor per generation. As soon as it is below 1, the displacement stays of order
# $D/n$ for ever. For all $n$ at once that happens above a real share that depends on $\Gamma$ alone (for a given $n$ a little
# less will do; the table further down has $n=10$):

# %% tags=["hide-input"] mystnb={"image": {"alt": "Real share above which the loop is surely stable, over the norm Gamma"}}
scales = np.linspace(0, 2, 41)
thresholds = [theory.attention_threshold(Gamma=Fraction(k, 20)) for k in range(41)]
rounded = {g: round(theory.attention_threshold(Gamma=g), 3) for g in ("0.1", "0.5", "1")}
assert rounded == {"0.1": 0.109, "0.5": 0.592, "1": 0.898}
figure, axes = plt.subplots()
axes.plot(scales, thresholds, color="#0072B2")
axes.fill_between(scales, thresholds, 1, alpha=0.15, color="#0072B2")
axes.text(0.03, 0.93, "surely $O(D/n)$ in every generation", fontsize=8)
axes.text(1.1, 0.4, "the bound grows\nwith the generations", fontsize=8)
axes.set(xlabel=r"norm of the attention matrix, $\Gamma$", ylabel=r"real share $\alpha$", xlim=(0, 2), ylim=(0, 1))
rounded

# %% [markdown]
# A constant share suffices, as the paper says; for strong attention it is nearly all of the context. Is so much needed? We
# let an adversary search (gradient ascent through all generations, over tokens, queries, noise and the head) for the loop
# that moves most. What it finds is a lower limit on the worst case, in units of $D$:

# %%
bound = get("attention_recursive_stability").at(measure="displacement")
steps = 250 if full else 100
rows = []
for scale, reused in ((Fraction(1, 2), 8), (Fraction(1, 2), 3), (Fraction(1), 3)):
    threshold = theory.attention_threshold(Gamma=scale, n=10)
    for t in (1, 2, 4, 8):
        worst = worst_loop(np.random.default_rng(7), ContextLoop(10, reused, t), 2, float(scale), 0.001, 8, steps)
        rows.append(
            {
                "Gamma": float(scale),
                "real share": reused / 10,
                "threshold": threshold,
                "t": t,
                "worst found": float(worst.displacements()[-1]) / 0.001,
                "bound": bound.evaluate(n=10, alpha=Fraction(reused, 10), Gamma=scale, D="1/1000", t=t) * 1000,
            }
        )
attacked = pd.DataFrame(rows)
first = attacked[attacked["t"] == 1]
below = attacked[(attacked["real share"] < attacked["threshold"]) & (attacked["t"] == 8)]
assert (attacked["worst found"] <= attacked["bound"] * (1 + 1e-9)).all()
assert (first["worst found"] > 0.999 * first["bound"]).all()
assert (below["bound"] / below["worst found"] > 5).all()
attacked.style.format(dict.fromkeys(("Gamma", "real share", "threshold", "worst found", "bound"), "{:.3g}")).hide(
    axis="index"
)

# %% [markdown]
# In generation 1 the adversary comes within 0.1 % of the bound. Along the loop it does not, and below the threshold the gap
# is wide. So the threshold is *sufficient*; that it is necessary we have not shown, and over these eight generations no loop
# that was found ran away below it. (The search gives no guarantee: that a later generation has a smaller number may only mean
# that it was searched less well.)
#
# ## How much synthetic data to add?
#
# For a fixed predictor the sampling error falls with the number of synthetic points, and the distribution shift grows.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Bound on the gap over lambda, falling to a marked minimum, then rising"}}
display(get("synthetic_size").at(generation="finite"))
size = {"n": 100, "M": 1, "d_tv": "0.05", "delta": "0.05"}
best = theory.synthetic_optimum(**size, t=5)
only_maximum = theory.synthetic_optimum(**(size | {"d_tv": "0.1"}), t=1)
assert best.minimum == best.best
assert only_maximum.minimum is None
ratios = np.linspace(0, 3, 301)
finite = get("synthetic_size").at(generation="finite")
assert bound_values(finite, "lam", ratios, size | {"t": 5}).min() >= best.value * (1 - 1e-12)
figure, axes = plt.subplots()
bound_axes(axes, finite, "lam", ratios, size | {"t": 5})
axes.plot(best.best, best.value, "o", color="black", label=rf"best: $\lambda={best.best:.3f}$")
axes.set(title=r"$n=100$, $t=5$, $d_{TV}=0.05$")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# There is a best amount only in a window of learning errors. For draws of generation 1 there is never one in between:
# either no synthetic data or as much as possible gives the smallest bound, with a maximum somewhere in between if the
# generator is poor.

# %%
pd.DataFrame([vars(best), vars(only_maximum)], index=["t = 5, d_TV = 0.05", "t = 1, d_TV = 0.1"]).style.format(
    precision=3
)

# %% [markdown]
# ## The checks
#
# `EXACT` means that the quantity was computed without sampling, `CONSISTENT` that a confidence limit valid at the finite
# sample lies within the bound. *Controls* are false theorems, such as one that forgets recursive stability; a check counts
# only if it refutes them. Each row shows the setting that comes nearest to the bound. Theorem 1 is a rate with a hidden
# constant: checked are its exponent over declared sizes, up to a declared tolerance, and a constant calibrated at others.

# %%
columns = ["theorem", "bound", "measured", "ratio", "verdict", "controls"]
run = run_checks(["fu2025"], quick=not full, seed=1)
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
# The formulas are in this project's words. What is known of the paper's own text:

# %%
Markdown(paper.compared)

# %% [markdown]
# ## What the paper claims, and what we found
#
# The claims are in our words; how far they could be compared with the paper's text is said above.
#
# * **Claim.** The generalisation gap is at most a distribution shift, a sampling error and two stabilities, up to a
#   constant (Theorem 1). **Found.** In the mean, and given the real data, explicit constants serve. Recursive
#   stability of all points at once costs $n^{-1/2}$ in the solvable loop; counted point by point it is of order $1/n$
#   (`generalization_hamming`).
# * **Claim.** A constant share of real data keeps a transformer stable in its context. **Found.** For one softmax
#   head it does, above a share that depends on $\Gamma$ alone: 0.109, 0.592 and 0.898 at $\Gamma=0.1$, $0.5$ and $1$.
#   That so much is needed was not shown.
# * **Claim.** There is an optimal amount of synthetic data. **Found.** In the trade-off above: only in a window of
#   learning errors, and never for draws of generation 1.
