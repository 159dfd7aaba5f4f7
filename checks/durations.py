"""Durations as people read them: `109 ms`, `3 s`, `5.2 s`, `2 min`."""


def spoken(milliseconds: float) -> str:
    """A duration, rounded: ms below one second, then s, from two minutes on min."""
    if milliseconds < 1:
        return "under 1 ms"
    if milliseconds < 995:  # a wait of 1 s that was 1 ms short is still one of 1 s
        return f"{milliseconds:.0f} ms"
    if milliseconds < 120_000:
        seconds = f"{milliseconds / 1000:.1f}".removesuffix(".0")
        return f"{seconds} s"
    return f"{milliseconds / 60_000:.0f} min"
