"""The installation script: what it asks of the system, what it says, and that a second run has nothing to do.

Each run sees a PATH of its own with few commands; package managers on it are stand-ins which write down how
they were called. The virtual environments and pip are real; the package they install is a stub.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SHELL = shutil.which("sh") or "/bin/sh"
TOOLS = ("cat", "dirname", "env", "find", "grep", "mktemp", "mv", "rm", "sh", "tail", "tr")

STUB_PYPROJECT = """\
[build-system]
requires = []
build-backend = "stub_backend"
backend-path = ["."]

[project]
name = "tcl-circuits"
version = "0.1.0"
"""

STUB_BACKEND = '''\
"""Builds an empty wheel without anything from the network."""

import zipfile


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "tcl_circuits-0.1.0-py3-none-any.whl"
    info = "tcl_circuits-0.1.0.dist-info"
    files = {
        "METADATA": "Metadata-Version: 2.1\\nName: tcl-circuits\\nVersion: 0.1.0\\nProvides-Extra: dev\\n",
        "WHEEL": "Wheel-Version: 1.0\\nGenerator: stub\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        "RECORD": "".join(f"{info}/{file},,\\n" for file in ("METADATA", "WHEEL", "RECORD")),
    }
    with zipfile.ZipFile(f"{wheel_directory}/{name}", "w") as wheel:
        for file, text in files.items():
            wheel.writestr(f"{info}/{file}", text)
    return name
'''


class Machine:
    """A copy of the script in a stub repository, and a PATH with few commands."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.bin = home / "bin"
        self.lib = home / "lib"
        self.calls = home / "calls"
        self.repository = home / "a repository"
        for directory in (self.bin, self.lib, self.repository / "scripts"):
            directory.mkdir(parents=True)
        shutil.copy(REPOSITORY / "scripts" / "bootstrap.sh", self.repository / "scripts")
        (self.repository / "pyproject.toml").write_text(STUB_PYPROJECT)
        (self.repository / "stub_backend.py").write_text(STUB_BACKEND)
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found is not None, tool
            (self.bin / tool).symlink_to(found)
        self.command("id", "echo 0")
        self.command("python3", f'exec "{sys.executable}" "$@"')

    def command(self, name: str, body: str) -> None:
        path = self.bin / name
        path.write_text(f"#!{SHELL}\n{body}\n")
        path.chmod(0o755)

    def recorder(self, name: str, then: str = "") -> None:
        self.command(name, f'echo "{name} $*" >>"{self.calls}"\n{then}')

    def with_ngspice(self) -> None:
        self.command("ngspice", ":")
        (self.lib / "libngspice.so.0").touch()

    def without_ensurepip(self) -> None:
        self.command("python3", f'case $* in *ensurepip*) exit 1 ;; esac\nexec "{sys.executable}" "$@"')

    def called(self) -> list[str]:
        return self.calls.read_text().splitlines() if self.calls.exists() else []

    def run(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [SHELL, str(self.repository / "scripts" / "bootstrap.sh")],
            env={"PATH": str(self.bin), "HOME": str(self.home), "TCL_LIBRARY_DIRS": str(self.lib)},
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def sentence(run: subprocess.CompletedProcess[str]) -> str:
    """Return the one sentence with which a run has failed."""
    assert run.returncode == 1, run
    text = run.stderr.removesuffix("\n")
    assert "\n" not in text, text
    assert text.endswith("."), text
    assert ". " not in text, text
    return text


def test_without_ngspice_and_package_manager_one_sentence_says_what_to_do(machine: Machine) -> None:
    run = machine.run()
    assert "ngspice" in sentence(run)
    assert "exact engine" in run.stderr
    assert run.stdout == ""
    assert not (machine.repository / ".venv").exists()


@pytest.mark.parametrize("there", ["program", "library"])
def test_half_of_ngspice_is_not_enough(machine: Machine, there: str) -> None:
    machine.with_ngspice()
    (machine.lib / "libngspice.so.0" if there == "program" else machine.bin / "ngspice").unlink()
    assert "libngspice is missing" in sentence(machine.run())


def test_without_root_and_sudo_nothing_is_tried(machine: Machine) -> None:
    machine.command("id", "echo 1000")
    machine.recorder("apt-get")
    assert "ngspice libngspice0 libngspice0-dev' as root" in sentence(machine.run())
    assert machine.called() == []


def test_sudo_is_used_and_a_failed_installation_is_told(machine: Machine) -> None:
    machine.command("id", "echo 1000")
    machine.recorder("sudo", 'exec "$@"')
    machine.recorder("apt-get", "echo the reason; exit 100")
    run = machine.run()
    assert run.returncode == 1
    assert "the reason" in run.stderr
    assert "install ngspice with its shared library libngspice by hand" in run.stderr
    by_sudo = [call for call in machine.called() if call.startswith("sudo ")]
    assert by_sudo[0] == "sudo apt-get update"
    assert by_sudo[1].startswith("sudo env DEBIAN_FRONTEND=noninteractive apt-get ")
    assert by_sudo[1].endswith(" install -y --no-install-recommends ngspice libngspice0 libngspice0-dev")


def test_an_installation_without_effect_is_told(machine: Machine) -> None:
    machine.recorder("pacman")
    assert "still not found" in sentence(machine.run())
    assert machine.called() == ["pacman -Sy --noconfirm --needed ngspice"]


def test_a_python_without_ensurepip_gets_its_package(machine: Machine) -> None:
    machine.with_ngspice()
    machine.without_ensurepip()
    machine.recorder("apt-get")
    assert "cannot make virtual environments" in sentence(machine.run())
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert machine.called()[1].endswith(f" --no-install-recommends python{version}-venv")


def test_without_a_python_one_sentence_says_so(machine: Machine) -> None:
    (machine.bin / "python3").unlink()
    machine.command("python3.12", "echo a pyenv shim without a version >&2; exit 127")
    assert "no Python >= 3.11 found" in sentence(machine.run())


def test_everything_is_installed_once(machine: Machine) -> None:
    machine.with_ngspice()
    aside = machine.home / "aside"
    (machine.bin / "ngspice").rename(aside)
    machine.recorder("apt-get", f'case $* in *install*) mv "{aside}" "{machine.bin}/ngspice" ;; esac')
    stamp = machine.repository / ".venv" / ".installed"

    run = machine.run()
    assert run.returncode == 0, run
    assert [line.split()[0] for line in run.stdout.splitlines()] == ["installing", "creating", "installing"]
    assert len(machine.called()) == 2
    shown = subprocess.run(
        [str(machine.repository / ".venv" / "bin" / "python"), "-m", "pip", "show", "tcl-circuits"],
        capture_output=True,
        check=False,
    )
    assert shown.returncode == 0

    run = machine.run()
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert len(machine.called()) == 2

    os.utime(stamp, (0, 0))  # pyproject.toml is newer
    assert machine.run().stdout.splitlines() == [
        "installing tcl_circuits and its dependencies into .venv ..."
    ]
    assert machine.run().stdout == ""

    (machine.repository / "stub_backend.py").write_text("raise RuntimeError('no wheel today')\n")
    os.utime(stamp, (0, 0))
    for _ in range(2):  # a failed installation leaves no stamp, so that the next run tries again
        run = machine.run()
        assert run.returncode == 1
        assert "no wheel today" in run.stderr
        assert not stamp.exists()


@pytest.mark.parametrize("target", ["demo", "test"])
def test_the_two_commands_install_first(target: str) -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    plan = subprocess.run(
        [make, "-n", target], cwd=REPOSITORY, env=outside, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert "scripts/bootstrap.sh" in plan[0]
    assert len(plan) > 1


def test_the_script_is_a_valid_shell_script() -> None:
    subprocess.run([SHELL, "-n", str(REPOSITORY / "scripts" / "bootstrap.sh")], check=True)
