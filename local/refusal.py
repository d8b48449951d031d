"""Why the server does not start, for the person who started it."""


class Refused(Exception):
    """The start ends here. The message is the one line that says what is wrong and what to do."""
