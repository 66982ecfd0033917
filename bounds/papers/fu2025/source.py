"""The paper, and the quantities that only its theorems bound."""

from dataclasses import replace

from sympy import Integer

from bounds.quantities import Quantity
from bounds.sources import Paper
from bounds.symbols import M

FU2025 = Paper(
    key="fu2025",
    title="A Theoretical Perspective: How to Prevent Model Collapse in Self-consuming Training Loops",
    authors=("Shi Fu", "Yingjie Wang", "Yuzhu Chen", "Xinmei Tian", "Dacheng Tao"),
    year=2025,
    venue="International Conference on Learning Representations",
    arxiv="2502.18865",
    notation=(("t", "g"),),
    compared=(
        "The two notions of stability, the bound M on the loss, the mixture of alpha reused real data with the last "
        "generation's, the total variation form of gamma, and that a constant real fraction suffices for transformers are "
        "confirmed by independent restatements. The wording and the constants of its theorems could not be compared: the "
        "explicit bounds here are proved anew."
    ),
)

GENERALIZATION_GAP = Quantity(
    "generalisation gap",
    r"\big|R_{D_0}(A)-\widehat R(A)\big|",
    "difference of the real risk and the empirical risk on the mixed training set of generation t",
    "loss units",
    trivial=M,
)
EXPECTED_GAP = replace(
    GENERALIZATION_GAP,
    latex=r"\big|\mathbb{E}[R_{D_0}(A)-\widehat R(A)]\big|",
    meaning="mean difference of the real risk and the empirical risk on the mixed training set of generation t",
)
GAP_GIVEN_REAL = replace(
    GENERALIZATION_GAP,
    latex=r"\big|\mathbb{E}[R_{D_0}(A)-\widehat R(A)\mid\text{real data}]\big|",
    meaning=(
        "difference of the real risk and the empirical risk on the mixed training set of generation t, averaged over the "
        "noise of the generations, given the real data"
    ),
)
ONE_SIDED_GAP = replace(
    GENERALIZATION_GAP,
    latex=r"R_{D_0}-\widehat R",
    meaning="real risk of a fixed predictor minus its empirical risk on the mixed training set of generation t",
)
RECURSIVE_STABILITY = Quantity(
    "recursive stability",
    r"\gamma_t",
    "total variation between the joint laws of the synthetic points of generation t after one reused real point moves",
    trivial=Integer(1),
)
RECURSIVE_STABILITY_OF_ONE = replace(
    RECURSIVE_STABILITY,
    latex=r"\eta_t",
    meaning="expected total variation between the coupled models of generation t after one reused real point moves",
)
COUPLED_TOTAL_VARIATION = replace(
    RECURSIVE_STABILITY,
    latex=r"\mathbb{E}\,\mathrm{TV}(D_t,D_t')",
    meaning="expected total variation between the models of generation t that share their noise; an upper bound on eta",
)
OUTPUT_DISPLACEMENT = Quantity(
    "output displacement",
    r"\|f(S,x)-f(S',x)\|",
    "distance that the output of an attention head moves when one token of its context moves",
    "data units",
    trivial=Integer(2),
)
TOKEN_DISPLACEMENT = replace(
    OUTPUT_DISPLACEMENT,
    latex=r"\max_i\|x_i^{(t)}-x_i'^{(t)}\|",
    meaning="largest distance that a synthetic token of generation t moves when one reused real token moves",
)
SQUARED_DISTANCE = Quantity(
    "squared distance", r"\mathbb{E}\,\|p_t-p_0\|_2^2", "expected squared Euclidean distance to the real probabilities"
)
