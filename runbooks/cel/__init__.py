"""CEL with three values: conditions of runbooks over evidence of which parts may be missing."""
