"""`python -m gateway`: the local API over HTTP."""

import sys

from gateway.cli import main

sys.exit(main())
