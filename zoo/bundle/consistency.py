"""Whether what a manifest names is there: parts, tensors and vocabularies, and labels for every class."""

from collections.abc import Collection, Mapping

from zoo.bundle.schema import unlike

TOKENS = "tokens"
"""What the loops that decode give, (batch, longest) int32."""


def check_consistent(manifest: Mapping, where: str) -> None:
    """Compares the parts of a manifest, which is as the table says, with each other.

    Raises:
        BundleError: a name stands for nothing, or labels, tokens or classes do not go with an output.
    """
    _Check(manifest, where).all()


class _Check:
    def __init__(self, manifest: Mapping, where: str):
        self._manifest, self._where = manifest, where
        self._parts, self._decode = manifest["parts"], manifest["decode"]
        self._vocabularies = manifest.get("vocabularies", {})

    def all(self) -> None:
        for name, entry in self._vocabularies.items():
            for key in ("pad", "unknown", "start", "end"):
                if key in entry:
                    self._below(entry[key], len(entry["tokens"]), "the tokens", "vocabularies", name, key)
        for part, entry in self._parts.items():
            for name, facts in entry["inputs"].items():
                self._input(facts, entry["inputs"], ("parts", part, "inputs", name))
        if "stream" in self._manifest:
            self._stream()
        {"single": self._single, "autoregressive": self._autoregressive, "ctc": self._ctc}[self._decode["loop"]]()

    def _input(self, facts: Mapping, inputs: Mapping, place: tuple[str, ...]) -> None:
        if "vocabulary" in facts:
            self._known(facts["vocabulary"], self._vocabularies, "vocabularies", *place, "vocabulary")
            self._known(facts["kind"], ["tokens"], "kinds that have a vocabulary", *place, "kind")
        if "of" in facts:
            others = [name for name, other in inputs.items() if other is not facts]
            self._known(facts["of"], others, "other inputs", *place, "of")
            self._known(facts["kind"], ["length"], "kinds that count another input", *place, "kind")

    def _stream(self) -> None:
        name = self._known(self._manifest["stream"], self._parts, "parts", "stream")
        part = self._parts[name]
        if "state" not in part:
            raise unlike(None, "the states of a part that streams", ("parts", name, "state"), self._where)
        timed = [facts["shape"] for facts in part["inputs"].values() if facts.get("time")]
        if not timed or any(len(shape) < 2 for shape in timed):
            raise unlike(timed, "inputs with frames", ("parts", name, "inputs"), self._where)

    def _single(self) -> None:
        outputs = self._part("part")["outputs"]
        for name, answer in self._manifest["answers"].items():
            self._known(name, outputs, "outputs", "answers")
            self._known(answer["kind"], ["classes", "values"], "answers of a single run", "answers", name, "kind")
            check = self._classes if answer["kind"] == "classes" else self._values
            check(answer, outputs[name], ("answers", name))

    def _classes(self, answer: Mapping, output: Mapping, place: tuple[str, ...]) -> None:
        shape, of_yes = output["shape"], answer["of"] == "yes_no"
        if "float" not in output["dtype"] or (len(shape) < 2 and not of_yes):
            raise unlike({"shape": shape, "dtype": output["dtype"]}, "float numbers of classes", place, self._where)
        classes, labels = 2 if of_yes else shape[-1], answer["labels"]
        if labels is not None and len(labels) != classes:
            raise unlike(labels, f"{classes} labels, one a class, or null", (*place, "labels"), self._where)

    def _values(self, answer: Mapping, output: Mapping, place: tuple[str, ...]) -> None:
        names, numbers = answer.get("names"), output["shape"][-1] if len(output["shape"]) > 1 else 1
        if names is not None and len(names) != numbers:
            raise unlike(names, f"{numbers} names, one a number", (*place, "names"), self._where)

    def _autoregressive(self) -> None:
        step = self._part("step")
        encode = self._part("encode") if self._decode["encode"] is not None else None
        self._tensor("token", step["inputs"], "inputs")
        shape = self._tensor("logits", step["outputs"], "outputs")["shape"]
        if "attention" in self._decode:
            self._tensor("attention", step["outputs"], "outputs")
        if encode is not None:
            given = [*encode["inputs"], *encode["outputs"], self._decode["token"]]
            for name in step["inputs"]:
                self._known(name, given, "outputs of the part that encodes", "parts", self._decode["step"], "inputs")
        for key in ("start", "end"):
            self._below(self._decode[key], shape[-1], "the classes of its logits", "decode", key)
        self._texts(shape[-1], ["text"])

    def _ctc(self) -> None:
        outputs = self._part("part")["outputs"]
        shape = self._tensor("logits", outputs, "outputs")["shape"]
        if len(shape) != 3:
            raise unlike(shape, "(batch, steps, classes)", ("decode", "logits"), self._where)
        if "steps" in self._decode:
            self._tensor("steps", outputs, "outputs")
        self._below(self._decode["blank"], shape[-1], "the classes of its logits", "decode", "blank")
        self._texts(shape[-1], ["text", "transcript"])

    def _texts(self, classes: int, kinds: Collection[str]) -> None:
        """Answers that are read off tokens: every token that the loop can give is in the vocabulary."""
        blank = self._decode.get("blank")
        highest = max((number for number in (classes - 1, classes - 2) if number != blank), default=0)
        for name, answer in self._manifest["answers"].items():
            self._known(name, [TOKENS], "outputs of the loop", "answers")
            self._known(answer["kind"], kinds, "answers of this loop", "answers", name, "kind")
            place = ("answers", name, "vocabulary")
            tokens = self._vocabularies[self._known(answer["vocabulary"], self._vocabularies, "vocabularies", *place)]
            if highest >= (count := len(tokens["tokens"])):
                raise unlike(count, f"{highest + 1:,} tokens or more, as the logits have", place, self._where)

    def _part(self, key: str) -> Mapping:
        return self._parts[self._known(self._decode[key], self._parts, "parts", "decode", key)]

    def _tensor(self, key: str, tensors: Mapping, kind: str) -> Mapping:
        """A tensor that the loop names."""
        facts = tensors[self._known(self._decode[key], tensors, kind, "decode", key)]
        if key == "logits" and len(facts["shape"]) < 2:
            raise unlike(facts["shape"], "(batch, ..., classes)", ("decode", key), self._where)
        return facts

    def _known(self, name: str, known: Collection[str], what: str, *place: str) -> str:
        if name not in known:
            raise unlike(name, f"one of the {what}: {', '.join(known) or 'there is none'}", place, self._where)
        return name

    def _below(self, number: int, count: int, what: str, *place: str) -> None:
        if number >= count:
            raise unlike(number, f"0 to {count - 1:,}, one of {what}", place, self._where)
