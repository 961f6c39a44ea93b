#!/usr/bin/env bash
# Prints the path of a Chromium for the browser tests, or nothing. As root on a Debian machine it is installed. The shell
# without a window's own pages comes first: a page costs a third of the work there.
set -uo pipefail
cd "$(dirname "$0")/.."

look() {
    for candidate in "${CHROMIUM:-}" chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
        [ -n "$candidate" ] && command -v "$candidate" && return 0
    done
    local own
    own=$(.venv/bin/python -c 'from playwright.sync_api import sync_playwright as p
with p() as play: print(play.chromium.executable_path)' 2>/dev/null)
    [ -x "$own" ] && echo "$own"
}

install() { apt-get install -y --no-install-recommends "$@"; }

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && [ -z "${CHROMIUM:-}" ] &&
    ! { command -v chromium-headless-shell && command -v pdfsig; } >/dev/null; then
    echo "· installing chromium-headless-shell and poppler-utils" >&2
    { apt-get update; install poppler-utils; install chromium-headless-shell || look || install chromium; } >/dev/null 2>&1
fi
look && exit 0
echo "· no Chromium found (set CHROMIUM=/path): the browser tests will be skipped" >&2
