"""Where declared, Terraform and live disagree, field by field; no I/O here.

`compare.compare` answers with a `model.Drift`. Nothing is imported here, since the comparison reads the
environment and the environment reads the kinds of checks, one of which only needs the model.
"""
