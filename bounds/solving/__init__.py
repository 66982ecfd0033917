"""Rigorous search along one symbol: ranges of expressions, pieces of a line, the unknown and its conversions."""
