#!/bin/sh
# Installs what is missing for `make demo` and `make test`: ngspice with its shared library (through the
# system's package manager), a virtual environment in .venv, and this package in it (editable, extra `dev`).
# Says nothing and takes a moment when everything is there. Safe to interrupt and to run again.
#
# PYTHON             the Python to build .venv with (else the first of python3, python3.13, 3.12, 3.11)
# TCL_LIBRARY_DIRS   look for libngspice in these directories only, colon-separated
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$root"
stamp=.venv/.installed   # dated when pip began its last complete installation
made_for=.venv/.made-for # the directory of this .venv: it holds absolute paths, so a move breaks it
pythons="python3 python3.13 python3.12 python3.11"

die() {
    printf 'tcl-circuits: %s.\n' "$1" >&2
    exit 1
}

have() {
    command -v "$1" >/dev/null 2>&1
}

log=
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# --- What is missing? -------------------------------------------------------------------------------------

# have_library_in DIR...: the shared library is in one of the directories.
have_library_in() {
    for dir; do
        for file in "$dir"/libngspice.so "$dir"/libngspice.so.0 "$dir"/libngspice.dylib; do
            [ ! -e "$file" ] || return 0
        done
    done
    return 1
}

have_library() {
    if [ -n "${TCL_LIBRARY_DIRS+set}" ]; then
        search=$TCL_LIBRARY_DIRS
    else
        if [ -n "${NGSPICE_LIBRARY_PATH:-}" ] && [ -e "$NGSPICE_LIBRARY_PATH" ]; then
            return 0 # PySpice's own variable: the library file itself
        fi
        for ldconfig in ldconfig /sbin/ldconfig; do # Debian keeps /sbin out of a user's PATH
            if have "$ldconfig" && "$ldconfig" -p 2>/dev/null | grep -q 'libngspice\.so'; then
                return 0
            fi
        done
        search=${LD_LIBRARY_PATH:-}:${DYLD_LIBRARY_PATH:-}:/usr/lib:/usr/lib64:/usr/local/lib:/opt/homebrew/lib
    fi
    saved_ifs=$IFS
    IFS=:
    # shellcheck disable=SC2086  # splitting at the colons is meant
    set -- $search
    IFS=$saved_ifs
    have_library_in "$@"
}

have_ngspice() {
    have ngspice && have_library
}

# good_python COMMAND: it runs (a pyenv shim may not) and is new enough.
good_python() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# good_venv: .venv works, was made for this directory and has pip.
good_venv() {
    if [ -s "$made_for" ] && [ "$(cat "$made_for")" != "$root" ]; then
        return 1
    fi
    .venv/bin/python -c 'import sys; from importlib.util import find_spec
sys.exit(sys.version_info < (3, 11) or sys.prefix == sys.base_prefix or find_spec("pip") is None)' \
        >/dev/null 2>&1
}

can_make_venv() {
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1
}

# --- The system's package manager -------------------------------------------------------------------------

# logged COMMAND...: run it quietly; show the end of what it said only if it fails.
logged() {
    rm -f "$log"
    log=$(mktemp)
    if "$@" >"$log" 2>&1 </dev/null; then
        rm -f "$log"
    else
        tail -n 20 "$log" >&2
        return 1
    fi
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        logged "$@"
    else
        logged sudo "$@"
    fi
}

find_manager() {
    for manager in apt-get dnf yum pacman zypper apk brew; do
        ! have "$manager" || return 0
    done
    return 1
}

# packages: the names under which $manager has what is missing.
packages() {
    if [ -n "$need_ngspice" ]; then
        case $manager in
            apt-get) echo "ngspice libngspice0 libngspice0-dev" ;;
            dnf | yum) echo "ngspice libngspice libngspice-devel" ;;
            pacman) echo "ngspice" ;; # holds the library, too
            zypper) echo "ngspice libngspice0" ;;
            apk) echo "ngspice so:libngspice.so.0" ;;
            brew) echo "ngspice libngspice" ;;
        esac
    fi
    if [ -n "$need_venv" ] && [ "$manager" = apt-get ]; then # only Debian and Ubuntu keep ensurepip apart
        "$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'
    fi
}

install_command() {
    case $manager in
        apt-get) echo "apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends" ;;
        dnf | yum) echo "$manager install -y" ;;
        pacman) echo "pacman -Sy --noconfirm --needed" ;;
        zypper) echo "zypper --non-interactive install --no-recommends" ;;
        apk) echo "apk add --no-cache" ;;
        brew) echo "brew install" ;;
    esac
}

install_system() {
    find_manager ||
        die "$missing is missing and no known package manager was found, so install it by hand$escape"
    names=$(packages | tr '\n' ' ')
    names=${names% }
    [ -n "$names" ] || die "$missing is missing and $manager is not known to have it, so install it by hand"
    command="$(install_command) $names"
    if [ "$manager" != brew ] && [ "$(id -u)" -ne 0 ] && ! have sudo; then
        die "$missing is missing and installing it needs root, so run '$command' as root$escape"
    fi
    echo "installing $names with $manager ..."
    # shellcheck disable=SC2086  # $command is split into words on purpose
    case $manager in
        apt-get)
            # One unreachable source must not stop us: if it matters, the installation says so.
            as_root apt-get update || :
            as_root env DEBIAN_FRONTEND=noninteractive $command
            ;;
        brew) logged $command ;;
        *) as_root $command ;;
    esac || die "'$command' failed, so install $missing by hand$escape"
}

# --- The steps --------------------------------------------------------------------------------------------

need_ngspice=
need_venv=
python=
have_ngspice || need_ngspice=yes
if ! good_venv; then
    for candidate in ${PYTHON:+"$PYTHON"} $pythons; do
        if good_python "$candidate"; then
            python=$candidate
            break
        fi
    done
    [ -n "$python" ] ||
        die "no Python >= 3.11 found (looked for $pythons), so install one or set PYTHON to its path"
    can_make_venv || need_venv=yes
fi

missing=${need_ngspice:+ngspice with its shared library libngspice}
missing=$missing${need_ngspice:+${need_venv:+ and }}${need_venv:+the venv module of $python}
escape=${need_ngspice:+, or use the package without ngspice, through its exact engine}
if [ -n "$missing" ]; then
    install_system
    [ -z "$need_ngspice" ] || have_ngspice ||
        die "after '$command' ngspice or libngspice is still not found, so install it by hand$escape"
    [ -z "$need_venv" ] || can_make_venv ||
        die "$python still cannot make virtual environments, so set PYTHON to one that can"
fi

if [ -n "$python" ]; then
    echo "creating .venv with $python ..."
    rm -rf .venv
    logged "$python" -m venv .venv || die "$python could not create $root/.venv, see above"
    echo "$root" >"$made_for"
fi

if [ ! -e "$stamp" ] || [ -n "$(find pyproject.toml -newer "$stamp")" ]; then
    echo "installing tcl_circuits and its dependencies into .venv ..."
    rm -f "$stamp"
    # Dated before pip starts, so that an edit of pyproject.toml meanwhile counts; in place only at the end.
    : >"$stamp.new"
    logged .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input -e '.[dev]' ||
        die "pip could not install the package into $root/.venv, see above"
    mv "$stamp.new" "$stamp"
fi
