"""The two simulated routers of the local run, in a process of their own: their threads are no business of the API's.

`table` says what they are and who dials in at them, `launcher` runs them, `process` is the server's side of it, and `look`
shows a menu of one of them as a person at its terminal would see it.
"""
