"""No query of the store without its organisation, read from the code; and what PostgreSQL does with one that forgot."""

import ast
import pkgutil
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
import sqlalchemy as sa

import tieout.store
from tests.conftest import MASTER_KEYS, add_organisation
from tests.isolation.filling import BY_HAND, fill
from tieout.store.engine import Engines, read, write
from tieout.store.schema import load_tables
from tieout.store.vault import Vault

# Functions that look across organisations on purpose, and why. Nothing else may but the module `across`, which is for
# that alone, and what asserts with a reason that its transaction stands above the organisations.
ACROSS: dict[str, str] = {
    "audit.chains": "the doctor verifies every chain; only names of chains leave",
    "letters.forget": "letters that are over, whoever wrote them; nothing is read",
    "people.first_owner": "whom the console signs in: being there is proof enough",
    "people.organisations_of": "a person's own organisations, to switch between",
    "people.session": "a session names its organisation itself, and its person has to be a member there",
    "timeline.add": "names the organisation in a word of its own, since renewals stand above them",
    "vault.ensure_installation_key": "the key of what belongs to no organisation",
}
_QUERIES = {"select", "update", "delete", "join", "exists", "outerjoin"}


def modules() -> list[ModuleType]:
    found = pkgutil.iter_modules(tieout.store.__path__)
    return [import_module(f"tieout.store.{each.name}") for each in found if not each.ispkg]


def tables_in(module: ModuleType) -> set[str]:
    """The names by which a module knows tables of organisations."""
    return {name for name, value in vars(module).items() if isinstance(value, sa.Table) and is_of_organisations(value)}


def is_of_organisations(table: sa.Table) -> bool:
    return next(iter(table.primary_key)).name == "organisation"


def functions_of(module: ModuleType) -> dict[str, ast.FunctionDef]:
    tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def asks(function: ast.FunctionDef, tables: set[str]) -> bool:
    """Whether it builds a query on a table of organisations."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _QUERIES:
            inside = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
            if inside & tables:
                return True
    return False


def is_whose(node: ast.AST) -> bool:
    """`db.organisation`, or the chain of `db`: what a query is compared with, not a column that it reads."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id == "chain_of"
    return isinstance(node, ast.Attribute) and node.attr == "organisation" and isinstance(node.value, ast.Name)


def stands_above(function: ast.FunctionDef) -> bool:
    """Whether its first lines assert, with a reason, that the transaction was opened for no organisation."""
    asserted = [node for node in function.body if isinstance(node, ast.Assert) and node.msg is not None]
    return any(ast.unparse(node.test) == "not db.organisation" for node in asserted)


def says_whose(name: str, functions: dict[str, ast.FunctionDef], seen: frozenset[str] = frozenset()) -> bool:
    """Whether it names the organisation, itself or in a function of its module that it calls."""
    for node in ast.walk(functions[name]):
        compared = isinstance(node, ast.Compare) and any(map(is_whose, (node.left, *node.comparators)))
        handed = isinstance(node, ast.Call) and any(map(is_whose, node.args))
        keyed = isinstance(node, ast.Dict) and any(map(is_whose, node.values))
        if compared or handed or keyed:
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called = node.func.id
            if called in functions and called not in seen and says_whose(called, functions, seen | {name}):
                return True
    return False


def without_organisation(functions: dict[str, ast.FunctionDef], tables: set[str]) -> set[str]:
    """The functions at fault. One that takes no `db` only begins a query: who calls it has to say whose."""
    asking = {name for name, function in functions.items() if asks(function, tables)}
    begun = {name for name in asking if not {"db", "engines"} & {each.arg for each in functions[name].args.args}}
    asking |= {name for name, function in functions.items() if begun & called_by(function)}
    return {name for name in asking - begun if not says_whose(name, functions) and not stands_above(functions[name])}


def called_by(function: ast.FunctionDef) -> set[str]:
    nodes = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return {each.id for each in nodes if isinstance(each, ast.Name)}


def test_no_query_of_the_store_is_without_its_organisation() -> None:
    found = {
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in modules()
        for name in without_organisation(functions_of(module), tables_in(module))
    }
    assert found - set(ACROSS) == set(), "add the organisation to the query, or say in ACROSS why it looks across"
    assert set(ACROSS) - found == set(), "these do not look across any more: strike them out"


def test_the_rule_sees_a_query_that_forgot() -> None:
    text = """
def bad(db, id):
    return db.execute(sa.select(T.c.id).where(T.c.id == id))
def worse(db, id):
    return db.execute(_chosen().where(T.c.id == id))
def good(db, id):
    return db.execute(_own(db).where(T.c.id == id))
def better(db, id):
    return db.execute(_chosen().where(T.c.organisation == db.organisation))
def above(db, id):
    assert not db.organisation, "of whichever organisation"
    return db.execute(sa.select(T).where(T.c.id == id))
def reads(db, id):
    return db.execute(sa.select(T.c.organisation).where(T.c.id == id).order_by(T.c.organisation))
def _own(db):
    return _chosen().where(T.c.organisation == db.organisation)
def _chosen():
    return sa.select(T)
"""
    tree = {node.name: node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)}
    assert without_organisation(tree, {"T"}) == {"bad", "worse", "reads"}


@pytest.mark.pg
def test_postgresql_gives_nothing_to_a_query_that_forgot_to_ask_whose(pg_engines: Engines) -> None:
    vault = Vault(pg_engines, MASTER_KEYS)
    for name in ("org-1", "org-2"):
        add_organisation(pg_engines, vault, name)
    fill(pg_engines, "org-1")
    tables = [table for table in load_tables().sorted_tables if is_of_organisations(table)]
    assert len(tables) > 30
    for open_for in (read, write):
        with open_for(pg_engines, "org-1") as own, open_for(pg_engines, "org-2") as other:
            for table in tables:
                everything = sa.select(sa.func.count()).select_from(table)
                if table.name not in BY_HAND:
                    assert own.execute(everything).scalar_one() == 1, table.name
                assert other.execute(everything).scalar_one() == (table.name == "organisation_keys"), table.name
    with write(pg_engines, "org-2") as db:
        for table in tables:
            if table.name not in BY_HAND and not table.name.startswith("audit"):
                assert db.execute(table.delete()).rowcount == 0, table.name
