"""`python -m local`: what `make run` runs."""

import os
import sys

from local.start import main

code = main()
sys.stdout.flush()
sys.stderr.flush()
# A worker that did not finish in time must not hold up the stop: its message comes again.
os._exit(code)
