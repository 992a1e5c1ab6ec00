"""The rules of the house (ARCHITECTURE.md, section 9), one test each. There is no list of exceptions.

Every rule is a function from one file's text to the lines that break it, so the last test can plant a breach of each
rule and see it found. If a rule hurts, change it for everybody, in one commit that says why.
"""

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from pkgutil import walk_packages

import pytest

from tieout.core.failure import FailureKind, RemoteError

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "tieout"

CORE_MAY_NOT_IMPORT = set(
    "os socket ssl select random secrets time subprocess threading asyncio multiprocessing pathlib shutil tempfile "
    "glob logging urllib.request http sqlite3 importlib".split()
)
CORE_MAY_NOT_CALL = {"open", "input", "print"}
CLOCKS_AND_CHANCE = {"now", "today", "utcnow", "uuid1", "uuid4"}
NO_FLOAT_ROOMS = {"core", "channels", "platforms", "store", "sync"}
FLOATS = {"float", "Float", "Numeric", "Double", "REAL", "DOUBLE", "DOUBLE_PRECISION"}
BANNED_WORDS = {"manager", "service", "handler", "util", "common", "misc", "info", "data", "process"}


Rule = Callable[[Path, str], Iterator[str]]


def sources() -> Iterator[tuple[Path, str]]:
    """Every module of the package, its path as people write it (tieout/core/money.py)."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(ROOT), path.read_text(encoding="utf-8")


def breaches(rule: Rule) -> str:
    return "\n".join(line for path, text in sources() for line in rule(path, text))


def room_of(path: Path) -> str:
    return path.relative_to("tieout").parts[0].removesuffix(".py")


# --- 1. Imports ---------------------------------------------------------------------------------------------


Walls = dict[str, tuple[set[str] | None, set[str]]]


def walls(text: str) -> Walls:
    """Room → (our rooms it may import, outside libraries it may import), as the table says; None is everything."""
    found: Walls = {}
    for rooms, ours, outside in re.findall(r"^\| (`[\w` ]+) \| ([^|]+) \| ([^|]+) \|$", text, re.M):
        may = None if "everything" in ours else set(re.findall(r"`(\w+)`", ours))
        for room in re.findall(r"`(\w+)`", rooms):
            found[room] = may, set(re.findall(r"\w+", outside)) - {"none"}
    return found


WALLS = walls((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))


def imported(text: str) -> Iterator[tuple[int, str]]:
    """Line and full name of everything imported; a relative import begins with a dot."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)


def crossings(path: Path, text: str) -> Iterator[str]:
    room = room_of(path)
    if room not in WALLS:
        yield f"{path}:1: room {room} has no row in the import table of ARCHITECTURE.md"
        return
    ours, outside = WALLS[room]
    for line, name in imported(text):
        top, _, rest = name.partition(".")
        if top == "":
            yield f"{path}:{line}: imports are absolute, so not {name}"
        elif top == "tieout":
            if ours is not None and rest.split(".")[0] not in ours | {room, "__version__"}:
                yield f"{path}:{line}: {room} may not import {name}"
            elif private := foreign_private_part(path, name):
                yield f"{path}:{line}: {private} belongs to its folder, so {path} may not import it"
        elif top not in sys.stdlib_module_names | outside:
            yield f"{path}:{line}: {room} may not import {name}"


def foreign_private_part(path: Path, name: str) -> str | None:
    """The part of `name` that is a module starting with one underscore, when `path` is not in or under its folder."""
    parts = name.split(".")
    for i, part in enumerate(parts):
        is_module = (ROOT / Path(*parts[:i], part + ".py")).exists()
        if part.startswith("_") and not part.startswith("__") and is_module and Path(*parts[:i]) not in path.parents:
            return ".".join(parts[: i + 1])
    return None


def sqlite_doors(path: Path, text: str) -> Iterator[str]:
    """Two copies of SQLite in one process lose each other's locks, so few files may name it."""
    if str(path) not in ("tieout/__init__.py", "tieout/store/engine.py") and room_of(path) != "sandbox":
        yield from (
            f"{path}:{line}: {name} is imported in tieout/__init__.py, store/engine.py and one sandbox file only"
            for line, name in imported(text)
            if name.split(".")[0] in ("sqlite3", "pysqlite3")
        )


