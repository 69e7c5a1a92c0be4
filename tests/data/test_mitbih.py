"""The builder of `mitbih_beats`: WFDB files in, examples out, against a plain reading of the specification."""

import dataclasses
import functools
import hashlib
import os
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
import wfdb
from tensorflow_datasets.core.download.checksums import UrlInfo
from tensorflow_datasets.core.utils import Size

from zoo.data.mitbih.beats import SPLITS, cut_beats, intervals
from zoo.data.mitbih.builder import URL, MitbihBeats
from zoo.data.mitbih.records import SUFFIXES, read_record
from zoo.data.sets.mitbih_beats import DATA_SET
from zoo.errors import DataError

BEATS = [(20, "N"), (301, "A"), (622, "V"), (899, "/"), (1190, "F"), (1500, "j"), (1777, "Q"), (2103, "E"), (2390, "R")]
BEATS += [(2391 + 150 * number, "N") for number in range(1, 9)] + [(3799, "a"), (3999, "e")]
NO_BEATS = [(3, "+"), (1000, "~"), (1200, "!"), (3800, "|"), (3990, "x")]
"""Rhythm changes, noise, flutter waves and artefacts, between beats whose interval must not see them."""


def write_record(folder: Path, number: int, lead: np.ndarray, annotations: list, signals=("V5", "MLII")) -> None:
    """A record as PhysioNet keeps it, in format 212; `lead`: (samples,) ADC units, other signals are 0 mV."""
    units = np.stack([lead if name == "MLII" else np.full_like(lead, 1024) for name in signals], axis=1)
    count = len(signals)
    wfdb.wrsamp(
        str(number), fs=360, units=["mV"] * count, sig_name=list(signals), d_signal=units.astype(np.int64),
        fmt=["212"] * count, adc_gain=[200] * count, baseline=[1024] * count, write_dir=str(folder),
    )  # fmt: skip
    samples, symbols = zip(*sorted(annotations), strict=True)
    wfdb.wrann(str(number), "atr", np.array(samples), list(symbols), write_dir=str(folder))


def made_up_lead(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2048, 4000)


def by_the_specification(lead: np.ndarray, beats: list[tuple[int, str]]) -> dict[str, list]:
    """The examples of one record, beat by beat, in float64."""
    rows = {"ecg": [], "rr": [], "label": []}
    places = [place for place, _ in beats]
    gaps = [(later - earlier) / 360 for earlier, later in pairwise(places)]
    before = [gaps[0], *gaps]
    after = [*gaps, gaps[-1]]
    for number, (place, symbol) in enumerate(beats):
        window = [lead[min(max(sample, 0), len(lead) - 1)] for sample in range(place - 90, place + 166)]
        so_far = before[: number + 1]
        rows["ecg"].append([[(unit - 1024) / 200] for unit in window])
        rows["rr"].append([before[number], after[number], np.mean(so_far[-10:]), np.mean(so_far)])
        rows["label"].append([symbol in symbols for symbols in ("NLRej", "AaJS", "VE", "F", "/fQ")].index(True))
    return rows


@pytest.fixture
def records(tmp_path):
    """A folder with a record of each split; in the test split's the lead is the first signal."""
    folder = tmp_path / "records"
    folder.mkdir()
    write_record(folder, 101, made_up_lead(1), BEATS + NO_BEATS)
    write_record(folder, 100, made_up_lead(2), BEATS[::2] + NO_BEATS, signals=("MLII", "V1"))
    return folder


def test_examples_are_the_specifications(records, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "data"))
    builder = MitbihBeats(records=records, splits={"train": [101], "test": [100]}, data_dir=tmp_path / "data")
    builder.download_and_prepare()
    for split, seed, number, beats in (("train", 1, 101, BEATS), ("test", 2, 100, BEATS[::2])):
        examples = DATA_SET.store.read(split)
        expected = by_the_specification(made_up_lead(seed), beats)
        np.testing.assert_array_equal(examples.inputs["ecg"], np.array(expected["ecg"], np.float32))
        np.testing.assert_allclose(examples.inputs["rr"], expected["rr"], rtol=1e-6)
        np.testing.assert_array_equal(examples.targets["logits"], expected["label"])
        np.testing.assert_array_equal(examples.groups, np.full(len(beats), number))
    with pytest.raises(DataError, match="has 19 examples in `train`, expected 51,021"):
        DATA_SET.load("train")


def test_a_torn_file_is_a_sentence(records, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "data"))
    MitbihBeats(records=records, splits={"test": [100]}, data_dir=tmp_path / "data").download_and_prepare()
    [shard] = (tmp_path / "data").rglob("*.tfrecord*")
    shard.write_bytes(shard.read_bytes()[:-100])
    with pytest.raises(DataError, match="prepared copy of `mitbih_beats` cannot be read"):
        DATA_SET.load("test")


