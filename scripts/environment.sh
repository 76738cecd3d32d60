#!/bin/sh
# The virtual environment with the packages of one list, pinned by hash. pip runs only when the list has changed: a copy of
# what was installed lies in the environment.
#   scripts/environment.sh requirements.txt|requirements-dev.txt
set -eu
list=$1
venv=.venv

find_python() {
    for python in ${PYTHON:-python3 python3.11 python3.12 python3.13}; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    echo "Registry UI needs Python 3.11 or newer; $("${PYTHON:-python3}" --version 2>/dev/null || echo 'none was found')." >&2
    echo "Install it, or name it: make run PYTHON=/path/to/python3.11" >&2
    exit 1
}

has_venv() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null
}

install_venv() {
    command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || return 0
    echo "Installing the Debian package python3-venv …"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv >/dev/null; } || echo "apt-get failed." >&2
}

make_environment() {
    python=$(find_python)
    has_venv "$python" || install_venv
    if ! has_venv "$python"; then
        echo "Python's venv module is missing; on Debian and Ubuntu, as root: apt-get install python3-venv" >&2
        exit 1
    fi
    echo "Making the virtual environment .venv with $("$python" --version) …"
    "$python" -m venv --clear "$venv"
}

is_installed() {
    cmp -s "$list" "$venv/$list" || { [ "$list" = requirements.txt ] && cmp -s requirements-dev.txt "$venv/requirements-dev.txt"; }
}

"$venv/bin/python" -m pip --version >/dev/null 2>&1 || make_environment
if ! is_installed; then
    echo "Installing $list …"
    rm -f "$venv"/requirements*.txt
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$list"
    cp "$list" "$venv/$list"
fi
