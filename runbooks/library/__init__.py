"""Our runbooks: adding one is its file here and its name in the tuple."""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
BOOKS: Final = (
    "http-503",
    "edge",
    "service",
    "network-path",
    "platform",
    "bad-revision",
    "dependency",
    "redis",
    "postgres",
    "clickhouse",
    "service-log",
    "changed-since",
    "drift",
    "tests",
    "could-not-be-told",
    "nothing-wrong",
)
"""The files of runbooks, without `.yaml`."""
REMEDIES: Final = "remedies"
"""The file of remedies."""
