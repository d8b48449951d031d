"""The application: Chalice's, which imports what a request needs when the first such request comes.

Most of a cold start is the import of use cases that its request never calls. On Lambda a route's module is imported with
the first request for one of its paths; everywhere else (locally, in tests, while packaging) all of them are there at once.
"""

import gc
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from chalice.app import Chalice


class Application(Chalice):
    """`modules` declare routes and functions on their `bp`; `slices` says of each path which of them declares it.

    `whole` is the module that speaks of all the others: with it they all are imported.
    """

    def __init__(self, app_name: str, modules: Sequence[str], slices: Mapping[str, Sequence[str]], whole: str) -> None:
        # The log is configured in chalicelib.aws.log; Chalice would set its level to ERROR and print every line twice.
        super().__init__(app_name=app_name, configure_logs=False)
        self._missing = dict.fromkeys(modules)
        self._slices = slices
        self._whole = whole

    def load(self, *modules: str) -> None:
        """Import and register these modules, if they are not there yet."""
        wanted = [module for module in modules if module in self._missing]
        if not wanted:
            return
        # Importing makes objects that live as long as the process: looking through them for garbage meanwhile is a tenth
        # of it. They are set aside for good at the end.
        gc.disable()
        for module in wanted:
            self.register_blueprint(import_module(module).bp)
            del self._missing[module]
        gc.freeze()
        gc.enable()

    def load_all(self) -> None:
        """Import and register all of them, in their order."""
        self.load(*self._missing)

    def __call__(self, event: dict[str, Any], context: Any) -> Any:
        path = (event.get("requestContext") or {}).get("resourcePath")
        wanted = self._slices.get(path, ())
        self.load(*(self._missing if self._whole in wanted else wanted))
        return super().__call__(event, context)
