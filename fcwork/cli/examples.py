"""Examples under a verb's help."""


def examples(*lines: str) -> str:
    """Return the lines as an epilog that click leaves unwrapped."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
