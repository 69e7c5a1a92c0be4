"""Tables in terminals of any width, colours, and completion: the real command."""

import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

ZOO = Path(sys.executable).with_name("zoo")


def in_terminal(*words: str, width: int) -> list[str]:
    """The lines that a command prints in a terminal so wide, without colours."""
    return re.sub(r"\x1b\[[\d;]*m", "", printed(*words, width=width)).splitlines()


def printed(*words: str, width: int = 80, code: int = 0, **variables: str) -> str:
    """What a command prints in a terminal so wide, on either stream."""
    fcntl, termios = pytest.importorskip("fcntl"), pytest.importorskip("termios")
    parent, child = os.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    environment = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR")}
    environment |= {"TERM": "xterm", **variables}
    process = subprocess.Popen([ZOO, *words], stdin=child, stdout=child, stderr=child, env=environment)
    os.close(child)
    text = b""
    try:
        while part := os.read(parent, 65536):
            text += part
    except OSError:  # the end of a terminal
        pass
    os.close(parent)
    assert process.wait() == code
    return text.decode()


@pytest.mark.parametrize(
    ("words", "code"),
    [("show resnet9", 2), ("show --wrong", 2), ("show resnet8", 0), ("show --help", 0)],
    ids=["an error", "usage", "a table", "help"],
)
def test_no_color_means_none(words, code):
    """Neither colours nor bold text, whichever library prints."""
    assert "\x1b[" in printed(*words.split(), code=code)
    assert "\x1b" not in printed(*words.split(), code=code, NO_COLOR="1")


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_a_list_is_readable_at_any_width(width):
    lines = in_terminal("list", width=width)
    assert max(map(len, map(str.rstrip, lines))) <= width
    row = next(line for line in lines if line.startswith("resnet20"))
    assert "271,098" in row
    assert "40,551,040" in row
    text = " ".join(" ".join(lines).split())
    assert text.count("Residual network for small images") == 6
    assert "…" not in text


@pytest.mark.parametrize("width", [60, 80, 200])
def test_what_was_measured_is_shown_whole_at_any_width(width):
    lines = in_terminal("show", "resnet8.cifar10", width=width)
    assert max(map(len, map(str.rstrip, lines))) <= width
    text = " ".join(" ".join(lines).split())
    for target in ("saved_model", "float32", "float16", "dynamic_int8", "int8"):
        assert re.search(rf"resnet8.cifar10 {target} passed [\d,]+", text)
    assert len(re.findall(r"[\d.,]+ us\b", text)) == 5
    assert len(re.findall(r"macro_f1 0\.\d{3}\b", text)) == 5
    assert "…" not in text


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("zoo show resnet2", {"resnet20"}),
        ("zoo show resnet8.c", {"resnet8.cifar10"}),
        ("zoo verify resnet_t", {"resnet_tiny.digits"}),
        ("zoo predict resnet8", {"resnet8.cifar10"}),
        ("zoo predict resnet8.cifar10 cat.png --target fl", {"float32", "float16"}),
        ("zoo export stacked", {"stacked_rnn_tiny", "stacked_rnn_tiny.digits"}),
        ("zoo train ecg_l", {"ecg_lstm4.mitbih"}),
    ],
)
def test_names_are_completed(words, expected):
    environment = {**os.environ, "_ZOO_COMPLETE": "complete_bash", "COMP_WORDS": words}
    environment["COMP_CWORD"] = str(len(words.split()) - 1)
    process = subprocess.run([ZOO], capture_output=True, text=True, env=environment)
    assert set(process.stdout.split()) == expected
