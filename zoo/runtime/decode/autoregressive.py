"""The loop of a model that answers a token at a time, each from those before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zoo.errors import BundleError, InputError
from zoo.runtime.decode.hypotheses import Choose, Hypothesis, Search, most_probable, sampler
from zoo.runtime.decode.options import BEAM, LONGEST, of_manifest, positive, read_options, whole
from zoo.runtime.decode.probabilities import log_softmax
from zoo.runtime.decode.runner import Arrays, Runner

PAD = 0
"""Pads `tokens`; never a token of an answer."""
_MEANINGS = {
    "beam": "how many hypotheses are kept, 1 takes the most probable token each time",
    "longest": "the most tokens of an answer",
    "temperature": "draws tokens instead, the higher the bolder; 0 takes the most probable",
    "top_k": "draws from so many of the most probable tokens alone",
    "seed": "of what is drawn",
}
_TABLE = {
    "beam": whole(1, BEAM),
    "longest": whole(1, LONGEST),
    "temperature": positive(),
    "top_k": whole(1, 2**31 - 1),
    "seed": whole(0, 2**64 - 1),
}


@dataclass(frozen=True)
class Parts:
    """What the loop drives: names of parts, inputs and outputs."""

    encode: str | None
    questions: Sequence[str]
    """Inputs of `encode`."""
    step: str
    token: str
    """Input of `step`: (batch, 1) int32, the token before."""
    context: Sequence[str]
    """Inputs that are the same at every step: outputs of `encode`, or inputs of the model."""
    state: Mapping[str, Mapping]
    """Inputs that are outputs of the step before, as the manifest has them."""
    logits: str
    """Output of `step`: (batch, vocabulary)."""
    vocabulary: int
    attention: str | None
    """Output of `step`: (batch, ...)."""

    @classmethod
    def of(cls, decode: Mapping, parts: Mapping) -> "Parts":
        """What a manifest says.

        Raises:
            BundleError: a part, an input or an output is not there.
        """
        step = _named(parts, decode["step"], "manifest", "part")
        encode = _named(parts, decode.get("encode"), "manifest", "part") if decode.get("encode") is not None else None
        _named(step["inputs"], decode["token"], f"part `{decode['step']}`", "input")
        state = step.get("state", {})
        context = [name for name in step["inputs"] if name != decode["token"] and name not in state]
        if encode is not None:
            for name in context:
                _named({**encode["inputs"], **encode["outputs"]}, name, f"part `{decode['encode']}`", "input or output")
        if (attention := decode.get("attention")) is not None:
            _named(step["outputs"], attention, f"part `{decode['step']}`", "output")
        shape = _named(step["outputs"], decode["logits"], f"part `{decode['step']}`", "output")["shape"]
        if len(shape) != 2:
            raise BundleError(f"the output `{decode['logits']}` has shape {shape}: expected (batch, vocabulary)")
        questions = tuple(encode["inputs"]) if encode else ()
        names = (decode.get("encode"), questions, decode["step"], decode["token"], context, state)
        return cls(*names, decode["logits"], shape[1], attention)


class Autoregressive:
    """The part `encode` once, then the part `step` until the end token or the longest answer.

    A state begins as `encode`'s output of its name, else with zeros.  Without `encode` the model is a language model:
    the input that is called as the step's token is a prompt, (batch, n) int32, padded with 0 on the right.  `step` is
    fed the start token and the prompt before it gives the first token; the prompt is no part of the answer.

    The beam holds `beam` hypotheses.  One that has ended keeps its place and is followed no more (Sutskever et al.
    2014, "Sequence to sequence learning with neural networks", section 3.2).  The answer is the one of the highest log
    probability a token, its end counted as one.  Of equals, lower tokens are preferred.  Beam 1 is greedy.  Padding and
    the start token never come: probabilities are those among the other tokens.  What is drawn is scored by the model's
    own probabilities.

    Each run of `step` has as many rows as the inputs have; hypotheses run one after another.

    Outputs:
        tokens: (batch, longest) int32, padded with 0, without the end token.
        count: (batch,) int32, how many of them are real.
        score: (batch,) float32, the mean log probability a token.
        attention: (batch, longest, ...), padded with 0, where the step gives one.
    """

    options: Mapping[str, str] = {name: f"{_MEANINGS[name]}: {option.words}" for name, option in _TABLE.items()}

    def __init__(self, parts: Parts, start: int, end: int, longest: int, beam: int = 1):
        self._parts, self._start, self._end = parts, start, end
        self._longest, self._beam = longest, beam
        self._never = {PAD, start} - {end}

    @classmethod
    def of(cls, decode: Mapping, parts: Mapping) -> "Autoregressive":
        """The loop of a manifest; see `get_loop`."""
        names = Parts.of(decode, parts)
        token = whole(0, names.vocabulary - 1)
        numbers = {"start": token, "end": token, "longest": _TABLE["longest"], "beam": _TABLE["beam"]}
        return cls(names, **{name: of_manifest(decode, name, option) for name, option in numbers.items()})

    def run(self, runner: Runner, inputs: Arrays, **options: object) -> dict[str, np.ndarray]:
        """See `Loop`."""
        values = read_options("autoregressive", _TABLE, options)
        beam, choose = self._way(values)
        longest = values.get("longest", self._longest)
        parts, rows = self._parts, len(next(iter(inputs.values()))) if inputs else 1
        encoded = runner.run(parts.encode, **{name: inputs[name] for name in parts.questions}) if parts.encode else {}
        searches = [Search(fed, self._end, longest, beam, choose) for fed in self._fed(inputs, rows)]
        steps = _Steps(runner, parts, {**inputs, **encoded}, encoded, rows)
        while places := max(len(search.live) for search in searches):
            logits, attention = steps.run([[search.token(place) for search in searches] for place in range(places)])
            for row, search in enumerate(searches):
                live = len(search.live)
                log_probabilities = (
                    log_softmax(logits[:live, row], self._never, parts.step) if search.listens and live else None
                )
                search.grow(log_probabilities, attention[:live, row] if attention is not None else ())
            steps.follow([search.parents for search in searches])
        return _outputs([search.best() for search in searches], longest, attention)

    def _way(self, values: Mapping[str, int | float]) -> tuple[int, Choose]:
        """How wide the beam is and how tokens are chosen."""
        temperature = values.get("temperature")
        if temperature is None:
            for name in ("top_k", "seed"):
                if name in values:
                    raise InputError(f"`{name}` is of drawing tokens: found no `temperature`", "give one, such as 1.0")
            return values.get("beam", self._beam), most_probable
        if values.get("beam", 1) != 1:
            raise InputError(
                f"drawing tokens follows one hypothesis: found `beam` {values['beam']} beside `temperature`"
            )
        if temperature == 0:
            return 1, most_probable
        return 1, sampler(temperature, values.get("top_k"), values.get("seed", 0))

    def _fed(self, inputs: Arrays, rows: int) -> list[list[int]]:
        """What the step is fed of each row before the answer."""
        if self._parts.encode is not None:
            return [[self._start]] * rows
        name, most = self._parts.token, self._parts.vocabulary - 1
        prompt = np.asarray(inputs.get(name, np.zeros((rows, 0), np.int32)))
        if prompt.ndim != 2 or prompt.dtype.kind not in "iu":
            raise InputError(
                f"wrong prompt: found {prompt.dtype} of shape {prompt.shape}, input `{name}` takes whole "
                "numbers of shape (batch, n)"
            )
        if prompt.size and (prompt.min() < 0 or prompt.max() > most):
            raise InputError(f"wrong prompt: found tokens from {prompt.min()} to {prompt.max()}, expected 0 to {most}")
        real = [row[: np.flatnonzero(row)[-1] + 1].tolist() if row.any() else [] for row in prompt]
        return [row if row[:1] == [self._start] else [self._start, *row] for row in real]


class _Steps:
    """Runs of the part `step`, and the states between them, one set for each place of the beam."""

    def __init__(self, runner: Runner, parts: Parts, known: Arrays, encoded: Arrays, rows: int):
        self._runner, self._parts, self._rows = runner, parts, rows
        self._context = {name: known[name] for name in parts.context}
        begin = {
            name: encoded[name] if name in encoded else np.zeros((rows, *facts["shape"][1:]), facts["dtype"])
            for name, facts in parts.state.items()
        }
        self._before, self._after = [begin], []

    def run(self, tokens: list[list[int]]) -> tuple[np.ndarray, np.ndarray | None]:
        """Logits (places, batch, vocabulary), and attention (places, batch, ...), after tokens (places, batch)."""
        parts = self._parts
        self._after = []
        for row, state in zip(tokens, self._before, strict=True):
            token = {parts.token: np.array(row, np.int32)[:, None]}
            self._after.append(self._runner.run(parts.step, **token, **self._context, **state))
        logits = np.stack([outputs[parts.logits] for outputs in self._after])
        if logits.shape[1:] != (self._rows, parts.vocabulary):
            raise BundleError(
                f"the part `{parts.step}` gave `{parts.logits}` of shape {logits.shape[1:]}: "
                f"expected {(self._rows, parts.vocabulary)}"
            )
        return logits, np.stack([outputs[parts.attention] for outputs in self._after]) if parts.attention else None

    def follow(self, parents: list[list[int]]) -> None:
        """Gives each place the states of its parent; `parents`: those of each row, as many as it has."""
        places, columns = max(map(len, parents)), np.arange(self._rows)
        chosen = np.array([row + [0] * (places - len(row)) for row in parents], int).reshape(self._rows, places).T
        states = {name: np.stack([outputs[name] for outputs in self._after]) for name in self._parts.state}
        self._before = [{name: array[each, columns] for name, array in states.items()} for each in chosen]


def _outputs(answers: list[Hypothesis], longest: int, attention: np.ndarray | None) -> dict[str, np.ndarray]:
    """`attention`: of any step, for its shape."""
    outputs = {
        "tokens": np.full((len(answers), longest), PAD, np.int32),
        "count": np.array([len(answer.tokens) for answer in answers], np.int32),
        "score": np.array([answer.score for answer in answers], np.float32),
    }
    if attention is not None:
        outputs["attention"] = np.zeros((len(answers), longest, *attention.shape[2:]), attention.dtype)
    for row, answer in enumerate(answers):
        outputs["tokens"][row, : len(answer.tokens)] = answer.tokens
        if answer.attention:
            outputs["attention"][row, : len(answer.tokens)] = answer.attention
    return outputs


def _named(entries: Mapping[str, Mapping], name: str, where: str, kind: str) -> Mapping:
    """An entry by name.

    Raises:
        BundleError: there is none.
    """
    if name not in entries:
        raise BundleError(
            f"the bundle's {where} has no {kind} `{name}`, which its decode loop needs: found "
            f"{', '.join(entries) or 'none'}"
        )
    return entries[name]
