"""Which Chromium the browser tests drive."""

from __future__ import annotations

import os
import shutil

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# scripts/chromium.sh has looked for one already; the names serve a bare `pytest`.
PATH = os.environ.get("CHROMIUM") or next((found for name in NAMES if (found := shutil.which(name))), "")
OPTIONS = {"executable_path": PATH, "args": ["--no-sandbox"]}
