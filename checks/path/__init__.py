"""Can this revision reach this address? Answered step by step from observations; no I/O here.

`explain.explain` answers with `model.Path`s.
"""
