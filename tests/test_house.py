"""The house, held by its own rules (`docs/ARCHITECTURE.md`): who may import whom, and what stands in one place only.

Everything is read from the source with `ast`; nothing is imported.
"""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOWER = (
    {"core"},
    {"aws"},
    {"tenants", "auth", "documents"},
    {"crm", "ledger"},
    {"funds", "network", "messaging", "payments"},
    {"billing", "retail", "payroll", "support"},
    {"partners"},
    {"dashboard", "proof"},
)
"""From the ground up. A package imports packages of lower rows, never one of its own row or above."""

FLOOR = {package: level for level, row in enumerate(TOWER) for package in row}
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(ROOT.glob("chalicelib/**/*.py"))
}
SHIPPED = {**MODULES, "app": ROOT / "app.py"}
ALL = {**SHIPPED, **{str(path.relative_to(ROOT)): path for path in sorted(ROOT.glob("local/**/*.py"))}}

MAY_USE_A_STORE = {
    (
        "chalicelib.billing.levels",
        "chalicelib.funds.store",
    ): "a settled day, or a correction, moves every fund in its one transaction",
    (
        "chalicelib.billing.connections",
        "chalicelib.funds.store",
    ): "the minimum balance is a condition on the fund's row",
    ("chalicelib.installation", "chalicelib.tenants.store"): "asks for the operator before there is any tenant to find",
    ("chalicelib.proof.walk", "chalicelib.ledger.store"): "looks at every row of a book as it lies there",
    ("chalicelib.proof.edges", "chalicelib.ledger.store"): "reads the heads of two books at one instant",
    ("chalicelib.proof.posted", "chalicelib.ledger.store"): "looks for what a day posted in every book above it",
    (
        "chalicelib.partners.corrected",
        "chalicelib.billing.correction_store",
    ): "goes on behind the last correction that a statement has counted",
    (
        "chalicelib.proof.corrected",
        "chalicelib.billing.correction_store",
    ): "holds each correction against what was posted",
    (
        "chalicelib.proof.settlement",
        "chalicelib.billing.correction_store",
    ): "computes days again without their late facts",
}
"""`store.py`, and `..._store.py` where a package has several, is private to its package; these know a row of another one,
each for the reason beside it."""

MAY_WRITE_A_HASH_SIGN = {
    "chalicelib.aws.keys": "builds keys",
    "chalicelib.api.openapi": "JSON pointers",
    "chalicelib.api.pages": "links within the page",
    "chalicelib.billing.model": "a tariff's version is named as its sort key is",
    "chalicelib.billing.price_book": "the bound of a range of tariffs: behind all of one day",
}
"""Where an f-string may hold a #, which is what joins the parts of a key."""


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(ALL[module].read_text())


@cache
def imports(module: str) -> frozenset[str]:
    """Everything a module imports, wherever in it, as full names: `chalicelib.aws.keys`, `datetime.date`."""
    found: set[str] = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def modules_imported(module: str) -> Iterator[str]:
    """The modules of the product that a module imports."""
    for name in imports(module):
        if name.split(".")[0] == "chalicelib":
            yield name if name in MODULES else name.rpartition(".")[0]


def package_of(module: str) -> str:
    return (module.split(".") + [""])[1]


def is_entrypoint(module: str) -> bool:
    """Where calls come in: routes and the shapes they speak in, jobs, workers, and the first start."""
    last = module.rpartition(".")[2]
    return last in ("app", "routes", "shapes", "jobs", "worker", "installation") or last.endswith(
        ("_routes", "_shapes")
    )


def is_store(module: str) -> bool:
    """Whether it turns rows into records and back."""
    return module.endswith((".store", "_store"))


def called(node: ast.Call) -> str:
    return ast.unparse(node.func)


def test_every_package_has_its_floor() -> None:
    packages = {package_of(module) for module in MODULES if module.count(".")} - {"installation"}
    assert packages <= FLOOR.keys() | {"api"}


@pytest.mark.parametrize("module", [one for one in MODULES if package_of(one) in FLOOR and not is_entrypoint(one)])
def test_imports_run_downward_only(module: str) -> None:
    own = package_of(module)
    upward = {
        one
        for one in modules_imported(module)
        if package_of(one) != own and FLOOR.get(package_of(one), 99) >= FLOOR[own]
    }
    assert upward == set()


@pytest.mark.parametrize("module", [one for one in MODULES if package_of(one) == "api"])
def test_the_way_routes_are_declared_rests_on_auth_and_documents_and_knows_no_other_domain(module: str) -> None:
    assert {package_of(one) for one in modules_imported(module)} <= {
        "api",
        "auth",
        "tenants",
        "documents",
        "aws",
        "core",
    }


@pytest.mark.parametrize("module", SHIPPED)
def test_entrypoints_and_the_api_are_imported_by_entrypoints_alone(module: str) -> None:
    if is_entrypoint(module):
        return
    found = {one for one in modules_imported(module) if is_entrypoint(one) or package_of(one) == "api"}
    assert found == set() or (package_of(module) == "api" and not any(is_entrypoint(one) for one in found))


@pytest.mark.parametrize("module", [one for one in MODULES if is_entrypoint(one)])
def test_an_entrypoint_uses_other_packages_by_their_use_cases_and_not_by_their_routes(module: str) -> None:
    """Shapes may be shared; a route never calls another package's route, job or worker."""
    own = package_of(module)
    calls_in = {one for one in modules_imported(module) if is_entrypoint(one) and not one.endswith("shapes")}
    assert {one for one in calls_in if package_of(one) != own} == set()


