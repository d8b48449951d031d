"""Schedules: every movement of money under every fault at every call, and with somebody else at it.

`movements.py` describes each movement, with the acts of `acts.py`; `stage.py` is the world they happen in, `faults.py` what
can happen to a call. `play.py` plays a schedule and judges what it left (`outcome.py`, `audit.py`); `pairs.py` plays several
disturbances at once. `journey.py` makes all movements in any order against `model.py`, at random (`simulate.py`) or as
Hypothesis finds (`machine.py`). `found.py` finds every movement that there is in the code.
"""
