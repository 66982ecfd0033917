"""Right sides that are integrals: their sympy form, quadrature in doubles, enclosure in balls."""
