"""`make simulate`: random schedules on every core, for a set time; what fails is printed so that it can be seen again."""

import os
import sys

import tests.conftest  # noqa: F401  the environment of an installation, before anything of it is imported
from tests.simulation.schedules.simulate import replay, simulate

if __name__ == "__main__":
    if os.environ.get("STEPS"):
        sys.exit(replay(os.environ["STEPS"]))
    sys.exit(simulate(float(os.environ.get("SECONDS") or 60), os.environ.get("SEED")))
