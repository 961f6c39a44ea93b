#!/usr/bin/env bash
# requirements.txt: exact versions, no index address, no hashes (a mirror may rebuild a wheel).
set -euo pipefail
cd "$(dirname "$0")/.."
.venv/bin/pip-compile --quiet --upgrade --no-header --no-annotate --strip-extras --no-emit-index-url \
    --no-emit-trusted-host --no-emit-find-links --no-emit-options \
    --output-file requirements.txt scripts/requirements.in
sed -i '/^$/d; /^# /d' requirements.txt
