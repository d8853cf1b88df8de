"""`python -m gateway`: the local API over HTTP."""

import gc
import sys

gc.disable()  # until the server is ready: a fifth of the start would go into collecting nothing

from gateway.cli import main  # noqa: E402

sys.exit(main())
