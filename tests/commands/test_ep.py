"""`tcl-circuits ep`: its files, its table of rules, Ctrl-C and --resume, and every bad input in one line."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import StartTcl, Tcl
from matplotlib.figure import Figure
from typer.testing import CliRunner

from tcl_circuits import ep
from tcl_circuits.cli import app
from tcl_circuits.commands.ep import EpResult, train_ep
from tcl_circuits.ep.probe import probe_synapse
from tcl_circuits.errors import TclError
from tcl_circuits.figures.ep import draw_synapse
from tcl_circuits.kernels import sine
from tcl_circuits.protocol import Sawtooth

FILES = {
    "summary.json",
    "history.csv",
    "weights.npz",
    "checkpoint.npz",
    "errors.png",
    "features.png",
    "synapse.png",
}
QUICK = ("--data", "digits", "--hidden", 24)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directory of a run of four epochs that no one interrupts."""
    out = tmp_path_factory.mktemp("whole") / "run"
    arguments = ["ep", *map(str, QUICK), "--epochs", "4", "--out", str(out)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return out


def arrays(path: Path) -> dict[str, bytes]:
    """Arrays of an npz file by name, without the times among them and the hash of all."""
    with np.load(path, allow_pickle=False) as file:
        found = {name: file[name] for name in file.files if name not in ("cpu", "sha256")}
    if "rows" in found:
        found["rows"] = found["rows"][:, :3]
    return {name: array.tobytes() for name, array in found.items()}


def summary(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "summary.json").read_text())
    times = ("cpu_s", "wall_s", "images_per_s", "peak_memory_bytes")
    return {name: value for name, value in found.items() if name not in times}


def same_run(out: Path, whole: Path) -> None:
    assert {path.name for path in out.iterdir()} == {path.name for path in whole.iterdir()}
    assert arrays(out / "weights.npz") == arrays(whole / "weights.npz")
    assert arrays(out / "checkpoint.npz") == arrays(whole / "checkpoint.npz")
    resumed, unbroken = (pd.read_csv(each / "history.csv").drop(columns="cpu_s") for each in (out, whole))
    pd.testing.assert_frame_equal(resumed, unbroken)
    assert summary(out) == summary(whole)
    for picture in ("features.png", "synapse.png", "errors.png"):
        assert (out / picture).read_bytes() == (whole / picture).read_bytes()


