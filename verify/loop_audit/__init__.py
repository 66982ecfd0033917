"""Audit of a loop that was already run, from samples of its generations and of the real law.

`read_loop` reads a file, `audit_loop` gives limits of what the samples show and holds theorems against them.
"""

from verify.loop_audit.audit import Generation, LoopAudit, Options, audit_loop
from verify.loop_audit.claims import Claim, Facts
from verify.loop_audit.findings import Answer, Finding
from verify.loop_audit.reading import Layout, read_loop
from verify.loop_audit.samples import LoopSamples

__all__ = [
    "Answer",
    "Claim",
    "Facts",
    "Finding",
    "Generation",
    "Layout",
    "LoopAudit",
    "LoopSamples",
    "Options",
    "audit_loop",
    "read_loop",
]