def test_two_beats_share_their_interval():
    np.testing.assert_allclose(intervals(np.array([100, 460])), np.ones((2, 4)))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "101.dat").unlink(), "record 101 .* cannot be read"),
        (lambda folder: (folder / "101.atr").unlink(), "record 101 .* cannot be read"),
        (lambda folder: write_record(folder, 101, made_up_lead(1), BEATS, signals=("V5", "V1")), "no lead MLII"),
        (lambda folder: write_record(folder, 101, made_up_lead(1), [(50, "N"), (9, "+")]), "101 has 1 annotated beats"),
    ],
    ids=["no samples", "no annotations", "no lead", "no interval"],
)
def test_a_spoilt_record_is_named(records, tmp_path, spoil, message):
    spoil(records)
    builder = MitbihBeats(records=records, splits={"train": [101]}, data_dir=tmp_path / "data")
    with pytest.raises(DataError, match=message):
        builder.download_and_prepare()


@pytest.fixture
def served(records, monkeypatch):
    """The store of a builder that downloads `records` from this machine, and the folder it is served from."""
    handler = functools.partial(Quiet, directory=str(records))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setattr("zoo.data.mitbih.builder.URL", url)
        monkeypatch.setattr(
            MitbihBeats, "url_infos", {f"{url}/{file.name}": url_info(file) for file in records.iterdir()}
        )
        splits = {"train": [101], "test": [100]}
        yield dataclasses.replace(DATA_SET.store, find_builder=lambda data: MitbihBeats(splits=splits, data_dir=data))
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing of it."""

    def log_message(self, *_) -> None:
        pass


def url_info(file: Path) -> UrlInfo:
    return UrlInfo(Size(file.stat().st_size), hashlib.sha256(file.read_bytes()).hexdigest(), file.name)


def test_downloads_give_the_same_examples(records, served, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "data"))
    assert not served.ready()
    served.prepare()
    assert served.ready()
    examples, record = served.read("train"), cut_beats(read_record(records, 101))
    np.testing.assert_array_equal(examples.inputs["ecg"], record.ecg)
    np.testing.assert_array_equal(examples.inputs["rr"], record.rr)


def test_a_download_that_is_not_the_published_file_is_refused(records, served, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "data"))
    forged = bytearray((records / "101.dat").read_bytes())
    forged[500] ^= 1
    (records / "101.dat").write_bytes(forged)
    with pytest.raises(DataError, match=r"cannot be prepared: `mitbih_beats`.*101\.dat"):
        served.prepare()
    assert not served.ready()


def test_every_download_has_a_checksum():
    """TFDS is told to refuse what has none; that it finds all 132 under the addresses that are asked for is ours."""
    numbers = [*SPLITS["train"], *SPLITS["test"]]
    wanted = {f"{URL}/{number}.{suffix}" for number in numbers for suffix in SUFFIXES}
    assert set(MitbihBeats.url_infos) == wanted
    assert len(wanted) == 132
    assert all(len(info.checksum) == 64 for info in MitbihBeats.url_infos.values())


@pytest.mark.slow
def test_the_whole_database_gives_the_prepared_set(require_data, tmp_path, monkeypatch):
    """All 44 records, written as WFDB from a copy of another format and built anew."""
    raw = os.environ.get("ZOO_MITBIH_RAW")
    if not raw:
        pytest.skip("ZOO_MITBIH_RAW names no folder with `mlii.flac` and `annotations.npz`")
    prepared = {split: require_data("mitbih_beats").load(split) for split in SPLITS}
    records = tmp_path / "records"
    records.mkdir()
    for number, lead, annotations in raw_records(Path(raw)):
        write_record(records, number, lead, annotations, signals=("MLII",))
    MitbihBeats(records=records, data_dir=tmp_path / "data").download_and_prepare()
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "data"))
    for split, expected in prepared.items():
        built = DATA_SET.load(split)
        for name, array in expected.inputs.items():
            np.testing.assert_array_equal(built.inputs[name], array)
        np.testing.assert_array_equal(built.targets["logits"], expected.targets["logits"])
        np.testing.assert_array_equal(built.groups, expected.groups)


def raw_records(folder: Path):
    """(number, lead in ADC units, annotations) of each record: leads end to end as sound, places as differences."""
    leads, _ = soundfile.read(folder / "mlii.flac", dtype="int16")
    with np.load(folder / "annotations.npz") as arrays:
        symbols = arrays["symbol"].view("S1").astype(str)
        ends = np.cumsum(arrays["counts"])
        leads = leads.reshape(len(ends), -1)
        for number, lead, start, end in zip(arrays["records"], leads, [0, *ends[:-1]], ends, strict=True):
            places = np.cumsum(arrays["sample_delta"][start:end])
            yield int(number), lead, list(zip(places.tolist(), symbols[start:end].tolist(), strict=True))
