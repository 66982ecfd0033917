"""Checks of classical lemmas."""
