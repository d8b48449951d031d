"""The hierarchy of operator and resellers: who is under whom, with which modules, named and numbered how."""
