"""A bundle on disk: one folder a `name.tag`, with a manifest that names and hashes every other file in it.

    bundle = load_bundle("resnet8.cifar10")
    path = bundle.artifact("int8")              # checked against the manifest before anybody reads it

Bundles of strangers are data.  A file is handed out only after its path was found to stay inside the bundle, through no
link, and its size and SHA-256 to be what the manifest says.  A bundle is written whole or not at all.
"""

from zoo.bundle.opening import Bundle, load_bundle
from zoo.bundle.writing import update_files, write_bundle

__all__ = ["Bundle", "load_bundle", "update_files", "write_bundle"]
