"""What the installation is set to: the only reader of the environment."""

import os
from dataclasses import dataclass
from functools import cache, cached_property

from chalicelib.core.money import decimals_of

# Pydantic otherwise searches every installed package for plug-ins when the first model is made: 20 ms of each cold start.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


@dataclass(frozen=True)
class Config:
    """One installation: its tables, queues, files, currency, and where its token keys are kept.

    `router_key` seals the credentials of routers; `router_function` reaches them, where it is none of this process.
    `allows_local_routers` in a local run alone, whose simulated routers are on this machine.
    `library_path` is where this machine's Python finds its libraries: a child without an environment needs it.
    """

    tenants_table: str
    books_table: str
    crm_table: str
    settlement_queue_url: str
    jobs_queue_url: str
    books_queue_url: str
    documents_queue_url: str
    routers_queue_url: str
    router_function: str
    router_key: str
    allows_local_routers: bool
    token_keys: str
    token_keys_secret: str
    operator_id: str
    currency: str
    files_bucket: str
    library_path: str
    password_memory_kib: int
    version: str
    is_lambda: bool

    @cached_property
    def decimals(self) -> int:
        """Decimals of the installation's currency."""
        return decimals_of(self.currency)


@cache
def config() -> Config:
    """The configuration of this process, read once."""
    env = os.environ.get
    return Config(
        tenants_table=env("TENANTS_TABLE", "tributary-tenants"),
        books_table=env("BOOKS_TABLE", "tributary-books"),
        crm_table=env("CRM_TABLE", "tributary-crm"),
        settlement_queue_url=env("SETTLEMENT_QUEUE_URL", ""),
        jobs_queue_url=env("JOBS_QUEUE_URL", ""),
        books_queue_url=env("BOOKS_QUEUE_URL", ""),
        documents_queue_url=env("DOCUMENTS_QUEUE_URL", ""),
        routers_queue_url=env("ROUTERS_QUEUE_URL", ""),
        router_function=env("ROUTER_FUNCTION", ""),
        router_key=env("ROUTER_KEY", ""),
        allows_local_routers=env("ALLOW_LOCAL_ROUTERS") == "1" and env("AWS_LAMBDA_FUNCTION_NAME") is None,
        token_keys=env("TOKEN_KEYS", ""),
        token_keys_secret=env("TOKEN_KEYS_SECRET", ""),
        operator_id=env("OPERATOR_ID", "op"),
        currency=env("CURRENCY", "BDT"),
        files_bucket=env("FILES_BUCKET", ""),
        library_path=env("LD_LIBRARY_PATH", ""),
        password_memory_kib=int(env("PASSWORD_MEMORY_KIB", "19456")),
        version=env("TRIBUTARY_VERSION", "dev"),
        is_lambda=env("AWS_LAMBDA_FUNCTION_NAME") is not None,
    )
