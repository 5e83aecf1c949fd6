#!/usr/bin/env bash
# Run one of the viewer's npm scripts with the Node that built it: scripts/viewer.sh typecheck
set -euo pipefail
cd "$(dirname "$0")/../twin/viewer"
if ! node -p 'process.exit(parseInt(process.versions.node) < 22)' >/dev/null 2>&1; then
    PATH=$(cd ../../.venv/bin && pwd):$PATH
fi
exec npm run --silent "$1"