def test_the_application_names_entrypoints_and_has_no_routes_of_its_own() -> None:
    named = {
        node.value
        for node in ast.walk(tree("app"))
        if isinstance(node, ast.Constant) and str(node.value).startswith("chalicelib.")
    }
    assert named <= MODULES.keys()
    assert all(is_entrypoint(one) or package_of(one) == "api" for one in named)
    declaring = {
        module for module in MODULES if "Blueprint(" in MODULES[module].read_text() and package_of(module) != "api"
    }
    assert declaring <= named, "a module that declares routes or functions is not named"
    assert not any(isinstance(node, ast.FunctionDef) for node in ast.walk(tree("app")))
    assert len(SHIPPED["app"].read_text().splitlines()) <= 60


def test_a_store_is_private_to_its_package_but_for_the_exceptions_named_above() -> None:
    found = {
        (module, one)
        for module in MODULES
        for one in modules_imported(module)
        if is_store(one) and package_of(one) != package_of(module)
    }
    assert found == MAY_USE_A_STORE.keys()


@pytest.mark.parametrize("module", [one for one in MODULES if package_of(one) == "core"])
def test_the_core_imports_the_standard_library_alone(module: str) -> None:
    others = {name.split(".")[0] for name in imports(module)} - sys.stdlib_module_names
    assert others <= {"chalicelib"}
    assert {package_of(one) for one in modules_imported(module)} <= {"core"}


@pytest.mark.parametrize("module", SHIPPED)
def test_only_the_aws_package_speaks_to_aws(module: str) -> None:
    """PynamoDB's expression types may be named in annotations elsewhere; boto may not."""
    if package_of(module) == "aws":
        return
    foreign = {name for name in imports(module) if name.split(".")[0] in ("boto3", "botocore", "pynamodb", "moto")}
    types = {"pynamodb.expressions.condition.Condition", "pynamodb.expressions.update.Action"}
    assert foreign <= types


@pytest.mark.parametrize("module", SHIPPED)
def test_only_the_connection_knows_the_library_that_speaks_to_routers(module: str) -> None:
    if module == "chalicelib.network.connection":
        return
    assert not {name for name in imports(module) if name.split(".")[0] == "librouteros"}


@pytest.mark.parametrize("module", SHIPPED)
def test_only_the_configuration_reads_the_environment(module: str) -> None:
    if module == "chalicelib.aws.config":
        return
    assert not {name for name in imports(module) if name in ("os", "os.environ", "os.getenv")}


@pytest.mark.parametrize("module", SHIPPED)
def test_only_the_clock_reads_the_clock(module: str) -> None:
    """`perf_counter` measures how long something took and is no time of day."""
    if module == "chalicelib.aws.clock":
        return
    calls = {called(node) for node in ast.walk(tree(module)) if isinstance(node, ast.Call)}
    assert not calls & {"datetime.now", "datetime.utcnow", "date.today", "datetime.today", "time.time", "time.sleep"}


@pytest.mark.parametrize("module", MODULES)
def test_keys_are_built_in_one_place(module: str) -> None:
    constructed = [node for node in ast.walk(tree(module)) if isinstance(node, ast.Call) and called(node) == "Key"]
    assert not constructed or module in ("chalicelib.aws.keys", "chalicelib.aws.rows", "chalicelib.aws.tables")
    joined = [
        ast.unparse(node)
        for node in ast.walk(tree(module))
        if isinstance(node, ast.JoinedStr)
        for part in node.values
        if isinstance(part, ast.Constant) and "#" in str(part.value)
    ]
    assert joined == [] or module in MAY_WRITE_A_HASH_SIGN


def test_the_exceptions_for_a_hash_sign_are_all_needed() -> None:
    using = {
        module
        for module in MODULES
        for node in ast.walk(tree(module))
        if isinstance(node, ast.JoinedStr)
        for part in node.values
        if isinstance(part, ast.Constant) and "#" in str(part.value)
    }
    assert using <= MAY_WRITE_A_HASH_SIGN.keys()
    assert MAY_WRITE_A_HASH_SIGN.keys() - {"chalicelib.api.openapi"} <= using


@pytest.mark.parametrize("module", [one for one in MODULES if package_of(one) in ("core", "ledger", "funds")])
def test_money_knows_no_floating_point(module: str) -> None:
    for node in ast.walk(tree(module)):
        assert not isinstance(node, ast.Div), module
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), module
        assert not (isinstance(node, ast.Call) and called(node) == "float"), module


@pytest.mark.parametrize("module", ALL)
def test_no_function_is_longer_than_seventy_lines(module: str) -> None:
    functions = [node for node in ast.walk(tree(module)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = {node.name: node.end_lineno - node.lineno + 1 for node in functions if node.end_lineno is not None}
    assert {name: lines for name, lines in long.items() if lines > 70} == {}


@pytest.mark.parametrize("module", ALL)
def test_no_module_is_a_drawer_for_odds_and_ends_and_each_says_what_it_is(module: str) -> None:
    words = set(ALL[module].stem.lower().split("_"))
    assert not words & {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"}
    if module != "chalicelib":
        assert ast.get_docstring(tree(module)), f"{module} does not say what it is"


def test_what_ships_knows_nothing_of_tests_or_of_the_local_machine() -> None:
    for module in SHIPPED:
        assert not {name for name in imports(module) if name.split(".")[0] in ("tests", "local")}, module
