"""Hold our open data against lib-cove-ocds, the Open Contracting Data Standard's own reviewing tool, in a venv apart.

Usage: python scripts/check_ocds.py http://localhost:8000 [--venv FOLDER] [--standard-zip FILE] [--pages N]

The tool and what it needs come from PyPI into the venv, never into ours. It reads the standard's schema from a ZIP of
the standard's repository (`--standard-zip`, tag 1__1__5). Without one the schema is put together again from the classes
that the package tedective-etl has made of the official release-schema.json: all fields, types and closed code lists of
1.1; no open code lists, and the fields of extensions count as additional ones, which are listed. Exit 1 on any error.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import urllib.request
import venv
import zipfile
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

FILES = {"orders": "/api/v1/ocds/orders.json?year=2025", "frameworks": "/api/v1/ocds/frameworks.json"}
NEEDED = ("libcoveocds", "pydantic")
CLASSES = "tedective-etl"  # asks for much that is of no use here: fetched without what it depends on
ALWAYS = ("ocid", "id", "date", "tag", "initiationType")  # of a release, loosened in those classes
TOOL = "https://standard.open-contracting.org/schema/1__1__5/"
OPEN = Path("techniques")  # fields below it are those of the techniques extension


def fetched(site: str, path: str, folder: Path, most: int) -> list[Path]:
    """The pages of a file, as `links.next` leads through them."""
    found: list[Path] = []
    while path and len(found) < most:
        with urllib.request.urlopen(f"{site}{path}") as answer:  # noqa: S310 (the address is the caller's own server)
            text = answer.read()
        found.append(folder / f"{urlsplit(path).path.rsplit('/', 1)[-1].removesuffix('.json')}-{len(found) + 1}.json")
        found[-1].write_bytes(text)
        following = urlsplit(json.loads(text).get("links", {}).get("next", ""))
        path = f"{following.path}?{following.query}" if following.path else ""
    return found


def made_ready(folder: Path) -> Path:
    """The Python of a venv with the tool in it."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        for wanted in (NEEDED, ("--no-deps", CLASSES)):
            subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)  # noqa: S603 (our own words)
    return python


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


# -- inside the venv --------------------------------------------------------------------------------------------------


