"""Several commands in one process, since TensorFlow takes seconds to import: `python commands.py FILE.json`.

The file holds a list of arguments a command.  Each is run as `zoo` runs it; behind the last, what each wrote and its
exit status stand on standard output, a JSON line a command: `[status, stdout, stderr]`.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

from zoo.cli import main


def run(arguments: list[str]) -> tuple[int, str, str]:
    """What one command wrote, on the descriptors, as other programs would see it."""
    sys.argv = ["zoo", *arguments]
    kept = os.dup(1), os.dup(2)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        try:
            status = main() or 0
        except SystemExit as end:
            status = end.code or 0
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, descriptor in enumerate(kept, 1):
                os.dup2(descriptor, number)
                os.close(descriptor)
        written = []
        for file in (out, err):
            file.seek(0)
            written.append(file.read().decode())
    return status, *written


if __name__ == "__main__":
    results = [run(arguments) for arguments in json.loads(Path(sys.argv[1]).read_text("utf-8"))]
    print(*map(json.dumps, results), sep="\n")
