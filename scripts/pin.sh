#!/usr/bin/env bash
# Write requirements/constraints.txt from what is installed in .venv, plus the build tools.
# Run it in an environment with every group, after the tests passed. No addresses are recorded.
set -euo pipefail
cd "$(dirname "$0")/.."
pip=(.venv/bin/python -m pip)
{
    echo "# Versions that the tests passed with; pip reads them as constraints, for every group of"
    echo "# pyproject.toml and for the build tools. To renew: scripts/pin.sh"
    {
        "${pip[@]}" freeze --all --exclude-editable | sed -E 's/ @ file:.*-([0-9][0-9.]*)-py3.*/==\1/'
        "${pip[@]}" install --quiet --dry-run --ignore-installed hatchling editables --report - |
            .venv/bin/python -c 'import json, sys
for item in json.load(sys.stdin)["install"]:
    print("{name}=={version}".format(**item["metadata"]))'
    } | sed 's/_/-/g' | tr '[:upper:]' '[:lower:]' | grep -v -E '^(song-sinh|setuptools)=' |
        sort -u -t= -k1,1
} >requirements/constraints.new
mv requirements/constraints.new requirements/constraints.txt
