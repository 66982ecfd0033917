"""Property tests draw the same examples in every run; `--hypothesis-profile=explore` draws new ones."""

from hypothesis import settings

settings.register_profile("explore")
settings.register_profile("fixed", derandomize=True, database=None)
settings.load_profile("fixed")