class TestFiles:
    def test_what_is_there(self, whole: Path) -> None:
        assert {path.name for path in whole.iterdir()} == FILES
        for path in whole.glob("*.png"):
            assert path.stat().st_size > 10_000

    def test_summary(self, whole: Path) -> None:
        found = json.loads((whole / "summary.json").read_text())
        assert (found["rule"], found["preset"], found["seed"], found["epochs"]) == ("tcl", "digits", 0, 4)
        assert (found["data"], found["train_images"], found["test_images"]) == ("digits", 1400, 397)
        assert found["sizes"] == [64, 24, 10]
        assert found["cpu_s"] > 0
        assert found["images_per_s"] == pytest.approx(4 * 1400 / found["cpu_s"])
        assert 50e6 < found["peak_memory_bytes"] < 2e9
        assert {"tcl_circuits", "python", "numpy", "numba"} <= set(found["versions"])
        assert found["settings"]["batch"] == 20

    def test_history(self, whole: Path) -> None:
        history = pd.read_csv(whole / "history.csv")
        assert list(history.columns) == ["epoch", "train_error", "test_error", "cpu_s"]
        assert history["epoch"].tolist() == [1, 2, 3, 4]
        last = json.loads((whole / "summary.json").read_text())
        assert history["train_error"].iloc[-1] == pytest.approx(last["train_error"])
        assert history["test_error"].iloc[-1] == pytest.approx(last["test_error"])
        assert history["cpu_s"].sum() == pytest.approx(last["cpu_s"])

    def test_weights_make_the_network(self, whole: Path) -> None:
        with np.load(whole / "weights.npz", allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
        assert {name: array.shape for name, array in found.items()} == {
            "W1": (64, 24),
            "W2": (24, 10),
            "b1": (24,),
            "b2": (10,),
        }
        network = ep.Network((found["W1"], found["W2"]), (found["b1"], found["b2"]))
        digits = ep.data.digits_8x8(0)
        error = 100 * np.mean(network.predict(digits.test_x) != digits.test_y)
        assert error == pytest.approx(summary(whole)["test_error_cold"])
        # In the run, test images relax from their states of the last epoch.
        assert error == pytest.approx(summary(whole)["test_error"], abs=2)

    def test_json(self, tcl: Tcl, whole: Path) -> None:
        result = tcl("ep", *QUICK, "--epochs", 4, "--out", whole, "--resume", "--json")
        assert result.exit_code == 0
        assert json.loads(result.stdout)["test_error"] == summary(whole)["test_error"]

    def test_another_rule_has_no_kernel_output_to_show(self, tcl: Tcl) -> None:
        result = tcl("ep", *QUICK, "--rule", "contrast", "--epochs", 3, "--seed", 1)
        assert result.exit_code == 0
        out = Path("runs/ep-digits-contrast-digits-seed1")
        assert {path.name for path in out.iterdir()} == FILES - {"synapse.png"}
        assert summary(out)["test_error"] < 15
        assert f"pictures: {out}/errors.png, features.png; weights: {out}/weights.npz" in result.stdout

    def test_layers_and_precision_of_the_pictures(self, tcl: Tcl) -> None:
        result = tcl("ep", "--data", "digits", "--hidden", "30, 20", "--epochs", 1, "--out", "deep")
        assert result.exit_code == 0
        assert summary(Path("deep"))["sizes"] == [64, 30, 20, 10]

    def test_a_folder_of_ones_own(self, tcl: Tcl, tmp_path: Path) -> None:
        write_folder(tmp_path / "mine")
        result = tcl("ep", "--data", "mine", "--hidden", 8, "--epochs", 1, "--out", "out")
        assert result.exit_code == 0
        assert (summary(Path("out"))["data"], summary(Path("out"))["sizes"]) == ("mine", [30, 8, 10])


def write_folder(path: Path, **changes: bytes) -> Path:
    """Forty training and twenty test images of 5 x 6 pixels as IDX files, with some of them changed."""
    path.mkdir()
    draw = np.random.default_rng(0)
    for part, count in (("train", 40), ("t10k", 20)):
        sizes = b"".join(number.to_bytes(4, "big") for number in (0x803, count, 5, 6))
        images = sizes + draw.integers(0, 256, count * 30, dtype=np.uint8).tobytes()
        labels = (0x801).to_bytes(4, "big") + count.to_bytes(4, "big") + bytes(k % 10 for k in range(count))
        (path / f"{part}-images-idx3-ubyte").write_bytes(changes.get(f"{part}_images", images))
        (path / f"{part}-labels-idx1-ubyte").write_bytes(changes.get(f"{part}_labels", labels))
    return path


def test_the_synapse_is_shown_in_cycles(tcl: Tcl, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a sawtooth that takes 3.1 of its units of time, too."""
    drawn: list[tuple[Any, ...]] = []

    def draw(*arguments: Any) -> Figure:
        drawn.append(arguments)
        return draw_synapse(*arguments)

    monkeypatch.setattr("tcl_circuits.commands.ep.draw_synapse", draw)
    assert tcl("ep", *QUICK, "--preset", "best", "--epochs", 1, "--out", "out").exit_code == 0
    (time, *_, fast_ramp, _), *_ = drawn
    assert (time[0], time[-1]) == pytest.approx((0, 1))
    assert fast_ramp == pytest.approx((0, 0.1 / 3.1))


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directory of a comparison, which printed a row for each rule."""
    out = tmp_path_factory.mktemp("rules") / "run"
    arguments = ["ep", "--compare", *map(str, QUICK), "--epochs", "2", "--out", str(out)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    for rule in ep.RULES:
        assert any(line.split()[0] == rule for line in result.stdout.splitlines() if line.split())
    return out


class TestCompare:
    def test_every_rule_has_a_run_and_a_row(self, out: Path) -> None:
        found = json.loads((out / "comparison.json").read_text())
        assert [row["rule"] for row in found["rules"]] == list(ep.RULES)
        for row in found["rules"]:
            own = json.loads((out / row["rule"] / "summary.json").read_text())
            assert (own["rule"], own["seed"], own["epochs"]) == (row["rule"], 0, 2)
            assert (own["train_error"], own["test_error"]) == (row["train_error"], row["test_error"])
            assert row["iterations"] == 2 * 1400 * row["iterations_per_update"]
        assert pd.read_csv(out / "comparison.csv").shape == (len(ep.RULES), 9)
        assert (out / "comparison.png").stat().st_size > 20_000

    def test_iterations(self, out: Path) -> None:
        rows = {row["rule"]: row for row in json.loads((out / "comparison.json").read_text())["rules"]}
        # 20 free, then 9 nudges of 4 for the temporal rule, one for the explicit one.
        assert rows["tcl"]["iterations_per_update"] == 20 + 9 * 4
        assert rows["contrast"]["iterations_per_update"] == 20 + 4

    def test_costs_are_those_of_appendix_c(self, out: Path) -> None:
        found = json.loads((out / "comparison.json").read_text())
        rows = {row["rule"]: row for row in found["rules"]}
        nodes, synapses = 24 + 10, 64 * 24 + 24 * 10 + 24 + 10
        assert found["assumptions"]["bits_per_stored_state"] == 8
        # N n kT ln 2 for what is stored, and 2 tau_relax + tau_fetch.
        assert rows["contrast"]["energy_kT"] == pytest.approx(nodes * 8 * np.log(2))
        assert rows["contrast"]["time_tau_relax"] == 3
        assert rows["backprop"]["time_tau_relax"] == 2 + nodes
        # sigma N_synapse (tau_f + tau_s)/tau_M with tau_M = tau_f = 9 relaxations.
        assert rows["tcl"]["energy_kT"] == pytest.approx(10 * synapses * 10)
        assert rows["tcl"]["time_tau_relax"] == pytest.approx(90)
        assert rows["hebbian"]["energy_kT"] == 0

    def test_a_rule_that_fails_leaves_the_others_theirs(
        self, tcl: Tcl, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def failing(*arguments: Any) -> EpResult:
            if arguments[0].rule == "backprop":
                raise TclError("training has failed")
            return train_ep(*arguments)

        monkeypatch.setattr("tcl_circuits.commands.ep_compare.train_ep", failing)
        monkeypatch.setattr(ep, "RULES", ("contrast", "backprop"))
        result = tcl("ep", "--compare", *QUICK, "--epochs", 1, "--out", "out")
        assert result.exit_code == 0
        assert "rule backprop failed: training has failed" in result.stderr.splitlines()
        good, bad = json.loads(Path("out/comparison.json").read_text())["rules"]
        assert good["test_error"] < 90
        assert (bad["train_error"], bad["test_error"], bad["cpu_s"]) == (None, None, None)
        assert Path("out/comparison.png").exists()

    def test_resume_trains_what_is_missing(self, tcl: Tcl, out: Path, tmp_path: Path) -> None:
        again = Path(shutil.copytree(out, tmp_path / "again"))
        shutil.rmtree(again / "contrast")
        shutil.rmtree(again / "backprop")
        kept = (again / "tcl" / "checkpoint.npz").stat().st_mtime_ns
        result = tcl("ep", "--compare", *QUICK, "--epochs", 2, "--out", again, "--resume", "--json")
        assert result.exit_code == 0
        assert (again / "tcl" / "checkpoint.npz").stat().st_mtime_ns == kept
        rows = json.loads((out / "comparison.json").read_text())["rules"]
        for was, is_ in zip(rows, json.loads(result.stdout)["rules"], strict=True):
            assert {**was, "cpu_s": 0} == {**is_, "cpu_s": 0}


class TestInterrupt:
    def begin(self, start_tcl: StartTcl, out: Path, *arguments: object) -> subprocess.Popen[str]:
        """Start a run, and wait until it has trained."""
        process = start_tcl("ep", *arguments, "--out", out)
        deadline = time.monotonic() + 300
        while not (out / "checkpoint.npz").exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.005)
        time.sleep(0.3)
        return process

    def interrupted(self, process: subprocess.Popen[str]) -> None:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=300)
        assert process.returncode == 130
        assert said.splitlines()[-1] == "interrupted; what was reached is kept: go on with --resume"
        assert "Traceback" not in said

    def test_ctrl_c_and_resume(self, tcl: Tcl, start_tcl: StartTcl, tmp_path: Path) -> None:
        out = tmp_path / "out"
        process = self.begin(start_tcl, out, *QUICK, "--epochs", 60)
        self.interrupted(process)
        assert [path.name for path in out.iterdir()] == ["checkpoint.npz"]
        with np.load(out / "checkpoint.npz", allow_pickle=False) as file:
            epoch, batch = (int(value) for value in file["place"])
        result = tcl("ep", *QUICK, "--epochs", epoch + 1, "--out", out, "--resume")
        assert result.exit_code == 0
        assert tcl("ep", *QUICK, "--epochs", epoch + 1, "--out", "unbroken").exit_code == 0
        assert epoch > 0 or batch > 0
        same_run(out, Path("unbroken"))

    def test_sigkill_and_resume(self, tcl: Tcl, start_tcl: StartTcl, tmp_path: Path, whole: Path) -> None:
        out = tmp_path / "out"
        process = self.begin(start_tcl, out, *QUICK, "--epochs", 4)
        process.kill()
        process.communicate()
        assert tcl("ep", *QUICK, "--epochs", 4, "--out", out, "--resume").exit_code == 0
        same_run(out, whole)

    @pytest.mark.parametrize("left", [None, "--force", "--resume"])
    def test_before_the_first_checkpoint(
        self, tcl: Tcl, monkeypatch: pytest.MonkeyPatch, whole: Path, tmp_path: Path, left: str | None
    ) -> None:
        """Nothing is said of a checkpoint that is not there, or is another run's; what is there stays."""
        if left is not None:
            shutil.copytree(whole, tmp_path / "out")

        def interrupted(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("tcl_circuits.ep.trainer.Run", interrupted)
        before = {path.name: path.read_bytes() for path in tmp_path.glob("out/*")}
        result = tcl("ep", *QUICK, "--out", "out", *([] if left is None else [left]))
        assert (result.exit_code, result.stdout) == (130, "")
        assert result.stderr.splitlines() == ["interrupted"]
        assert {path.name: path.read_bytes() for path in tmp_path.glob("out/*")} == before

    def test_while_files_are_written(self, tcl: Tcl, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("tcl_circuits.commands.ep._draw", interrupted)
        result = tcl("ep", *QUICK, "--epochs", 1, "--out", "out")
        assert result.exit_code == 130
        assert result.stderr.splitlines()[-1] == "interrupted; what was reached is kept: go on with --resume"
        assert Path("out/checkpoint.npz").exists()

    def test_full_size(self, start_tcl: StartTcl, tmp_path: Path) -> None:
        """The paper's network on its 10,000 images stops as soon as a small one."""
        process = self.begin(start_tcl, tmp_path / "out", "--epochs", 2)
        self.interrupted(process)

    def test_more_epochs_go_on(self, tcl: Tcl, whole: Path, tmp_path: Path) -> None:
        out = Path(shutil.copytree(whole, tmp_path / "out"))
        result = tcl("ep", *QUICK, "--epochs", 5, "--out", out, "--resume")
        assert result.exit_code == 0
        history = pd.read_csv(out / "history.csv")
        assert history["epoch"].tolist() == [1, 2, 3, 4, 5]
        assert history["test_error"].tolist()[:4] == pd.read_csv(whole / "history.csv")["test_error"].tolist()


class TestBadInput:
    """Exit code 2, one line on stderr, nothing written, nothing that was trained lost."""

    def refused(self, tcl: Tcl, *arguments: object) -> str:
        before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
        result = tcl("ep", *arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert before == {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
        (line,) = result.stderr.splitlines()
        return line

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (("--rule", "magic"), "there is no EP rule 'magic'; there are tcl, contrast"),
            (("--preset", "worst"), "there are no EP settings 'worst'; there are published, best, digits"),
            (("--data", "mnist-60k"), "no data set and no folder 'mnist-60k'; use mnist-12k, digits"),
            (("--hidden", "500;500"), "--hidden '500;500': give numbers of nodes separated by commas"),
            (("--hidden", "0"), "--hidden '0'"),
            (("--hidden", "-5"), "--hidden '-5'"),
            (("--hidden", ""), "--hidden ''"),
        ],
    )
    def test_options(self, tcl: Tcl, options: tuple[object, ...], said: str) -> None:
        assert said in self.refused(tcl, *options, "--out", "out")

    def test_no_epochs(self, tcl: Tcl) -> None:
        result = tcl("ep", *QUICK, "--epochs", 0, "--out", "out")
        assert result.exit_code == 2
        assert "Invalid value for '--epochs'" in result.stderr

    def test_folders(self, tcl: Tcl, tmp_path: Path) -> None:
        images = (tmp_path / "whole", write_folder(tmp_path / "whole"))[1] / "train-images-idx3-ubyte"
        labels = images.with_name("train-labels-idx1-ubyte")
        faults = {
            "cut": ({"train_images": images.read_bytes()[:-7]}, "train-images-idx3-ubyte has 1193 bytes"),
            "swapped": ({"train_images": labels.read_bytes()}, "holds labels, not images"),
            "label": ({"train_labels": labels.read_bytes()[:-1] + b"\x0b"}, "label 11 of image 39 is out of"),
            "size": ({"t10k_images": images.read_bytes()}, "40 images, t10k-labels-idx1-ubyte 20 labels"),
        }
        for name, (changes, said) in faults.items():
            write_folder(tmp_path / name, **changes)
            assert said in self.refused(tcl, "--data", name, "--out", "out")
        (tmp_path / "whole" / "t10k-labels-idx1-ubyte").unlink()
        assert "has no t10k-labels-idx1-ubyte or" in self.refused(tcl, "--data", "whole", "--out", "out")
        assert "is a file, not a folder" in self.refused(tcl, "--data", images, "--out", "out")

    def test_more_classes(self, tcl: Tcl, tmp_path: Path) -> None:
        labels = write_folder(tmp_path / "mine") / "train-labels-idx1-ubyte"
        labels.write_bytes(labels.read_bytes()[:-1] + b"\x0b")
        result = tcl("ep", "--data", "mine", "--classes", 12, "--hidden", 8, "--epochs", 1, "--out", "out")
        assert result.exit_code == 0
        assert summary(Path("out"))["sizes"] == [30, 8, 12]

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (("--hidden", 25), "sizes was [64, 24, 10], is [64, 25, 10]"),
            (("--hidden", "24,24"), "sizes was [64, 24, 10], is [64, 24, 24, 10]"),
            (("--seed", 1), "seed was 0, is 1"),
            (("--rule", "contrast"), "rule was 'tcl', is 'contrast'"),
            (("--preset", "best"), "batch was 20, is 50"),
            (("--data", "mnist-12k"), "data was 'digits', is 'mnist-12k'"),
        ],
    )
    def test_checkpoint_of_another_run(
        self, tcl: Tcl, whole: Path, tmp_path: Path, options: tuple[object, ...], said: str
    ) -> None:
        shutil.copytree(whole, tmp_path / "out")
        line = self.refused(tcl, *QUICK, "--epochs", 4, *options, "--out", "out", "--resume")
        assert said in line
        assert "belongs to another run" in line

    def test_damaged_checkpoint(self, tcl: Tcl, whole: Path, tmp_path: Path) -> None:
        checkpoint = Path(shutil.copytree(whole, tmp_path / "out")) / "checkpoint.npz"
        content = checkpoint.read_bytes()
        for damaged in (content[: len(content) // 2], b"", b"\x80\x04\x95junk", os.urandom(500)):
            checkpoint.write_bytes(damaged)
            assert "can't be read as a checkpoint" in self.refused(tcl, *QUICK, "--out", "out", "--resume")

    def test_an_edited_checkpoint(self, tcl: Tcl, whole: Path, tmp_path: Path) -> None:
        checkpoint = Path(shutil.copytree(whole, tmp_path / "out")) / "checkpoint.npz"
        with np.load(checkpoint, allow_pickle=False) as file:
            content = {name: file[name] for name in file.files}
        content["weights_1"][3, 4] = np.nan
        np.savez(checkpoint, **content)
        line = self.refused(tcl, *QUICK, "--out", "out", "--resume")
        assert "damaged or was edited" in line

    def test_places(self, tcl: Tcl, whole: Path, tmp_path: Path) -> None:
        shutil.copytree(whole, tmp_path / "full")
        assert "--out full holds files already" in self.refused(tcl, *QUICK, "--out", "full")
        assert "nothing to resume" in self.refused(tcl, *QUICK, "--out", "nowhere", "--resume")
        (tmp_path / "file").write_text("")
        assert "--out file is a file" in self.refused(tcl, *QUICK, "--out", "file")

    def test_a_full_disk(self, tcl: Tcl, monkeypatch: pytest.MonkeyPatch) -> None:
        """784-500-10 with the states of 12,000 images takes 26 MB in a checkpoint, two of them at a time."""
        monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 60_000_000))
        assert "60.0 MB are free on its disk; a run needs 98 MB" in self.refused(tcl, "--out", "out")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"weight_thresholds": (1.0, 1.0)},
            "the threshold 1 of the weights into layer 1 lets nothing",
        ),
        ({"bias_thresholds": (0.0, 0.0)}, "the threshold 0 of the biases of layer 1 lets everything"),
        ({"kernel": sine(1 / 3, period=1.0, length=0.1)}, "the kernel's area is"),
    ],
)
def test_warnings_are_lines(
    tcl: Tcl, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], said: str
) -> None:
    """What the trainer warns of reaches the user's screen, each as one line that says what to do."""
    settings = replace(ep.Settings(), **changes)
    monkeypatch.setattr(ep.Settings, "named", staticmethod(lambda _: settings))
    result = tcl("ep", *QUICK, "--epochs", 1, "--out", "out")
    assert result.exit_code == 0
    lines = [line for line in result.stderr.splitlines() if line.startswith("warning: ")]
    assert any(said in line and ("choose" in line or "Use" in line) for line in lines)


def test_the_probe_looks_into_the_pass_band() -> None:
    """The chosen synapse's rise passes the threshold and its release does not."""
    settings = ep.Settings.named("published")
    cycle = probe_synapse(ep.Network.create([784, 100, 10], 0), ep.data.mnist_12k().first(20, 1), settings)
    saw: Sawtooth = settings.saw
    late = cycle.time > 3 * saw.tau_f
    assert np.abs(cycle.u).max() > cycle.theta
    assert np.abs(cycle.u[late]).max() < cycle.theta
    assert cycle.signal[0] == pytest.approx(cycle.signal[-1])
    top = np.argmax(np.abs(cycle.signal - cycle.signal[0]))
    assert cycle.time[top] == pytest.approx(saw.tau_f, abs=2e-3)
    # On a slow ramp u is minus the first moment times the slope.
    slope = np.gradient(cycle.signal, cycle.time)
    middle = (cycle.time > 0.3) & (cycle.time < 0.9)
    expected = -settings.kernel.first_moment * slope[middle]
    assert np.median(cycle.u[middle]) == pytest.approx(np.median(expected), rel=0.05)
