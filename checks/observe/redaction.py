"""Takes secrets out of log lines by their shape, and what differs from entry to entry out of messages."""

import re

from checks.secrets import REDACTED

LONGEST = 300
QUOTED = r"""(?:"(?:[^"\\]|\\.)*+(?:"|\Z)|'(?:[^'\\]|\\.)*+(?:'|\Z))"""
MIXED = r"(?=[^\s\d]{0,80}\d)(?=[^\sA-Za-z]{0,80}[A-Za-z])[\w!@#$%^*+]{6,200}(?![\w/:.-]*[\w/:-])"
"""A word that is none of a sentence: letters with digits, and no part of a name with dashes or slashes."""
SHAPES = (
    re.compile(
        r"-----BEGIN [A-Z ]{0,60}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,60}PRIVATE KEY-----|\Z)", re.DOTALL
    ),
    re.compile(  # user:password of a URL, not host:port; a password may have / and @ in it
        r"""(?<=://)[^\s/@:"'<>]{0,200}:(?!\d{1,5}[/?\#])[^\s@"'<>]{1,300}\s?(?=@)"""
        r"""(?:@[^\s/@?\#,"'<>]{0,200}(?=@)){0,5}"""
    ),
    re.compile(r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"),  # JSON web token
    re.compile(r"\b(?:xox[a-z]|xapp)-[A-Za-z0-9-]{8,}"),  # Slack
    re.compile(r"\b(?:AIza[0-9A-Za-z_-]{30,}|ya29\.[0-9A-Za-z_-]+|GOCSPX-[0-9A-Za-z_-]+)"),  # Google
    re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,}|\bsk[-_][A-Za-z0-9_-]{16,}"),
)
NAMES = r"passwords?|passwd|pwd|passphrase|secret|token|(?:api|access|private)[_-]?key|credential|requirepass"
KEPT = (
    re.compile(  # the whole of a header, to the end of its line or quote
        rf"""(?i)((?:authorization|cookie)\\{{0,7}}["']?\s{{0,9}}[=:]\s{{0,9}})"""
        rf"""(?:{QUOTED}|\\{{1,7}}"[^"\r\n]*"|(?:=\\?"[^"\r\n]*"|[^"'\r\n])+)"""
    ),
    re.compile(r"""(?i)((?:signature|[?&](?:sig|key|pass|pw))=)[^\s&"']+"""),
    re.compile(rf"(?i)(\bidentified\s{{1,9}}by\s{{1,9}}(?:password\s{{1,9}})?)(?:{QUOTED}|[^\s;]+)"),
    re.compile(
        rf"(?i)((?:--(?:password|pass|token|secret)|requirepass|masterauth)\s{{1,9}})(?:{QUOTED}|[^\s;]+)"
    ),
    re.compile(  # the command of Redis, not what is said of it
        r"(?<![\w-])(AUTH\s{1,9})(?!<|(?i:failed|called|required|requires|error|command|is|was|has|with|without|"
        rf"needed|not|token|to|for|by|and|or)\b)(?:{QUOTED}|\w{{1,40}} {MIXED}|[^\s;]+)"
    ),
    re.compile(rf"""(?i)((?<![a-z])(?:pass|pw)["']?=)(?!\d{{1,6}}\b)(?:{QUOTED}|[^\s,;&)}}\]]+)"""),
    re.compile(rf"""(?i)(["'](?:pass|pw)["']\s{{0,9}}:\s{{0,9}}){QUOTED}"""),
    re.compile(  # password: words and one more w1th digits
        rf"(?i)((?:password|passphrase)\s{{0,9}}:[ \t]{{0,9}})(?:[a-z]{{1,40}}[ \t]{{1,9}}){{1,5}}{MIXED}"
    ),
    re.compile(
        rf"""(?ix)
        ((?:{NAMES})[\w.-]{{0,80}}(?:\\{{0,7}}["'])?\s{{0,9}}(?:=>|:=|[=:])\s{{0,9}})
        (?:(?P<quote>\\{{1,7}}["']).{{0,2000}}?(?<!\\)(?P=quote)|{QUOTED}|[^\s,;&)}}\]]+)
        """,
        re.DOTALL,
    ),
    re.compile(
        r"(?i)(\b(?:password|passwd|passphrase)\s{1,9}(?:authentication\s{1,9})?(?:(?:with|is|was)\s{1,9})?)"
        rf"(?:{QUOTED}|{MIXED})"
    ),
    re.compile(rf"""(?i)(\btoken\s{{1,9}}(?:(?:is|was)\s{{1,9}})?["']?){MIXED}"""),
    re.compile(rf"""(\b[Ss]ecret\s{{1,9}}["']?)(?=\w{{0,80}}[a-z])(?=\w{{0,80}}[A-Z]){MIXED}"""),
)
"""What tells that a secret follows, which is kept, and the secret. Every part is bounded or not tried twice:
time grows with the length of the text alone."""
VARYING = (
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b0x[0-9a-f]+\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"(?<![\w.])\d+(?:\.\d+){3}(?::\d+)?"), "<address>"),
    (re.compile(r"\d+(?:\.\d+)?"), "<n>"),
)


def redact(text: str) -> str:
    """The text without what looks like a secret."""
    for shape in SHAPES:
        text = shape.sub(REDACTED, text)
    for shape in KEPT:
        text = shape.sub(rf"\1{REDACTED}", text)
    return text


def masked(text: str) -> str:
    """The text with numbers, addresses, times and ids replaced: what says the same is then equal."""
    for shape, stand_in in VARYING:
        text = shape.sub(stand_in, text)
    return shortened(text)


def shortened(text: str) -> str:
    """One line of at most 300 characters."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
