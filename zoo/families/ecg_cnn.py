"""One-dimensional CNN for heartbeats: a plain stack of convolutions over the beat, beside it the intervals.

`ecg` (batch, 256, 1) float32 mV and `rr` (batch, 4) float32 seconds -> (batch, num_classes) float32 logits.  Stages of
convolution, batch normalisation and ReLU at one resolution each; between stages the length halves, 256 is eight times
divisible.  After the last stage the mean over time.
"""

import keras
from keras import layers

from zoo.families import _ecg


def build(
    *,
    widths: list[int],
    convolutions: int,
    kernel: int,
    stage_dropout: float,
    alike: list[int],
    rhythm_units: list[int],
    dropout: float,
    num_classes: int,
) -> keras.Model:
    """Builds one size.

    Args:
        widths: filters of each stage, at most nine.
        convolutions: convolutions of each stage.
        kernel: their length in samples of the stage.
        stage_dropout: share of channels that training drops behind each stage.
        alike: indices of the classes that the beat's shape does not tell apart.
        rhythm_units: units of the Dense layers that read the intervals.
        dropout: share of the trunk's features that training drops.
        num_classes: number of logits.
    """
    inputs = _ecg.beat_inputs()
    x = _ecg.centred(inputs["ecg"])
    for stage, filters in enumerate(widths, start=1):
        if stage > 1:
            x = layers.MaxPooling1D(2, name=f"stage{stage}_halve")(x)
        for number in range(1, convolutions + 1):
            x = convolution(x, filters, kernel, name=f"stage{stage}_{number}")
        x = layers.SpatialDropout1D(stage_dropout, name=f"stage{stage}_dropout")(x)
    x = layers.GlobalAveragePooling1D(name="pool")(x)
    logits = _ecg.classify_apart(
        x, inputs["rr"], alike=alike, rhythm_units=rhythm_units, dropout=dropout, num_classes=num_classes
    )
    return keras.Model(inputs, {"logits": logits})


def convolution(x, filters: int, kernel: int, *, name: str):
    """Convolution without bias, batch normalisation, ReLU; the length stays."""
    x = layers.Conv1D(
        filters, kernel, padding="same", use_bias=False, kernel_initializer="he_normal", name=f"{name}_conv"
    )(x)
    x = layers.BatchNormalization(momentum=0.95, name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x)
