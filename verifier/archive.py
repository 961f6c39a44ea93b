"""A zip with one spelling: stored, sorted, fixed times, no extras. Reading encodes it again and compares every byte.

So nothing can hide between the files, and a changed byte anywhere is seen without knowing where it stands.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from io import BytesIO

from core.faults import Fault, Unusable

_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}(/[A-Za-z0-9][A-Za-z0-9._-]{0,99})?")
_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX, _PLAIN_FILE = 3, 0o100644 << 16


def write(files: Mapping[str, bytes]) -> bytes:
    """The archive of {path: bytes}; Unusable for a path that is not plain ASCII with at most one folder."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for path, data in sorted(files.items()):
            if not _PATH.fullmatch(path):
                raise Unusable(f"not a path for a case file: {path!r}")
            entry = zipfile.ZipInfo(path, _TIME)
            entry.create_system, entry.external_attr = _UNIX, _PLAIN_FILE
            archive.writestr(entry, data)
    return out.getvalue()


def read(data: bytes) -> dict[str, bytes]:
    """{path: bytes}; Fault unless `data` is exactly what `write` makes of them."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
                raise Fault("the archive holds a compressed file")
            files = {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise Fault(f"the archive is damaged: {error}") from None
    try:
        again = write(files)
    except Unusable as error:
        raise Fault(str(error)) from None
    if again != data:
        raise Fault("the archive is not written the one way it must be")
    return files
