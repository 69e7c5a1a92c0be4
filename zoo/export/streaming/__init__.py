"""The part `stream`: a model that is given its frames as they come, a chunk a call, and hands its states to the caller.

`layers` has the two kinds of layer that remember frames, with their memory outside; `acts_by_step` says of every other
layer whether a frame's answer needs that frame alone; `part` walks a model and builds its stream over the same
layers.
"""
