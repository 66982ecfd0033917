"""One sympy symbol per quantity: its domain, unit, meaning and accepted spellings.

Theorems are written in these symbols, so that one name means one thing in the whole catalogue. A new quantity is one
more ``parameter(...)`` line here, or in the file of a theorem of your own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy
from sympy import oo


@dataclass(frozen=True)
class Parameter:
    """What a symbol stands for and which values it may take.

    Parameters
    ----------
    symbol : sympy.Symbol
        The symbol used in expressions; its name is the Python spelling.
    meaning : str
        One line of prose.
    unit : str
        Unit of the values ("1" for a pure number).
    latex : str
        How it is typeset.
    low, high : sympy number
        Ends of the domain.
    low_open, high_open : bool
        Whether an end is excluded.
    integer : bool
        Whether only whole numbers are allowed.
    infinite : bool
        Whether the value infinity is allowed.
    aliases : tuple of str
        Other spellings accepted for it.

    Examples
    --------
    >>> PARAMETERS["lam"].domain
    'real number in [0, oo)'
    """

    symbol: Any
    meaning: str
    unit: str
    latex: str
    low: Any
    high: Any
    low_open: bool
    high_open: bool
    integer: bool
    infinite: bool
    aliases: tuple[str, ...]

    @property
    def name(self) -> str:
        """The Python spelling."""
        return str(self.symbol.name)

    @property
    def domain(self) -> str:
        """The allowed values in words."""
        left = "(" if self.low_open or self.low == -oo else "["
        right = ")" if self.high_open or (self.high == oo and not self.infinite) else "]"
        kind = "whole number" if self.integer else "real number"
        return f"{kind} in {left}{self.low}, {self.high}{right}"


PARAMETERS: dict[str, Parameter] = {}


def parameter(
    name: str,
    meaning: str,
    *,
    latex: str | None = None,
    unit: str = "1",
    low: Any = -oo,
    high: Any = oo,
    low_open: bool = False,
    high_open: bool = False,
    integer: bool = False,
    infinite: bool = False,
    aliases: tuple[str, ...] = (),
) -> Any:
    """Describe a quantity and return its sympy symbol.

    Parameters
    ----------
    name : str
        Python spelling.
    meaning : str
        One line of prose.
    latex, unit, low, high, low_open, high_open, integer, infinite, aliases
        See `Parameter`.

    Returns
    -------
    sympy.Symbol

    Raises
    ------
    ValueError
        If the name already stands for something else.

    Examples
    --------
    >>> parameter("lam", "something else")
    Traceback (most recent call last):
    ValueError: the symbol 'lam' already means: synthetic-to-real ratio
    """
    low, high = sympy.sympify(low), sympy.sympify(high)
    assumptions: dict[str, bool] = {"real": True} if not infinite else {"extended_real": True}
    if low >= 0:
        positive = low > 0 or low_open
        assumptions = {("extended_" if infinite else "") + ("positive" if positive else "nonnegative"): True}
    if integer and not infinite:
        assumptions["integer"] = True
    symbol = sympy.Symbol(name, **assumptions)
    described = Parameter(
        symbol, meaning, unit, latex or name, low, high, low_open, high_open, integer, infinite, aliases
    )
    known = PARAMETERS.get(name)
    if known is not None and known != described:
        raise ValueError(f"the symbol '{name}' already means: {known.meaning}")
    PARAMETERS[name] = described
    return symbol


def describe(symbol: Any) -> Parameter:
    """Return what a symbol of the catalogue stands for.

    Parameters
    ----------
    symbol : sympy.Symbol
        A symbol made by `parameter`.

    Returns
    -------
    Parameter

    Raises
    ------
    KeyError
        If the symbol was not made by `parameter`.

    Examples
    --------
    >>> describe(lam).meaning
    'synthetic-to-real ratio'
    """
    return PARAMETERS[symbol.name]


# Sizes and shares
n = parameter("n", "training-set size", low=1, integer=True, unit="points")
t = parameter("t", "generation; generation 1 is trained on real data alone", low=0, integer=True, unit="generations")
d = parameter("d", "dimension of the data", low=1, integer=True)
alpha = parameter("alpha", "fraction of real data in the training set", latex=r"\alpha", low=0, high=1)
lam = parameter("lam", "synthetic-to-real ratio", latex=r"\lambda", low=0, aliases=("lambda",))
delta = parameter("delta", "failure probability", latex=r"\delta", low=0, low_open=True, high=1, high_open=True)
sigma = parameter(
    "sigma", "standard deviation of the real data", latex=r"\sigma", low=0, low_open=True, unit="data units"
)

# Stability of iterative retraining (bertrand2024)
L = parameter("L", "Lipschitz constant in x of the Hessian of the log-likelihood at theta*", low=0)
epsilon = parameter(
    "epsilon", "Wasserstein-1 distance between the data law and the best model", latex=r"\varepsilon", low=0
)
curvature = parameter(
    "curvature", "strong concavity of the expected log-likelihood at theta*", latex="a", low=0, low_open=True
)
rho = parameter("rho", "Lipschitz constant of the retraining map on the ball", latex=r"\rho", low=0)
eps_opt = parameter("eps_opt", "optimisation error of one retraining", latex=r"\varepsilon_{\mathrm{opt}}", low=0)
A = parameter("A", "scale of the statistical error of one retraining", low=0)
B = parameter("B", "constant inside the logarithm of the statistical error", low=0, low_open=True)
distance0 = parameter("distance0", "initial distance to theta*", latex=r"\|\theta_0-\theta^*\|", low=0)
radius = parameter("radius", "radius of the ball around theta* on which rho holds", latex="r", low=0, infinite=True)

# Curated loops (ferbach2024)
K = parameter("K", "number of candidates the user chooses among", low=1, integer=True, infinite=True)
y = parameter("y", "exponentiated reward e^r at a point", low=0, low_open=True)
y_max = parameter("y_max", "essential supremum of the exponentiated reward", latex=r"y^*", low=0, low_open=True)
mean = parameter("mean", "mean of the exponentiated reward", latex="m", low=0, low_open=True)
variance = parameter("variance", "variance of the exponentiated reward", latex="V", low=0)
p_star = parameter("p_star", "initial mass of the maximal reward", latex=r"P^*", low=0, low_open=True, high=1)
gap = parameter(
    "gap", "gap between the maximal reward and all others", latex=r"\Delta", low=0, low_open=True, infinite=True
)
reward_range = parameter("range", "range of the reward", latex="R", low=0, infinite=True)
tv0 = parameter("tv0", "initial total variation to the reference law", latex=r"\mathrm{TV}_0", low=0, high=1)

# Rates
C = parameter("C", "hidden constant of a rate", low=0, low_open=True)

# Losses, cells, kernels (lemmas, fu2024, fu2025)
M = parameter("M", "length of an interval that holds every value of the loss", low=0, low_open=True, unit="loss units")
beta = parameter(
    "beta", "uniform stability of the learner, replacing one point", latex=r"\beta", low=0, unit="loss units"
)
k = parameter("k", "number of cells of a categorical law", low=1, integer=True)
h = parameter("h", "bandwidth of the kernel", low=0, low_open=True, unit="data units")

# Recursive stability and in-context loops (fu2025)
gamma = parameter(
    "gamma",
    "recursive stability: total variation between the joint laws of the synthetic points after one reused real point moves",
    latex=r"\gamma",
    low=0,
    high=1,
)
eta = parameter(
    "eta",
    "recursive stability of one draw: expected total variation between coupled models after one reused real point moves",
    latex=r"\eta",
    low=0,
    high=1,
)
d_tv = parameter(
    "d_tv",
    "learning error of one generation: expected total variation between a model and the mixture it learns",
    latex=r"d_{\mathrm{TV}}",
    low=0,
    high=1,
)
D = parameter("D", "displacement of the one real point that moves", low=0, unit="data units")
Gamma = parameter("Gamma", "operator norm of the attention matrix of queries and keys, at most", latex=r"\Gamma", low=0)
sigma_noise = parameter(
    "sigma_noise",
    "standard deviation of the generator's noise",
    latex=r"\sigma_\xi",
    low=0,
    low_open=True,
    unit="data units",
)
collision = parameter(
    "collision", "sum of the squared probabilities of the real law", latex="S_0", low=0, low_open=True, high=1
)

# One-generation errors and schedules (fu2024)
e = parameter("e", "expected total variation added by one generation of learning", low=0)
c = parameter("c", "scale of the one-generation error c N^-s", low=0)
s = parameter("s", "exponent of the one-generation error c N^-s", low=0, low_open=True, high=1, high_open=True)
x = parameter("x", "synthetic points per fresh real point, m/n", low=0)
p = parameter("p", "growth exponent of the schedule n_k = n (k+1)^(p/s)", low=1, low_open=True)
kl_prior = parameter(
    "kl_prior",
    "divergence of the fully noised real law from the law the sampler starts from",
    latex=r"\mathrm{KL}(p_T\,\|\,\pi)",
    low=0,
    unit="nats",
)
kl0 = parameter(
    "kl0", "divergence of the real law from N(0, I)", latex=r"\mathrm{KL}(p_0\,\|\,\mathcal{N})", low=0, unit="nats"
)
noising = parameter("noising", "integral of beta over the forward process", latex=r"\int\beta\,dt", low=0)
score_error = parameter(
    "score_error",
    "integrated squared error of the score: that of beta(t) E norm(s - grad log p_t)^2 over t",
    latex=r"\int\beta\,\mathbb{E}\|\delta\|^2dt",
    low=0,
)
flow_error = parameter(
    "flow_error",
    "integral of beta(t) E abs(div delta + <delta, grad log p_t>) over t, where delta = s - grad log p_t",
    latex=r"\int\beta\,\mathbb{E}\,|\nabla\cdot\delta+\langle\delta,\nabla\log p_t\rangle|\,dt",
    low=0,
)
early = parameter(
    "early",
    "total variation of stopping early, between p_0 and p_{t_0}",
    latex=r"\mathrm{TV}(p_0,p_{t_0})",
    low=0,
    high=1,
)
tv_prior = parameter(
    "tv_prior",
    "total variation between the fully noised real law and N(0, I)",
    latex=r"\mathrm{TV}(p_T,\mathcal{N})",
    low=0,
    high=1,
)