def core_effects(path: Path, text: str) -> Iterator[str]:
    """core touches no file, no network, no chance and no clock: `now` is an argument."""
    if room_of(path) != "core":
        return
    for line, name in imported(text):
        if any(name == ban or name.startswith(ban + ".") for ban in CORE_MAY_NOT_IMPORT):
            yield f"{path}:{line}: core may not import {name}: it does no I/O and reads no clock"
    for node in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)):
        called = name_of(node.func)
        if called in CLOCKS_AND_CHANCE or (called in CORE_MAY_NOT_CALL and isinstance(node.func, ast.Name)):
            yield f"{path}:{node.lineno}: core may not call {called}(): it does no I/O and reads no clock"


def name_of(node: ast.AST) -> str | None:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None


def test_every_import_is_allowed_by_the_table_of_the_architecture() -> None:
    assert {"core", "store", "jobs", "sync", "web", "app"} <= WALLS.keys(), "the import table was not found"
    assert not (found := breaches(crossings)), found


def test_core_touches_no_file_no_network_and_no_clock() -> None:
    assert not (found := breaches(core_effects)), found


def test_sqlite_is_named_in_three_places_and_dbos_in_one_room() -> None:
    assert not (found := breaches(sqlite_doors)), found
    stand_ins = [path for path, text in sources() if room_of(path) == "sandbox" and "sqlite3" in dict_of_imports(text)]
    assert len(stand_ins) <= 1, f"one file of the sandbox may open SQLite, not {stand_ins}"
    assert [room for room, (_, outside) in WALLS.items() if "dbos" in outside] == ["jobs"]


def dict_of_imports(text: str) -> dict[str, int]:
    return {name.split(".")[0]: line for line, name in imported(text)}


# --- 2. Length: two ratchets --------------------------------------------------------------------------------

RATCHETS: dict[str, int] = tomllib.loads((ROOT / "tests" / "house.toml").read_text())