def classes() -> ModuleType:
    """The module of generated classes by itself: its package wants what is not installed here."""
    package = importlib.util.find_spec("tedective_etl")
    assert package is not None and package.submodule_search_locations
    path = Path(package.submodule_search_locations[0]) / "schema" / "ocds.py"
    spec = importlib.util.spec_from_file_location("ocds_classes", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["ocds_classes"] = module
    spec.loader.exec_module(module)
    return module


def plain(node: Any) -> Any:
    """Of the schema that pydantic writes, what draft 4 and the standard's own schema write."""
    if isinstance(node, list):
        return [plain(one) for one in node]
    if not isinstance(node, dict):
        return node.replace("#/$defs/", "#/definitions/") if isinstance(node, str) else node
    found = {key: plain(value) for key, value in node.items() if key not in ("default", "$defs")}
    choices = found.pop("anyOf", None)
    if choices is None:
        return found
    kinds = [one for one in choices if one != {"type": "null"}]
    if len(kinds) == 1 and "$ref" not in kinds[0]:
        one = kinds[0]
        return found | one | ({"type": [one["type"], "null"]} if "type" in one and len(kinds) < len(choices) else {})
    if len(kinds) == 1:  # an object that the standard's schema only ever refers to
        return found | kinds[0]
    types = sorted({one["type"] for one in kinds if "type" in one})
    return found | {"type": types + (["null"] if len(kinds) < len(choices) else [])}


def standard(target: Path) -> None:
    """A ZIP laid out as the standard's repository, with the two schemas the tool reads."""
    whole = classes().Release.model_json_schema()
    whole["properties"].pop("tedURL", None)  # their own addition
    release = plain({key: value for key, value in whole.items() if key != "$defs"})
    release |= {"id": f"{TOOL}release-schema.json", "$schema": "http://json-schema.org/draft-04/schema#",
                "required": list(ALWAYS), "definitions": plain(whole["$defs"])}  # fmt: skip
    package = {
        "id": f"{TOOL}release-package-schema.json", "$schema": "http://json-schema.org/draft-04/schema#",
        "type": "object", "required": ["uri", "publisher", "publishedDate", "releases", "version"],
        "properties": {
            "uri": {"type": "string", "format": "uri"}, "version": {"type": "string", "pattern": r"^(\d+\.)(\d+)$"},
            "extensions": {"type": "array", "items": {"type": "string", "format": "uri"}},
            "publishedDate": {"type": "string", "format": "date-time"},
            "releases": {"type": "array", "minItems": 1, "items": {"$ref": f"{TOOL}release-schema.json"}},
            "publisher": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
            "links": {"type": "object", "properties": {"next": {"type": "string", "format": "uri"}}},
        },
    }  # fmt: skip
    versioned = {"$schema": release["$schema"], "type": "object"}  # of records: we have none
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("standard/", "")
        archive.writestr("standard/schema/release-schema.json", json.dumps(release))
        archive.writestr("standard/schema/release-package-schema.json", json.dumps(package))
        tags = "\n".join(["Code,Title", *(f"{one.value},{one.value}" for one in classes().TagEnum)])
        archive.writestr("standard/schema/codelists/releaseTag.csv", tags)  # without any list the tool ends
        archive.writestr("standard/schema/versioned-release-validation-schema.json", json.dumps(versioned))


def judged(paths: list[Path], standard_zip: Path, rebuilt: bool) -> int:
    """Prints what the tool says of each file; the number of its errors."""
    api, config = (importlib.import_module(f"libcoveocds.{name}") for name in ("api", "config"))
    wrong = 0
    for path in paths:
        asked = config.LibCoveOCDSConfig()
        asked.config |= {"standard_zip": f"file://{standard_zip}", "context": "api"}
        data = json.loads(path.read_bytes())
        if rebuilt:  # its schema could not be fetched here; what it adds is listed below
            data.pop("extensions", None)
        said = api.ocds_json_output(json_data=data, lib_cove_ocds_config=asked, record_pkg=False)
        errors = said["validation_errors"]
        beyond = Counter(f"{one['path']}/{one['field']}" for one in said["additional_fields"])
        ours = sorted(one for one in beyond if OPEN.name not in one)
        say(f"{path.name}: {said.get('count', len(data['releases']))} releases, {len(errors)} validation errors, "
              f"{len(said.get('additional_checks', {}))} kinds of further remarks, fields beyond the schema: "
              f"{len(ours)} besides those of techniques")  # fmt: skip
        for one in errors[:20]:
            say(f"  ERROR {one['type']} {one['path']}: {one['description']} {str(one['value'])[:80]}")
        for kind, rows in said.get("additional_checks", {}).items():
            say(f"  REMARK {kind}: {str(rows)[:300]}")
        for one in ours:
            say(f"  BEYOND {one}")
        wrong += len(errors) + len(ours)
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("site")
    parser.add_argument("--venv", type=Path)
    parser.add_argument("--standard-zip", type=Path)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.inside is not None:
            built = folder / "standard.zip"
            if given.standard_zip is None:
                standard(built)
            paths = sorted(given.inside.glob("*.json"))
            return 1 if judged(paths, given.standard_zip or built, given.standard_zip is None) or not paths else 0
        for path in FILES.values():
            fetched(given.site, path, folder, given.pages)
        python = made_ready(given.venv or folder / "venv")
        again = [python, __file__, given.site, "--inside", folder]
        zipped = ["--standard-zip", given.standard_zip.resolve()] if given.standard_zip else []
        return subprocess.run([*again, *zipped], check=False).returncode  # noqa: S603 (this file)


if __name__ == "__main__":
    sys.exit(main())
