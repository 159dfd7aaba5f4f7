"""An incident as a document that one would file: values made of a bundle and its diagnosis, then Markdown."""
