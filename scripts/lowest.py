"""Print the lowest version of every requirement in pyproject.toml, as constraints for pip."""

import re
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
extras = project["optional-dependencies"]
for requirement in [*project["dependencies"], *extras["fast"], *extras["dask"]]:
    found = re.match(r"([\w.-]+)\s*>=\s*([\w.]+)", requirement)
    if found is None:
        raise SystemExit(f"pyproject.toml: '{requirement}' has no lower bound")
    print("{}=={}".format(*found.groups()))
