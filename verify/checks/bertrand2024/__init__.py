"""Checks of bertrand2024: normal loops, stability of the retraining map, finite samples."""
