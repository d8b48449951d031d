#!/usr/bin/env bash
# Makes a virtualenv with what the given requirements files pin: setup.sh FOLDER FILE...
# FOLDER/ready is written last, so that a setup that was cut off is done again.
set -euo pipefail

folder=$1
shift
log=$folder.log

refuse() {
    echo "setup: $1" >&2
    exit 1
}

find_python() {
    local name
    for name in python3.11 python3 python3.12 python3.13 python3.14; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    refuse "Python 3.11 or newer is needed and was not found: on Debian, apt-get install python3 python3-venv"
}

can_make_venvs() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null
}

# Debian keeps venv and ensurepip in a package of their own.
add_venv_module() {
    local package
    package=$("$1" -c 'import sys; print(f"python3.{sys.version_info[1]}-venv")')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "setup: installing $package"
        apt-get update -qq >"$log" 2>&1 || true
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >>"$log" 2>&1 || true
    fi
    can_make_venvs "$1" || refuse "Python's venv module is missing: on Debian, apt-get install $package"
}

[ -w . ] || refuse "$PWD cannot be written, and $folder belongs there"
python=$(find_python)
can_make_venvs "$python" || add_venv_module "$python"

# pip wants a home for its cache; some machines give none.
if [ ! -w "${HOME:-/nonexistent}" ]; then
    export PIP_NO_CACHE_DIR=1
fi
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

requirements=()
for file in "$@"; do
    requirements+=(-r "$file")
done

rm -f "$folder/ready"
if ! "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
    rm -rf "$folder"
    "$python" -m venv "$folder" >"$log" 2>&1 || refuse "$folder cannot be made: $(tail -n 1 "$log")"
fi
echo "setup: installing $* into $folder, once"
"$folder/bin/python" -m pip install --quiet "${requirements[@]}" >"$log" 2>&1 ||
    refuse "packages cannot be installed: $(grep -m 1 -i error "$log" || tail -n 1 "$log") (all of it in $log)"
touch "$folder/ready"
rm -f "$log"
