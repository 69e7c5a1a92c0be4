"""Runs bundles on a device: LiteRT, NumPy and Pillow, no TensorFlow and no Keras.

predictor = zoo.runtime.load("ecg_cnn13.mitbih", target="int8")
prediction = predictor("ecg=beat.csv,rr=intervals.csv")
print(prediction)                           # the five most probable classes
prediction.to_dict()                        # what JSON can hold
"""

from zoo.runtime.prediction import Prediction
from zoo.runtime.predictor import Predictor, load

__all__ = ["Prediction", "Predictor", "load"]
