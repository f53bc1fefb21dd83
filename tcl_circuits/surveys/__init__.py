"""Surveys: many runs that ask what a circuit can do, and what its parts must be like."""
