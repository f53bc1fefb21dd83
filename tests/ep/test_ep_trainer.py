"""Training: histories, checkpoints, interruptions, remarks, and what is refused before anything runs."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tcl_circuits as tcl
from tcl_circuits import HardThreshold, InputError, SoftThreshold, TclError, kernels
from tcl_circuits.ep import RULES, Network, Settings, Trainer, data
from tcl_circuits.ep.course import Course
from tcl_circuits.ep.data import Digits
from tcl_circuits.ep.ramp import Continuous
from tcl_circuits.ep.trainer import Progress
from tcl_circuits.fitting import Checkpoint

SIZES = (64, 24, 10)
NUMBERS = ["epoch", "train_error", "test_error"]


@cache
def digits() -> Digits:
    return data.digits_8x8().first(200, 60)


def make(
    rule: str = "tcl",
    settings: Settings | str = "digits",
    seed: int = 0,
    sizes: tuple[int, ...] = SIZES,
    compiled: bool | None = False,
) -> Trainer:
    return Trainer(Network.create(sizes, seed=seed), rule, settings, seed, compiled)


class Stopped(Exception):
    """Raised where a run is stopped on purpose."""


def stop_after(batches: int, how: type[BaseException] = KeyboardInterrupt) -> object:
    seen = []

    def progress(_: Progress) -> None:
        seen.append(1)
        if len(seen) == batches:
            raise how

    return progress


def same(a: Trainer, b: Trainer) -> None:
    for x, y in zip(
        (*a.network.weights, *a.network.biases), (*b.network.weights, *b.network.biases), strict=True
    ):
        assert np.array_equal(x, y)


class TestHistory:
    def test_columns(self) -> None:
        history = make().fit(digits(), 3)
        assert history.columns.tolist() == [*NUMBERS, "cpu_s"]
        assert history.epoch.tolist() == [1, 2, 3]
        assert history.epoch.dtype == np.int64
        assert np.all(history.cpu_s > 0)
        assert np.all((history.train_error >= 0) & (history.train_error <= 100))

    def test_no_epoch_is_no_row(self) -> None:
        trainer = make()
        assert trainer.fit(digits(), 0).shape == (0, 4)

    def test_train_is_short_for_it(self) -> None:
        start = Network.create(SIZES)
        trained = tcl.ep.train(start, digits(), epochs=2, settings="digits")
        history = make(compiled=None).fit(digits(), 2)
        pd.testing.assert_frame_equal(trained.history[NUMBERS], history[NUMBERS])
        assert trained.network.sizes == SIZES

    def test_errors_are_those_of_the_network(self) -> None:
        settings = replace(Settings.named("digits"), persistent=False)
        trainer = make("contrast", settings)
        history = trainer.fit(digits(), 2)
        found = trainer.network.predict(digits().test_x, 20, settings.relaxation)
        assert history.test_error.iloc[-1] == pytest.approx(100 * np.mean(found != digits().test_y))

    def test_progress(self) -> None:
        told: list[Progress] = []
        history = make().fit(digits(), 2, progress=told.append)
        assert len(told) == 20
        assert [p.images for p in told] == list(range(20, 401, 20))
        assert [p.epoch for p in told] == pytest.approx(np.arange(1, 21) / 10)
        assert {p.epochs for p in told} == {2}
        assert [told[9].error, told[19].error] == pytest.approx(history.train_error.tolist())

    def test_the_same_seed_gives_the_same(self) -> None:
        first, again, other = (make(seed=seed) for seed in (1, 1, 2))
        histories = [trainer.fit(digits(), 2) for trainer in (first, again, other)]
        same(first, again)
        pd.testing.assert_frame_equal(histories[0][NUMBERS], histories[1][NUMBERS])
        assert not np.array_equal(first.network.weights[1], other.network.weights[1])

    @pytest.mark.parametrize("sizes", [(64, 10), (64, 20, 15, 10)])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_any_depth_and_precision(self, sizes: tuple[int, ...], dtype: type[np.floating]) -> None:
        trainer = Trainer(Network.create(sizes, dtype=dtype), settings="digits", compiled=False)
        trainer.fit(digits(), 2)
        assert trainer.network.dtype == dtype
        assert trainer.network.sizes == sizes

    def test_a_last_batch_may_be_smaller(self) -> None:
        told: list[Progress] = []
        make().fit(digits().first(50, 10), 2, progress=told.append)
        assert [p.images for p in told] == [20, 40, 50, 70, 90, 100]

    def test_a_small_step_lowers_the_error_with_every_setting(self) -> None:
        base = Settings.named("digits")
        for settings in (
            replace(base, shuffle=True),
            replace(base, ramp=Continuous()),
            replace(base, gate=SoftThreshold),
            replace(base, cost="half-square", persistent=False),
            replace(base, random_sign=False),
        ):
            history = make(settings=settings).fit(digits(), 8)
            assert history.train_error.iloc[-1] < 0.6 * history.train_error.iloc[0]


class TestResume:
    @pytest.mark.parametrize("rule", RULES)
    @pytest.mark.parametrize("batches", [1, 10, 14])
    def test_goes_on_to_the_last_digit(self, rule: str, batches: int, tmp_path: Path) -> None:
        whole, file = make(rule), tmp_path / "checkpoint.npz"
        history = whole.fit(digits(), 3)
        stopped = make(rule)
        with pytest.raises(KeyboardInterrupt):
            stopped.fit(digits(), 3, file, progress=stop_after(batches))  # type: ignore[arg-type]
        resumed = make(rule)
        after = resumed.fit(digits(), 3, file, resume=True)
        same(whole, resumed)
        pd.testing.assert_frame_equal(history[NUMBERS], after[NUMBERS], check_exact=True)

    @pytest.mark.parametrize("changes", [{"shuffle": True}, {"persistent": False}, {"ramp": Continuous(4)}])
    def test_with_other_settings(self, changes: dict[str, object], tmp_path: Path) -> None:
        settings = replace(Settings.named("digits"), **changes)  # type: ignore[arg-type]
        file = tmp_path / "checkpoint.npz"
        whole, stopped, resumed = (make(settings=settings) for _ in range(3))
        whole.fit(digits(), 3)
        with pytest.raises(KeyboardInterrupt):
            stopped.fit(digits(), 3, file, progress=stop_after(17))  # type: ignore[arg-type]
        resumed.fit(digits(), 3, file, resume=True)
        same(whole, resumed)

    def test_compiled(self, tmp_path: Path) -> None:
        pytest.importorskip("numba")
        file = tmp_path / "checkpoint.npz"
        whole, stopped, resumed = (make(compiled=True) for _ in range(3))
        whole.fit(digits(), 2)
        with pytest.raises(KeyboardInterrupt):
            stopped.fit(digits(), 2, file, progress=stop_after(7))  # type: ignore[arg-type]
        resumed.fit(digits(), 2, file, resume=True)
        same(whole, resumed)
        with pytest.raises(InputError, match="compiled was True, is False"):
            make().fit(digits(), 2, file, resume=True)

    def test_a_finished_run_can_be_made_longer(self, tmp_path: Path) -> None:
        whole, first, more = (make() for _ in range(3))
        history = whole.fit(digits(), 4)
        first.fit(digits(), 2, tmp_path / "c.npz")
        longer = more.fit(digits(), 4, tmp_path / "c.npz", resume=True)
        same(whole, more)
        assert longer.epoch.tolist() == [1, 2, 3, 4]
        assert longer.train_error.tolist() == history.train_error.tolist()

    def test_any_fault_leaves_what_was_reached(self, tmp_path: Path) -> None:
        file = tmp_path / "c.npz"
        trainer = make()
        with pytest.raises(Stopped):
            trainer.fit(digits(), 3, file, progress=stop_after(13, Stopped))  # type: ignore[arg-type]
        saved = Checkpoint.load(file, Course).course
        assert (saved.epoch, saved.batch) == (1, 3)
        assert np.array_equal(saved.network.weights[0], trainer.network.weights[0])

    @pytest.mark.parametrize("moment", range(8))
    def test_an_interruption_at_any_line(self, moment: int, tmp_path: Path) -> None:
        """A signal between two operations: the checkpoint is of before the batch, or of after it."""
        whole, stopped, resumed = (make() for _ in range(3))
        whole.fit(digits(), 1)
        calls = 0
        wrapped = stopped._plan.rule.step

        def interrupted(shown: object) -> Network:
            nonlocal calls
            calls += 1
            if calls == moment + 1:
                raise KeyboardInterrupt
            return wrapped(shown)  # type: ignore[arg-type]

        object.__setattr__(stopped._plan.rule, "step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            stopped.fit(digits(), 1, tmp_path / "c.npz")
        resumed.fit(digits(), 1, tmp_path / "c.npz", resume=True)
        same(whole, resumed)

    @pytest.mark.parametrize(
        ("other", "named"),
        [
            ({"sizes": (64, 21, 10)}, r"sizes was \[64, 24, 10\], is \[64, 21, 10\]"),
            ({"rule": "contrast"}, "rule was 'tcl', is 'contrast'"),
            ({"seed": 3}, "seed was 0, is 3"),
            ({"settings": Settings()}, "weight_thresholds was"),
            ({"settings": replace(Settings.named("digits"), kernel=kernels.sine(0.3))}, "kernel was"),
        ],
    )
    def test_the_checkpoint_of_another_run_is_refused(
        self, other: dict[str, object], named: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "c.npz"
        make().fit(digits(), 1, file)
        before = file.read_bytes()
        with pytest.raises(InputError, match=named):
            make(**other).fit(digits(), 2, file, resume=True)  # type: ignore[arg-type]
        assert file.read_bytes() == before

    def test_other_images_are_refused(self, tmp_path: Path) -> None:
        make().fit(digits(), 1, tmp_path / "c.npz")
        turned = replace(digits(), train_x=digits().train_x[::-1].copy())
        with pytest.raises(InputError, match="checksum"):
            make().fit(turned, 2, tmp_path / "c.npz", resume=True)

    @pytest.mark.parametrize("content", [b"", b"no zip", None])
    def test_a_damaged_checkpoint_is_refused(self, content: bytes | None, tmp_path: Path) -> None:
        file = tmp_path / "c.npz"
        make().fit(digits(), 1, file)
        file.write_bytes(file.read_bytes()[:-2000] if content is None else content)
        with pytest.raises(InputError, match=r"c\.npz can't be read as a checkpoint"):
            make().fit(digits(), 2, file, resume=True)

    def test_a_missing_checkpoint_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"no checkpoint .*c\.npz"):
            make().fit(digits(), 2, tmp_path / "c.npz", resume=True)
        with pytest.raises(InputError, match="name the checkpoint"):
            make().fit(digits(), 2, resume=True)


class TestRemarks:
    def test_none_on_the_published_run(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for preset in ("published", "best"):
                trainer = Trainer(Network.create((784, 500, 10)), settings=preset)
                trainer.fit(data.mnist_12k().first(100, 10), 1)

    @pytest.mark.parametrize("kernel", [kernels.sine(1 / 3, 1.0, 0.1), kernels.chemotaxis(0.02, 0.1)])
    def test_a_kernel_with_an_area(self, kernel: kernels.Kernel) -> None:
        settings = replace(Settings.named("digits"), kernel=kernel, method="exact")
        with pytest.warns(UserWarning, match=r"area is .* % of its size.*constant signals"):
            make(settings=settings)

    def test_rules_without_a_kernel_have_none_to_remark_on(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            make("contrast", replace(Settings.named("digits"), kernel=kernels.chemotaxis(0.02, 0.1)))

    def test_a_tiny_area_is_borne(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            make(settings=replace(Settings(), kernel=kernels.chemotaxis(0.02, 1e-3), method="exact"))

    @pytest.mark.parametrize(
        ("thresholds", "said"),
        [
            ((1.0, 4e-5), "weights into layer 1 lets nothing"),
            ((1.2e-5, 0.0), "weights into layer 2 lets every"),
        ],
    )
    def test_an_idle_threshold_is_told_after_the_first_batch(
        self, thresholds: tuple[float, float], said: str
    ) -> None:
        settings = replace(Settings.named("digits"), weight_thresholds=thresholds)
        batches: list[Progress] = []
        with pytest.warns(UserWarning, match=said) as caught:
            make(settings=settings).fit(digits(), 2, progress=batches.append)
        assert len(caught) == 1
        assert len(batches) == 20

    @pytest.mark.parametrize("nodes", [24, 50])
    def test_an_update_that_goes_astray(self, nodes: int) -> None:
        """The published thresholds, with nodes so few that each one's contrasts are large: told twice."""
        trainer = make(settings="published", sizes=(64, nodes, 10))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            history = trainer.fit(data.digits_8x8(), 25)
        said = [str(warning.message) for warning in caught]
        assert re.match(
            r"the first batch's update of the weights into layer 1 hardly follows .* \(cosine -?0\.\d\d\): "
            r"\d\d % of it is in contrasts above 0\.0021, where the threshold 1\.2e-06 passes the slow ramp",
            said[0],
        )
        errors = history.train_error
        risen = re.match(
            r"the training error has risen from ([\d.]+) % in epoch \d+ to ([\d.]+) % in epoch (\d+)",
            said[-1],
        )
        assert risen is not None
        low, high, epoch = (float(number) for number in risen.groups())
        assert (low, high) == pytest.approx((errors[: int(epoch)].min(), errors[int(epoch) - 1]), rel=1e-2)
        assert len([line for line in said if "has risen" in line]) == 1

    @pytest.mark.parametrize(("nodes", "seed"), [(200, 0), (200, 1), (200, 2), (500, 0)])
    def test_no_false_alarm_where_the_published_thresholds_learn(self, nodes: int, seed: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            history = make(settings="published", seed=seed, sizes=(64, nodes, 10)).fit(data.digits_8x8(), 4)
        assert history.train_error.iloc[-1] < 20

    def test_thresholds_of_biases_too(self) -> None:
        settings = replace(Settings.named("digits"), bias_thresholds=(1.0, 1.0))
        with pytest.warns(UserWarning, match="biases of layer") as caught:
            make(settings=settings).fit(digits(), 1)
        assert len(caught) == 2


class TestRefused:
    def test_images_of_another_size(self) -> None:
        with pytest.raises(InputError, match="64 pixels and 10 classes; the network has 63 input and 10"):
            make(sizes=(63, 20, 10)).fit(digits(), 1)
        with pytest.raises(InputError, match="9 output nodes"):
            make(sizes=(64, 20, 9)).fit(digits(), 1)

    @pytest.mark.parametrize("epochs", [-1, 1.5, True])
    def test_epochs_that_are_none(self, epochs: int) -> None:
        with pytest.raises(InputError, match="epochs"):
            make().fit(digits(), epochs)

    def test_rates_that_blow_up(self, tmp_path: Path) -> None:
        """What was reached before is kept; the message says what to do."""
        settings = replace(Settings.named("digits"), rates=(1e38, 1e38), gate=HardThreshold)
        trainer = make("contrast", settings)
        said = r"epoch 1, batch \d+: .* hold (nan|-?inf) at .* lower the learning rates"
        with pytest.raises(TclError, match=said) as caught:
            trainer.fit(digits(), 3, tmp_path / "c.npz")
        # The input was fine: another exit code.
        assert not isinstance(caught.value, InputError)
        saved = Checkpoint.load(tmp_path / "c.npz", Course).course.network
        assert all(np.all(np.isfinite(w)) for w in saved.weights)

    def test_compiled_without_numba(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tcl_circuits.ep.rules.find_spec", lambda _: None)
        with pytest.raises(InputError, match=r"needs numba; pip install 'tcl-circuits\[fast\]'"):
            Trainer(Network.create(SIZES), compiled=True)
        assert Trainer(Network.create(SIZES)).compiled is False

    def test_a_numba_that_can_not_be_loaded_is_as_good_as_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fails(name: str) -> None:
            raise ImportError("Numba needs another NumPy")

        monkeypatch.setattr("tcl_circuits.ep.rules.find_spec", lambda _: object())
        monkeypatch.setattr("tcl_circuits.ep.rules.import_module", fails)
        assert Trainer(Network.create(SIZES)).compiled is False
