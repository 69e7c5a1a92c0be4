"""The MIT-BIH Arrhythmia Database as single beats: `records.py` reads WFDB files, `beats.py` cuts, `builder.py`
downloads and keeps the result as a TFDS data set.
"""
