"""What Keras 2 meant and how Keras 3 says it: the one table of differences between the two generations.

Rows are applied from top to bottom to every layer whose class matches; later rows see what earlier ones made of it.
An argument that no row names and that Keras 3's class does not take is refused by the layer's name: it may have meant
something.
"""

from fnmatch import fnmatchcase

from zoo.sources.keras_2.changes import (
    Change,
    OldLayer,
    absent,
    alone,
    became,
    for_training_alone,
    given_to_calls,
    ignored,
    old_activations,
    only,
    policy,
    put,
    refused,
    renamed,
)

_BATCH_FIRST = "build it with batch first"
_BUILD_ANEW = "build the model anew in Keras 3 and give it the weights"
_NO_SUCH_LAYER = "is a layer that Keras 3 has not"
_OLD_GATES = (absent("recurrent_activation", "hard_sigmoid", before=(2, 3)),)
_RECURRENT = "RNN SimpleRNN LSTM GRU ConvLSTM?D"


def _from_corners(layer: OldLayer) -> None:
    """Keras on its own enlarged bilinearly from the corners of pixels; `tf.keras` and Keras 3 do from their middles."""
    if layer.config.get("interpolation") == "bilinear" and not layer.origin.by_tensorflow:
        layer.refuse("interpolates from the corners of pixels, which Keras 3 does not", _BUILD_ANEW)


DIFFERENCES: tuple[tuple[str, tuple[Change, ...]], ...] = (
    # Layers that are others now.
    ("CuDNNLSTM", (became("LSTM", activation="tanh", recurrent_activation="sigmoid", use_bias=True),)),
    (
        "CuDNNGRU",
        (became("GRU", activation="tanh", recurrent_activation="sigmoid", use_bias=True, reset_after=True),),
    ),
    ("ThresholdedReLU", (absent("theta", 1.0), renamed("theta", "threshold"), became("ReLU"))),
    ("SyncBatchNormalization", (became("BatchNormalization", synchronized=True),)),
    ("BatchNormalizationV1 BatchNormalizationV2", (became("BatchNormalization"),)),
    ("LocallyConnected?D", (refused(_NO_SUCH_LAYER, _BUILD_ANEW + ", with a layer of your own (`--custom`)"),)),
    ("Merge Highway MaxoutDense AtrousConvolution?D", (refused(_NO_SUCH_LAYER + ": it is of Keras 1", _BUILD_ANEW),)),
    ("DenseFeatures LinearModel WideDeepModel", (refused(_NO_SUCH_LAYER, _BUILD_ANEW),)),
    # Every layer.
    (
        "*",
        (
            for_training_alone,
            old_activations,
            policy,
            ignored("batch_input_shape", "input_shape", "input_spec", "input_dtype", "batch_size", "dynamic"),
            only("weights", None, []),
        ),
    ),
    # Recurrences: what a step does.
    ("LSTM LSTMCell GRU GRUCell", _OLD_GATES),
    ("ConvLSTM?D ConvLSTM?DCell", (absent("recurrent_activation", "hard_sigmoid"),)),
    ("ConvLSTM?D ConvLSTM?DCell LSTM LSTMCell GRU GRUCell SimpleRNN SimpleRNNCell", (old_activations,)),
    ("GRU GRUCell", (absent("reset_after", False),)),
    # Recurrences: how the loop runs.
    (f"{_RECURRENT} *Cell StackedRNNCells", (ignored("implementation", "input_dim", "input_length"),)),
    (
        _RECURRENT,
        (
            only("time_major", False, None, hint=_BATCH_FIRST),
            only("num_constants", 0, None, hint=_BUILD_ANEW + ": what is given to every step goes into the state"),
            only("zero_output_for_mask", False, None),
        ),
    ),
    ("StackedRNNCells", (only("reverse_state_order", False, None, hint=_BUILD_ANEW),)),
    ("Bidirectional", (only("num_constants", 0, None, hint=_BUILD_ANEW),)),
    # Activations.
    ("LeakyReLU", (absent("alpha", 0.3), renamed("alpha", "negative_slope"))),
    ("ReLU", (put("negative_slope", None, 0.0), put("threshold", None, 0.0))),
    # Normalisations.
    (
        "BatchNormalization",
        (
            alone("axis"),
            only("mode", 0, None, hint=_BUILD_ANEW),
            only("renorm", False, None, hint=_BUILD_ANEW),
            only("virtual_batch_size", None, hint=_BUILD_ANEW),
            only("adjustment", None, hint=_BUILD_ANEW),
            ignored("fused", "renorm_clipping", "renorm_momentum", "_USE_V2_BEHAVIOR"),
        ),
    ),
    ("Normalization", (put("axis", [], None),)),
    # Convolutions.
    (
        "DepthwiseConv?D SeparableConv?D Conv?DTranspose",
        (only("groups", 1, None, hint=_BUILD_ANEW),),
    ),
    ("DepthwiseConv?D", (only("filters", None),)),
    # What is off when a model answers.
    ("SpatialDropout?D", (ignored("noise_shape"),)),
    ("Random*", (ignored("rng_type", "force_generator"),)),
    # Attention.
    ("Attention AdditiveAttention", (given_to_calls("causal", "use_causal_mask"),)),
    (
        "MultiHeadAttention",
        (ignored("query_shape", "key_shape", "value_shape", "softmax_robust_masking", "_query_shape"),),
    ),
    # The rest.
    ("Embedding", (ignored("input_length", "sparse"),)),
    ("Dense", (ignored("input_dim"),)),
    ("CategoryEncoding", (renamed("max_tokens", "num_tokens"), put("output_mode", "binary", "multi_hot"))),
    ("UpSampling2D", (_from_corners,)),
    ("Discretization", (renamed("bins", "bin_boundaries"),)),
)


def apply_differences(layer: OldLayer) -> None:
    """Says a layer as Keras 3 does.

    Raises:
        InputError: Keras 3 cannot say it.
    """
    for kinds, changes in DIFFERENCES:
        if any(fnmatchcase(layer.kind, kind) for kind in kinds.split()):
            for change in changes:
                change(layer)
