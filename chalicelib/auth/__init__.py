"""People and their tokens: passwords, roles, sessions, login-as."""
