"""Real laws: the distribution that generation 1 of a loop is trained on.

`NormalMixture` has a known density, quantile and moments. `EmpiricalLaw` is a user's sample, taken as the law itself,
and `read_column` builds one from a column of a CSV file.
"""

from verify.data.columns import read_column
from verify.data.empirical import EmpiricalLaw
from verify.data.law import Array, Law, Size
from verify.data.mixture import NormalMixture

__all__ = ["Array", "EmpiricalLaw", "Law", "NormalMixture", "Size", "read_column"]
