"""Settings that hold for every test. There are no fixtures here: a test arranges what it needs where it can be read."""

from __future__ import annotations

from hypothesis import settings

# A time limit per example measures the machine, not the code: two cores are shared with whatever else runs.
settings.register_profile("house", deadline=None)
settings.load_profile("house")
