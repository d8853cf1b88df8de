"""`scripts/drift` in a rehearsal: without what the deployed stage lacks because MiniStack does not read it."""

import sys
from pathlib import Path

from samspec.drift import command as cli
from samspec.rehearse.standins import UNSERVED
from samspec.sam.errors import ProjectError

stack = sys.argv[2] if sys.argv[1:2] == ["--stack"] else None
try:
    findings = [
        f
        for f in sorted(set(cli.check(Path.cwd(), None, stack)))
        if not stack or not UNSERVED.search(str(f))
    ]
except ProjectError as error:
    sys.exit(f"drift: {error}")
for finding in findings:
    print(finding)
sys.exit(1 if findings else 0)
