"""Mutants: the product without one of its conditions on money, each of which has to make the tests fail.

found.py    finds the conditions in the code      plugin.py   puts one mutant under a run of pytest
killing.py  runs the tests against each mutant    __main__.py the command (`make mutants`)
"""
