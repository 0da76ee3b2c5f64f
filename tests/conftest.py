"""What all tests share: reproducible property tests."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("symbptt", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("symbptt")
