"""Gates, measurements and cards: what ships has been run and measured.

`gates.py` is the table of bounds; `running/` runs Keras and the artifacts on the same examples, `measures/` has one
file a measurement, `examine.py` puts the three together, `cards/` writes down what came of it and renders it,
`verification.py` does it all again to a bundle that is there.
"""

import sys
from types import ModuleType


class _Verify(ModuleType):
    """The package that is the function `zoo.verify` too: both are called so, and Python keeps one name for the two."""

    def __call__(self, bundle, report=None):
        """Runs every artifact of a bundle through its gates again; see `verification.verify_bundle`.

        Args:
            bundle: an opened bundle, its folder or its name.
            report: called with the stage, the examples done and those in all.
        """
        from zoo.bundle import Bundle, load_bundle
        from zoo.verify.verification import verify_bundle

        opened = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
        return verify_bundle(opened, *([report] if report else []))


sys.modules[__name__].__class__ = _Verify
