"""The whole product on one machine: an engine in the place of AWS, the web server, the scheduler. Never shipped."""
