"""What happens once in a data folder: the operator and its owner, and the demo ISP where it is wanted.

Both can be cut off at any point by a kill, so what is still to do is written down before it is begun.
"""

import importlib
import json
from collections.abc import Sequence
from typing import Final

from local import kept
from local.boxes.process import Listening
from local.refusal import Refused
from local.settings import Settings

STATE_FILE: Final = "first-start.json"


def complete(settings: Settings, routers: Sequence[Listening] = ()) -> bool:
    """Does what is still to do of the first start; True where anything was. Raises Refused for settings it dislikes.

    `routers` are the simulated ones, which the demo ISP works with.
    """
    path = settings.data_dir / STATE_FILE
    state = json.loads(path.read_text()) if path.exists() else {"installed": False, "demo": settings.demo}
    if state["installed"] and not state["demo"]:
        return False
    if not state["installed"]:
        kept.write_whole(path, json.dumps(state))
        _install(settings)
        state["installed"] = True
        kept.write_whole(path, json.dumps(state))
    if state["demo"]:
        _fill_with_demo(routers)
        state["demo"] = False
        kept.write_whole(path, json.dumps(state))
    return True


def _install(settings: Settings) -> None:
    from chalicelib.core.errors import Refusal

    password = settings.operator_password or kept.operator_password(settings.data_dir)
    installation = importlib.import_module("chalicelib.installation")
    try:
        installation.install(settings.operator_email, password)
    except Refusal as refusal:
        raise Refused(f"OPERATOR_EMAIL or OPERATOR_PASSWORD is not accepted: {refusal.detail}") from refusal


def _fill_with_demo(routers: Sequence[Listening]) -> None:
    try:
        demo = importlib.import_module("local.demo")
    except ModuleNotFoundError as error:
        if error.name != "local.demo":
            raise
        return
    print("filling in the demo ISP: a minute or so, this once", flush=True)
    demo.fill(routers)
