#!/usr/bin/env bash
# Prints the path of a Chromium for the browser tests, or nothing. As root on a Debian machine it is installed.
set -uo pipefail
cd "$(dirname "$0")/.."

look() {
    for candidate in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
        [ -n "$candidate" ] && command -v "$candidate" && return 0
    done
    local own
    own=$(.venv/bin/python -c 'from playwright.sync_api import sync_playwright as p
with p() as play: print(play.chromium.executable_path)' 2>/dev/null)
    [ -x "$own" ] && echo "$own"
}

look && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "· no Chromium here: installing the package chromium" >&2
    { apt-get update && apt-get install -y --no-install-recommends chromium poppler-utils; } >/dev/null 2>&1
    look && exit 0
fi
echo "· no Chromium found (set CHROMIUM=/path): the browser tests will be skipped" >&2
