"""What Keras, HDF5 or zipfile said when they failed, as one sentence of ours can repeat it."""

import re

_REPEATED = re.compile(r"\s*\b(?:Full object config|Full config|config)\s*[:=]\s*\{.*", re.DOTALL)
_MOST = 600


def said_by(error: Exception) -> str:
    """The sentence that tells what is wrong: whole, without the configuration that Keras repeats in front of it.

    A line that ends with a colon announces the next, which belongs to it.
    """
    text = _REPEATED.sub("", str(error).rpartition("Exception encountered:")[2])
    told: list[str] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        told.append(line)
        if not line.endswith(":"):
            break
    sentence = " ".join(told).removesuffix(":") or type(error).__name__
    return sentence if len(sentence) <= _MOST else _cut(sentence)


def _cut(text: str) -> str:
    """As many whole sentences as there is room for, or words."""
    head = text[:_MOST]
    end = head.rfind(". ")
    return head[: end + 1] if end > _MOST // 4 else head.rpartition(" ")[0] + " ..."
