#!/usr/bin/env bash
# The demo world on 127.0.0.1: migrate, seed on first start, serve.
set -euo pipefail
cd "$(dirname "$0")/.."
export DEMO=1 DATA_DIR="${DATA_DIR:-var}" PORT="${PORT:-8000}" PATH="$PWD/.venv/bin:$PATH"
mkdir -p "$DATA_DIR"
.venv/bin/flask db upgrade
if [ ! -e "$DATA_DIR/seeded" ]; then
    echo "· first start: seeding the demo world"
    .venv/bin/python -m web.demo.seed
    touch "$DATA_DIR/seeded"
fi
exec .venv/bin/python -m web.serve
