"""How routes are declared: who may call, what comes in, what goes out, how a refusal looks. OpenAPI is made from it."""
