"""Residual networks for small images (He et al. 2016, section 4.2; MLPerf Tiny, image classification).

(batch, height, width, channels) float32, 0..255 -> (batch, num_classes) float32 logits.  Three stages of n blocks of
two convolutions, the second and third at half the resolution and twice the filters of the stage before; depth 6 n + 2.
"""

import keras
from keras import layers, ops

from zoo.errors import InputError


def build(
    *, depth: int, width: int, input_shape: list[int], num_classes: int, shortcut: str, bias: bool
) -> keras.Model:
    """Builds one size.

    Args:
        depth: weighted layers on the main path, 6 n + 2.
        width: filters of the first stage.
        input_shape: (height, width, channels).
        num_classes: number of logits.
        shortcut: where the resolution halves, `pad` takes every second pixel and pads the channels with zeros (option A
            of He et al.), `convolution` is a 1x1 convolution of stride 2 without batch normalisation (MLPerf Tiny).
        bias: whether convolutions have biases (MLPerf Tiny's do, He et al.'s do not).

    Raises:
        InputError: no network has that depth, or there is no such shortcut.
    """
    blocks, rest = divmod(depth - 2, 6)
    if rest or blocks < 1:
        raise InputError(f"wrong value of `depth`: found {depth}, expected 6 n + 2 with n >= 1, such as 8, 14, 20")
    if shortcut not in SHORTCUTS:
        raise InputError(f"wrong value of `shortcut`: found {shortcut!r}, expected one of {', '.join(SHORTCUTS)}")
    image = keras.Input(input_shape, name="image")
    # No rescaling: batch normalisation follows the first convolution, and int8 inputs keep their scale of exactly 1.
    x = convolution(image, width, 3, bias=bias, name="stem")
    x = activation(normalization(x, "stem"), "stem")
    for stage in range(3):
        for block in range(blocks):
            x = residual_block(
                x,
                width * 2**stage,
                halve=stage > 0 and block == 0,
                shortcut=shortcut,
                bias=bias,
                name=f"stage{stage + 1}_block{block + 1}",
            )
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    logits = layers.Dense(num_classes, kernel_initializer="he_normal", name="logits")(x)
    return keras.Model({"image": image}, {"logits": logits})


def residual_block(x, filters: int, *, halve: bool, shortcut: str, bias: bool, name: str):
    """ReLU(x + f(x)) with f = conv, BN, ReLU, conv, BN; the first convolution has stride 2 if `halve`."""
    y = convolution(x, filters, 3, strides=2 if halve else 1, bias=bias, name=f"{name}_first")
    y = activation(normalization(y, f"{name}_first"), f"{name}_first")
    y = normalization(convolution(y, filters, 3, bias=bias, name=f"{name}_second"), f"{name}_second")
    if halve:
        x = SHORTCUTS[shortcut](x, filters, bias, f"{name}_shortcut")
    return activation(layers.Add(name=f"{name}_add")([x, y]), name)


def padded_shortcut(x, filters: int, bias: bool, name: str):
    """Option A: every second pixel, and zeros for the new channels; no weights."""
    missing = filters - x.shape[-1]
    return ops.pad(x[:, ::2, ::2], [(0, 0), (0, 0), (0, 0), (missing // 2, missing - missing // 2)])


def convolution_shortcut(x, filters: int, bias: bool, name: str):
    """A 1x1 convolution of stride 2, without batch normalisation."""
    return convolution(x, filters, 1, strides=2, bias=bias, name=name)


SHORTCUTS = {"pad": padded_shortcut, "convolution": convolution_shortcut}


def convolution(x, filters: int, size: int, *, strides: int = 1, bias: bool, name: str):
    """3x3 or 1x1 convolution, `same` padding, He initialisation."""
    return layers.Conv2D(
        filters,
        size,
        strides=strides,
        padding="same",
        use_bias=bias,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)


def normalization(x, name: str):
    """Batch normalisation with the momentum and epsilon of He et al.'s code, not Keras's defaults."""
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_norm")(x)


def activation(x, name: str):
    return layers.ReLU(name=f"{name}_relu")(x)
