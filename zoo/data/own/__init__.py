"""A user's own data as a data set: a folder with a folder a class, a `.csv`, or an `.npz`.

folder.py, table.py, arrays.py   what stands where, and what each column means: one file a form
files.py, remembered.py          what each file is, hashed and decoded once
inputs.py, reading.py            from a file or a member of an archive to the array of one example
targets.py, splits.py            classes and values; train, validation and test
opening.py                       all of it as a `DataSet`
"""

from zoo.data.own.opening import OwnDataSet, looks_like_a_path, open_own

__all__ = ["OwnDataSet", "looks_like_a_path", "open_own"]
