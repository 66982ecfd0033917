r"""A theorem of one's own: rare categories are lost when a categorical model is retrained on its own samples.

Setting. There are finitely many categories. Generation 1 is the empirical law of n real points, and every later generation
is the empirical law of n points drawn from the one before. Follow one category, of real probability p, and let
:math:`p_t` be its probability under generation t.

Theorem. For n >= 2 and t >= 1, the category has probability 0 under generation t, and then for ever, with probability

.. math:: P(p_t = 0) \ge 1 - p - \frac{n^2}{n-1}\, p(1-p) \Bigl(1-\frac1n\Bigr)^t .

Proof. Given generation t, :math:`n p_{t+1}` is binomial with n trials and success probability :math:`p_t`; also for t = 0
with :math:`p_0 = p`. So :math:`E p_t = p`, and since a binomial share has variance :math:`p_t(1-p_t)/n`,

.. math:: E[p_{t+1}(1-p_{t+1})\mid p_t] = p_t - p_t^2 - \frac{p_t(1-p_t)}{n} = \Bigl(1-\frac1n\Bigr)p_t(1-p_t),

hence :math:`E\,p_t(1-p_t) = (1-1/n)^t\, p(1-p)`. For t >= 1 the share :math:`p_t` is a multiple of 1/n, so on the event
:math:`0 < p_t < 1` it lies in [1/n, 1 - 1/n] and :math:`p_t(1-p_t) \ge (n-1)/n^2`. By Markov's inequality
:math:`P(0<p_t<1) \le \frac{n^2}{n-1}(1-1/n)^t p(1-p)`, and :math:`P(p_t=1) \le E p_t = p`. What is left of the total
probability is :math:`P(p_t=0)`. A category of probability 0 is never drawn again.
"""

from sympy import Integer

from bounds import Direction, Mode, Paper, Quantity, Source, Standing, Theorem, parameter
from bounds.symbols import n, t

# A symbol that the catalogue lacks: its domain is checked and its meaning printed like those of all others.
p_cell = parameter("p_cell", "probability of the category under the real law", latex="p", low=0, high=1)

LOSS_PROBABILITY = Quantity(
    "loss probability",
    r"P(p_t=0)",
    "probability that the category has been lost by generation t",
    trivial=Integer(0),
)

NOTE = Paper(
    key="rare",
    title="Rare categories are lost first",
    authors=("A. N. Author",),
    year=2025,
    venue="Unpublished note",
    kind="misc",
)

LOST_CATEGORY = Theorem(
    id="rare.lost_category",
    statement="A category of a fully synthetic categorical loop is lost for ever by generation t at least this often.",
    quantity=LOSS_PROBABILITY,
    direction=Direction.LOWER,
    mode=Mode.DETERMINISTIC,
    hypotheses=(n >= 2, t >= 1),
    expression=1 - p_cell - n**2 / (n - 1) * p_cell * (1 - p_cell) * (1 - 1 / n) ** t,
    source=Source(NOTE, "Theorem 1"),
    standing=Standing.DERIVED,
    assumptions=("every generation is the empirical law of n points drawn independently from the one before",),
)
