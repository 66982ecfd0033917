"""Errors meant for people: what was given, what is allowed, what to do."""

from __future__ import annotations


class LoopboundsError(ValueError):
    """Base of every error this library raises on purpose.

    Examples
    --------
    >>> issubclass(UnknownTheorem, LoopboundsError)
    True
    """


class UnknownTheorem(LoopboundsError):
    """No theorem has the id asked for.

    Examples
    --------
    >>> raise UnknownTheorem("no theorem 'x.y'")
    Traceback (most recent call last):
    bounds.errors.UnknownTheorem: no theorem 'x.y'
    """


class ArgumentError(LoopboundsError):
    """A symbol is missing, unknown, misspelt or outside its domain.

    Examples
    --------
    >>> raise ArgumentError("alpha = 2 is outside [0, 1]")
    Traceback (most recent call last):
    bounds.errors.ArgumentError: alpha = 2 is outside [0, 1]
    """


class HypothesisError(LoopboundsError):
    """A hypothesis of the theorem fails, so the theorem says nothing there.

    Examples
    --------
    >>> raise HypothesisError("lam < 1/2 fails: 3/4 is not below 1/2")
    Traceback (most recent call last):
    bounds.errors.HypothesisError: lam < 1/2 fails: 3/4 is not below 1/2
    """


class EnclosureError(LoopboundsError):
    """An enclosure could not be computed to the width asked for.

    Examples
    --------
    >>> raise EnclosureError("not decided at 4096 bits")
    Traceback (most recent call last):
    bounds.errors.EnclosureError: not decided at 4096 bits
    """


class DataError(LoopboundsError):
    """A user's data set cannot be read or cannot serve as a data law.

    Examples
    --------
    >>> raise DataError("column 'flow' has 2 missing values (rows 3 and 7)")
    Traceback (most recent call last):
    bounds.errors.DataError: column 'flow' has 2 missing values (rows 3 and 7)
    """