def long_functions(path: Path, text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and lines_of(node) > RATCHETS["function_lines"]:
            yield f"{path}:{node.lineno}: {node.name} has {lines_of(node)} lines, over {RATCHETS['function_lines']}"


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """From `def` to the last line, without the docstring."""
    first = function.body[0]
    has_docstring = ast.get_docstring(function, clean=False) is not None
    docstring_lines = (first.end_lineno or 0) - first.lineno + 1 if has_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring_lines


def long_files(path: Path, text: str) -> Iterator[str]:
    if (lines := text.count("\n")) >= RATCHETS["file_lines"]:
        yield f"{path}:1: {lines} lines; from {RATCHETS['file_lines']} on a file becomes a folder of the same name"


def test_no_function_and_no_file_is_too_long() -> None:
    assert not (found := breaches(long_functions) + breaches(long_files)), found


def test_the_ratchets_only_turn_one_way() -> None:
    assert RATCHETS["function_lines"] <= 40 and RATCHETS["file_lines"] <= 500
    for earlier in earlier_versions("tests/house.toml"):
        for name, lines in tomllib.loads(earlier).items():
            assert RATCHETS[name] <= lines, f"tests/house.toml: {name} stood at {lines} before and may not be raised"


def earlier_versions(path: str) -> Iterator[str]:
    """The file as each commit left it; nothing where the source is no git repository."""
    if (ROOT / ".git").exists():
        for commit in git("log", "--format=%H", "--", path).split():
            yield git("show", f"{commit}:{path}")


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


# --- 3. No float money --------------------------------------------------------------------------------------


def floats(path: Path, text: str) -> Iterator[str]:
    if room_of(path) in NO_FLOAT_ROOMS:
        for node in unfree(ast.parse(text)):
            word = name_of(node) if isinstance(node, ast.Name | ast.Attribute) else None
            if word in FLOATS:
                yield f"{path}:{node.lineno}: {word} stands near money; only names ending in _seconds are free"
            elif isinstance(node, ast.Constant) and isinstance(node.value, float):
                yield f"{path}:{node.lineno}: {node.value!r} is a float: write Decimal, or integers"


def unfree(node: ast.AST) -> Iterator[ast.expr]:
    """Every expression that is not the type, default or value of a name ending in `_seconds`."""
    free = free_defaults(node) if isinstance(node, ast.arguments) else []
    for child in ast.iter_child_nodes(node):
        if child not in free and not any(map(is_free, measured(child))):
            if isinstance(child, ast.expr):
                yield child
            yield from unfree(child)


def is_free(name: str | None) -> bool:
    return name is not None and name.lower().endswith("_seconds")


def measured(node: ast.AST) -> tuple[str | None, ...]:
    """The names whose type or value a node states: what is assigned, passed, returned, compared or reckoned with."""
    match node:
        case ast.FunctionDef(name=name) | ast.arg(arg=name) | ast.keyword(arg=name):
            return (name,)
        case ast.Assign(targets=targets):
            return tuple(map(name_of, targets))
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
            return (name_of(target),)
        case ast.BinOp(left=left, right=right):
            return name_of(left), name_of(right)
        case ast.Compare(left=left, comparators=comparators):
            return tuple(map(name_of, (left, *comparators)))
    return ()


def free_defaults(arguments: ast.arguments) -> list[ast.expr | None]:
    positional = (arguments.posonlyargs + arguments.args)[-len(arguments.defaults) :]
    pairs = [
        *zip(positional, arguments.defaults, strict=False),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return [default for argument, default in pairs if is_free(argument.arg)]


def test_no_float_where_money_passes() -> None:
    assert not (found := breaches(floats)), found


# --- 4. Banned words ----------------------------------------------------------------------------------------


def words(name: str) -> set[str]:
    """The words of a name, small: `XeroClient2` → xero, client; `read_error` → read, error."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def vague_names(path: Path, text: str) -> Iterator[str]:
    """Modules, classes and functions of ours; a method that overrides a library's bears the library's name."""
    tree = ast.parse(text)
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    overridden = {id(method) for node in classes for method in overrides(path, node)}
    named = [(1, part) for part in path.with_suffix("").parts] + [
        (node.lineno, node.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and id(node) not in overridden
    ]
    for line, name in named:
        for word in sorted(words(name) & (BANNED_WORDS | {word + "s" for word in BANNED_WORDS} | {"processes"})):
            yield f"{path}:{line}: {name}: {word} says nothing; say what it does in the trade's words"


def overrides(path: Path, node: ast.ClassDef) -> Iterator[ast.stmt]:
    """The methods that a class of another library has under the same name, such as process_bind_param."""
    if node.bases:
        module = importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
        parents = getattr(module, node.name, object).__mro__[1:]
        theirs = {name for parent in parents if not is_ours(parent) for name in dir(parent)}
        yield from (item for item in node.body if getattr(item, "name", None) in theirs)


def said(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every identifier and every string but docstrings, with its line."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 1)
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes) and id(node) not in docstrings:
            yield line, node.value if isinstance(node.value, str) else node.value.decode("latin-1")
        for field in ("id", "attr", "arg", "name", "asname", "module"):
            if isinstance(value := getattr(node, field, None), str):
                yield line, value


def test_no_name_is_vague() -> None:
    assert not (found := breaches(vague_names)), found


# --- 5. Errors mapped ---------------------------------------------------------------------------------------


def errors_of_ours() -> list[type[Exception]]:
    """Every exception class the package defines, in the order of their full names."""
    for module in walk_packages([str(PACKAGE)], "tieout."):
        if not module.name.endswith("__main__") and ".migrations." not in module.name:
            importlib.import_module(module.name)
    return sorted((c for c in descendants(Exception) if c.__module__.startswith("tieout.")), key=full_name)


def descendants(parent: type) -> set[type]:
    # type.__subclasses__, since a metaclass has no C.__subclasses__() without an argument.
    direct: set[type] = set(type.__subclasses__(parent))
    return direct.union(*map(descendants, direct))


def full_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def test_every_remote_error_has_a_kind() -> None:
    kinds = {
        c: getattr(c, "kind", None) for c in errors_of_ours() if issubclass(c, RemoteError) and c is not RemoteError
    }
    assert not [full_name(c) for c, kind in kinds.items() if not isinstance(kind, FailureKind)]
    assert set(kinds.values()) == set(FailureKind), "every kind of failure is the kind of an error"


@pytest.mark.parametrize("door", ["web", "api"])
def test_every_error_that_can_reach_a_door_is_answered_there_once(door: str) -> None:
    """Its `errors.py` names each public error class of the rooms below, or a class of ours it descends from."""
    table = PACKAGE / door / "errors.py"
    answered = {name for _, name in said(ast.parse(table.read_text()))} if table.exists() else None
    rooms = below(door)
    unanswered = [
        full_name(c)
        for c in errors_of_ours()
        if c.__module__.split(".")[1] in rooms and not c.__name__.startswith("_")
        if answered is not None and not answered & {parent.__name__ for parent in c.__mro__ if is_ours(parent)}
    ]
    assert not unanswered, f"tieout/{door}/errors.py does not say how these are answered: {unanswered}"


def below(room: str) -> set[str]:
    direct = WALLS[room][0] or set()
    return direct.union(*map(below, direct))


def is_ours(kind: type) -> bool:
    return kind.__module__.startswith("tieout.")


# --- 6. Docs current ----------------------------------------------------------------------------------------


def test_the_reference_pages_are_what_the_code_says() -> None:
    tool = ROOT / "tools" / "reference.py"
    if tool.exists():
        run = subprocess.run([sys.executable, tool, "--check"], cwd=ROOT, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr


# --- Each rule can fail -------------------------------------------------------------------------------------

PLANTED: list[tuple[Rule, str, str]] = [
    (crossings, "core/money.py", "import sqlalchemy"),
    (crossings, "core/money.py", "from tieout.store import engine"),
    (crossings, "core/money.py", "from .day import Day"),
    (crossings, "jobs/queues.py", "from tieout import sync"),
    (crossings, "web/pages/health.py", "def page():\n    import httpx2"),
    (crossings, "sync/work.py", "import dbos"),
    (crossings, "garage/car.py", ""),
    (core_effects, "core/day.py", "import time"),
    (core_effects, "core/day.py", "from os import path"),
    (core_effects, "core/day.py", "today = date.today()"),
    (core_effects, "core/day.py", "open('x')"),
    (sqlite_doors, "store/backup.py", "from sqlite3 import connect"),
    (long_functions, "cli/serve.py", "def f():\n" + "    pass\n" * 40),
    (long_files, "cli/serve.py", "pass\n" * 500),
    (floats, "core/money.py", "rate = 0.2"),
    (floats, "sync/posting.py", "def f(total: float) -> None: ..."),
    (floats, "store/plans.py", "sa.Column('total', sa.Numeric(18, 4))"),
    (vague_names, "sync/utils.py", ""),
    (vague_names, "sync/posting.py", "class PostingManager: ..."),
    (vague_names, "sync/posting.py", "def process_lines(): ..."),
]
INNOCENT: list[tuple[Rule, str, str]] = [
    (crossings, "web/pages/health.py", "from tieout.sync import status\nfrom tieout import __version__"),
    (core_effects, "core/day.py", "from datetime import datetime\ndef due(now: datetime): return issue.open(now)"),
    (long_functions, "cli/serve.py", 'def f():\n    """' + "One.\n" * 60 + '"""\n' + "    pass\n" * 39),
    (floats, "sync/work.py", "def f(a, wait_seconds: float = 0.5, *, b=1, pause_seconds=1.5): g(left_seconds=0.1)"),
    (floats, "web/render.py", "share = 0.5"),
    (vague_names, "store/metadata.py", "def database(): ..."),
]


@pytest.mark.parametrize(("rule", "path", "text"), PLANTED)
def test_a_planted_breach_is_found(rule: Rule, path: str, text: str) -> None:
    assert list(rule(Path("tieout", path), text))


@pytest.mark.parametrize(("rule", "path", "text"), INNOCENT)
def test_what_only_looks_like_a_breach_is_left_alone(rule: Rule, path: str, text: str) -> None:
    assert not list(rule(Path("tieout", path), text))
