"""Prove or refute that one expression never exceeds another on a box of parameters, with a certificate to check."""

from bounds.certify.answer import Answer, Crossing, Outcome, certify, crossing
from bounds.certify.checker import check
from bounds.certify.claim import Claim, Hypothesis, Range, inequality
from bounds.certify.rules import NotProved

__all__ = [
    "Answer",
    "Claim",
    "Crossing",
    "Hypothesis",
    "NotProved",
    "Outcome",
    "Range",
    "certify",
    "check",
    "crossing",
    "inequality",
]
