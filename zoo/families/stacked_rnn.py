"""Stacked recurrent networks: any depth of SimpleRNN, LSTM or GRU, in one direction or both.

A front makes a sequence (batch, time, features) of the input, the layers read it, the last one's final output is
classified.  Two fronts: `rows`, an image read row by row, and `beat`, a heartbeat read in groups of samples, beside it
the intervals between beats.  (batch, num_classes) float32 logits.
"""

import keras
from keras import layers

from zoo.errors import InputError
from zoo.families import _ecg

CELLS = {"simple_rnn": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}


def build(
    *, front: str, cell: str, units: list[int], bidirectional: bool, layer_dropout: float, num_classes: int, **options
) -> keras.Model:
    """Builds one size.

    Args:
        front: `rows` or `beat`.
        cell: `simple_rnn`, `lstm` or `gru`.
        units: units of each layer, in each direction.
        bidirectional: whether every layer reads the sequence both ways and joins what it found.
        layer_dropout: share of features that training drops between layers.
        num_classes: number of logits.
        options: those of the front, see `rows` and `beat`.

    Raises:
        InputError: there is no such cell or front.
    """
    for name, found, known in (("cell", cell, CELLS), ("front", front, FRONTS)):
        if found not in known:
            raise InputError(f"wrong value of `{name}`: found {found!r}, expected one of {', '.join(known)}")

    def read(sequence):
        """(batch, time, features) -> (batch, features): the whole stack's last output."""
        for depth, width in enumerate(units, start=1):
            if depth > 1:
                sequence = layers.Dropout(layer_dropout, name=f"dropout{depth}")(sequence)
            layer = CELLS[cell](width, return_sequences=depth < len(units), name=f"{cell}{depth}")
            sequence = (layers.Bidirectional(layer, name=f"both{depth}") if bidirectional else layer)(sequence)
        return sequence

    return FRONTS[front](read, num_classes=num_classes, **options)


def rows(read, *, input_shape: list[int], num_classes: int) -> keras.Model:
    """An image, `image` (batch, height, width, channels) float32 0..255: a step is a row.

    Args:
        read: the stack, (batch, time, features) -> (batch, features).
        input_shape: (height, width, channels).
        num_classes: number of logits.
    """
    height, width, channels = input_shape
    image = keras.Input(input_shape, name="image")
    # Gates saturate on pixel values as they come, so they are scaled to 0..1 first.
    sequence = layers.Reshape((height, width * channels), name="rows")(layers.Rescaling(1 / 255, name="scale")(image))
    return keras.Model({"image": image}, {"logits": layers.Dense(num_classes, name="logits")(read(sequence))})


def beat(read, *, group: int, rhythm_units: list[int], dropout: float, num_classes: int) -> keras.Model:
    """A heartbeat, `ecg` (batch, 256, 1) float32 mV and `rr` (batch, 4) float32 seconds.

    Args:
        read: the stack, (batch, time, features) -> (batch, features).
        group: samples that make one step: fewer steps are faster and shorten the way that gradients go.
        rhythm_units: units of the Dense layers that read the intervals.
        dropout: share of the stack's features that training drops.
        num_classes: number of logits.
    """
    inputs = _ecg.beat_inputs()
    sequence = layers.Reshape((_ecg.SAMPLES // group, group), name="groups")(_ecg.centred(inputs["ecg"]))
    logits = _ecg.classify(
        read(sequence), inputs["rr"], rhythm_units=rhythm_units, dropout=dropout, num_classes=num_classes
    )
    return keras.Model(inputs, {"logits": logits})


FRONTS = {"rows": rows, "beat": beat}
