"""Settings that hold for every test. There are no fixtures here: a test arranges what it needs where it can be read."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A time limit measures the machine, not the code: two cores are shared with whatever else runs. In CI the examples are the
# same each time, so that a change is judged by itself; `make prove` and whoever works here look for new ones.
settings.register_profile(
    "house",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ and "PROVE" not in os.environ,
)
settings.load_profile("house")
