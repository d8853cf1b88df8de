"""`python -m samspec`: the same as the command `samspec`."""

import gc
import sys

gc.disable()  # until a command turns it on: a fifth of a start would go into collecting nothing

from samspec.cli import main  # noqa: E402

sys.exit(main())
