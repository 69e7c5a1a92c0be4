"""The house in order: lint, formatting, floors, generated files.  The same tools that a developer runs by hand."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent

CHECKS = {
    "lint": ["ruff", "check", "."],
    "formatting": ["ruff", "format", "--check", "."],
    "floors": ["lint-imports", "--no-cache"],
    "facts": ["zoo", "facts", "--check"],
    "cards": ["zoo", "card", "--check"],
}


@pytest.mark.parametrize("check", CHECKS)
def test_check(check):
    tool, *arguments = CHECKS[check]
    process = subprocess.run([BIN / tool, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert process.returncode == 0, process.stdout + process.stderr


def test_files_are_small():
    """Past 400 lines a file holds two ideas."""
    folders = ("zoo", "tests", "recipes", "docs")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert files
    assert not [path for path in files if len(path.read_text("utf-8").splitlines()) > 400]
