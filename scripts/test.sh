#!/usr/bin/env bash
# Everything in small counts; pytest's closing line is the last one printed. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
CHROMIUM=$(scripts/chromium.sh || true)
export CHROMIUM PATH="$PWD/.venv/bin:$PATH"
command -v pdfsig >/dev/null || echo "· no pdfsig (poppler-utils): checks by that second tool will be skipped" >&2
# One worker more than cores: many tests wait, for a browser or for half a minute of silence.
cores=$(getconf _NPROCESSORS_ONLN)
exec .venv/bin/pytest -n $((cores < 8 ? cores + 1 : 8)) --dist loadfile --no-loadscope-reorder -q -m "not soak" "$@"
