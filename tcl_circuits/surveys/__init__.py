"""Surveys: the same circuit at many settings, and what it costs."""
