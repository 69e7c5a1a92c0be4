"""Training that begins with weights of another: where they come from, what stays as it is, and what runs only once.

`initial.py` reads `init`, `freezing.py` heeds `freeze`, `front.py` cuts the model behind its frozen layers, and
`features.py` keeps what they give.
"""
