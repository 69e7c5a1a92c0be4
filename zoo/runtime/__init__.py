"""Runs bundles on a device: LiteRT, NumPy and Pillow, no TensorFlow and no Keras.

predictor = zoo.runtime.load("ecg_cnn13.mitbih", target="int8")
answer = predictor("ecg=beat.csv,rr=intervals.csv")
print(answer)                               # the five most probable classes
answer.to_dict()                            # what JSON can hold
"""

from zoo.runtime.answers import Answer, Classes, Text, Transcript, Values
from zoo.runtime.predictor import Predictor, load

__all__ = ["Answer", "Classes", "Predictor", "Text", "Transcript", "Values", "load"]
