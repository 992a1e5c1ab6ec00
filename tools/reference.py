"""Writes docs/reference from the code, one function a page; `--check` writes nothing and names every stale page.

    python tools/reference.py [--check]        (or: make docs)

Standard library and the product alone. The same code gives the same bytes: no clock, no machine, no order of a set.
"""

import ast
import csv
import importlib
import inspect
import io
import pkgutil
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from importlib.resources import files
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import sqlalchemy as sa  # noqa: E402
import typer  # noqa: E402

import tieout.sandbox  # noqa: E402
import tieout.store  # noqa: E402
from tieout import api, channels, environment, platforms, problems  # noqa: E402
from tieout.app import addresses, vouching_addresses  # noqa: E402
from tieout.channels._kinds import other_formats  # noqa: E402
from tieout.cli._commands import make_commands  # noqa: E402
from tieout.cli._doors import Exit  # noqa: E402
from tieout.core import defaults, headings, posting, problem, status  # noqa: E402
from tieout.core.category import Category  # noqa: E402
from tieout.core.role import Role, role_of  # noqa: E402
from tieout.people import tokens  # noqa: E402
from tieout.sandbox import faults  # noqa: E402
from tieout.store.schema import load_tables  # noqa: E402

FOLDER = ROOT / "docs" / "reference"
COMMAND = "make docs"
_EMPTY_BYTES = 120
MADE = f"*Generated from the code by `{COMMAND}`; a change made here is lost.*"
Row = Sequence[object]


# --- The pages ----------------------------------------------------------------------------------------------


def cli() -> Iterator[str]:
    """Every command of `tieout`, with its options and exit codes."""
    yield "`-h` or `--help` after any command prints the same. Words in `<…>` are yours; `…` may be repeated."
    root = typer.main.get_command(make_commands())
    yield table(("Before any command", "Default", "Meaning"), map(_parameter, root.params))
    yield "## Exit codes"
    said = comments(Exit)
    yield table(("Code", "Name", "Means"), [(each.value, each.name, said[each.name]) for each in Exit])
    yield from _commands(root, "tieout")


def settings() -> Iterator[str]:
    """Every variable of the environment, with its default."""
    yield (
        "All are optional. An empty value counts as none. What is wrong is said at once, each in a sentence with its "
        "remedy, and nothing starts; a name that is not on this page is an error too."
    )
    name = environment.NAME
    yield table(("Variable", "Default", "Meaning"), [_setting(name, each) for each in environment.SETTINGS])
    of_platforms, of_channels = addresses()
    for each, urls in of_platforms.items():
        yield f"## {platforms.named(each).LABEL}"
        yield "Without an id and a secret it cannot be connected."
        yield _app_settings(f"{name}{each.upper()}_", urls)
    yield "## Sign-in by others"
    yield (
        "People may sign in by everybody whose app is set. A platform vouches with the very app that connects books. "
        "Register there the address that a consent comes back to: `/sign-in/<name>/callback` below `TIEOUT_URL`."
    )
    for each, urls in vouching_addresses().items():
        app = () if each in of_platforms else environment.app_settings({})
        meant = {*(setting.name for setting in app), *(f"{use.upper()}_URL" for use in urls)}
        rows = [one for one in environment.app_settings(urls) if one.name in meant]
        yield table(
            ("Variable", "Default", "Meaning"), [_setting(f"{name}{each.upper()}_", setting) for setting in rows]
        )
    for each, urls in of_channels.items():
        yield f"## {channels.channels()[each].LABEL}"
        yield "Its files can be imported without any of these."
        yield _app_settings(f"{name}{each.upper()}_", urls)


def accounts() -> Iterator[str]:
    """The accounts a channel starts with, and what books to each."""
    for channel in channels.channels().values():
        made = defaults.default_accounts(channel.LABEL, channel.BLOCK, channel.ACCOUNTS, channel.CLEARING)
        named = {account.code: account for account in made}
        yield f"## {channel.LABEL}"
        yield "Type and class are the words of the books. A mapping may name any other account instead."
        rows = []
        for role in Role:
            code = _code(role, channel.BLOCK)
            account = named.get(code)
            kind = f"{account.kind} ({account.classification})" if account else ""
            title = account.name if account else "no usual account: choose one"
            rows.append((_mono(code), title, kind, role.value, comments(Role).get(role.name, ""), _booking(role)))
        for gateway, (number, title) in channel.CLEARING.items():
            kind = f"{named[f'TO-{number}'].kind} ({named[f'TO-{number}'].classification})"
            booking = _mono(Category.CLEARING_GATEWAY.value)
            rows.append((_mono(f"TO-{number}"), title, kind, Role.CLEARING.value, f"money by {gateway}", booking))
        yield table(("Code", "Name", "Type", "Role", "What it is for", "Categories"), rows)
    yield "## The first mapping"
    yield (
        "By the country the books are kept in, for sales at a marketplace of that country; what is sold abroad books "
        "to the same accounts without tax. Account, tax code and rate of each role, and of each category that goes "
        "its own way. A starting point, not a statement of law."
    )
    yield _first_mapping()


def categories() -> Iterator[str]:
    """What a line of a settlement can mean: the closed list."""
    said = comments(Category)
    rows = []
    for each in Category:
        role = role_of(each)
        heading = headings.heading_of(each) if role else "none: it never reaches a document"
        rows.append((_mono(each.value), said[each.name], heading, role.value if role else "none: it waits"))
    yield "The heading is the line's words on a document; the role says to which [account](accounts.md) it books."
    yield table(("Category", "Meaning", "Heading", "Role"), rows)


def channel_pages() -> Iterator[str]:
    """Each channel: where its files come from, how they are known, which labels have a meaning."""
    for channel in channels.channels().values():
        yield f"## {channel.LABEL}"
        yield inspect.cleandoc(channel.__doc__ or "")
        yield f"Name `{channel.NAME}`; its accounts begin at `TO-{channel.BLOCK}` ([accounts](accounts.md))."
        yield "### Formats"
        yield "\n".join(f"- {name}: {len(columns)} columns known" for name, columns in channel.FORMATS.items())
        yield "Kept are these columns and no other: " + ", ".join(map(_mono, sorted(channel.COLUMNS))) + "."
        if counts := _label_counts(channel):
            yield "### Labels"
            yield "Rows of the map by how well each is known. Those marked unverified are off until a file shows them."
            yield table(("Confidence", "Rows"), [*sorted(counts.items()), ("all", counts.total())])
    yield "## Files that are known and not read"
    yield "They are refused by name, with what to import instead."
    yield table(("File", "Said"), dict.fromkeys((other.what, other.wanted + ".") for other in other_formats()))


def statuses() -> Iterator[str]:
    """How far a settlement has come, and each of its documents."""
    yield "## Of a settlement"
    yield "`tieout settlements --status` takes the first column. Each is shown with its reason."
    said = comments(status.Status)
    yield table(("Status", "Badge", "Means"), [(_mono(s.value), status.TITLES[s], said[s.name]) for s in status.Status])
    yield "## Of a document on its way"
    said = comments(posting.State)
    yield table(("State", "Means"), [(_mono(state.value), said[state.name]) for state in posting.State])


def tables() -> Iterator[str]:
    """Everything that is kept: each table and column of the database."""
    yield (
        "The same on SQLite and PostgreSQL. A table that has the column `organisation` leads its key with it, so that "
        "no row can point into another organisation; row security stands behind it on PostgreSQL. Amounts are "
        "integers of 1/10000 units, moments UTC texts."
    )
    load_tables()
    for module in pkgutil.iter_modules(tieout.store.__path__):
        if module.ispkg:
            continue
        holder = importlib.import_module(f"tieout.store.{module.name}")
        if found := [each for name, each in vars(holder).items() if _is_home(holder, name, each)]:
            yield f"## {module.name}"
            yield inspect.cleandoc(holder.__doc__ or "")
            for each in found:
                yield f"### `{each.name}`"
                yield table(("Column", "Kind", "Key"), [_column(column) for column in each.columns])


def problem_pages() -> Iterator[str]:
    """What can be wrong: how each problem is seen, what Tieout does by itself, who can end it."""
    yield (
        "When the facts prove several, the first is the root cause; [problems.csv](problems.csv), the same for "
        "programs, has them in that order. *Caused by* is what its test does, with the names of [faults](faults.md)."
    )
    yield "## Who, and when again"
    said = comments(problem.Owner)
    yield table(("Owner", "Is"), [(_mono(owner), said[owner.name]) for owner in problem.Owner])
    said = comments(problem.RetryClass)
    yield table(("Again", "Means"), [(_mono(retry), said[retry.name]) for retry in problem.RetryClass])
    for family, about in problems.families().items():
        yield f"## {family.capitalize()}"
        yield about
        for each in problems.problems():
            if each.family == family:
                yield f"### {each.code}"
                yield f"**{problems.spoken(each)}**"
                yield each.cause
                rows = [("Seen as", each.seen_as), ("Tieout does", each.does), ("Owner", each.owner)]
                rows += [("Again", each.retry), ("Caused by", ", ".join(map(_mono, each.faults)))]
                yield table(("", ""), rows)


def problem_table() -> str:
    """problems.csv: a line a problem."""
    heads = ("code", "family", "title", "cause", "symptom", "auto_action", "owner", "retry_class", "inject")
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow(heads)
    for each in problems.problems():
        told = (each.code, each.family, each.title, each.cause, each.seen_as, each.does, each.owner, each.retry)
        lines.writerow((*told, "; ".join(each.faults)))
    return written.getvalue()


def fault_names() -> Iterator[str]:
    """The names of what can go wrong outside; every stand-in knows them, none is ever renamed."""
    yield (
        "*Strikes* says which request meets it: any, every one below `api`, a `write`, at the `token` endpoint or the "
        "`refresh` there, at `consent`, at the delivery of a `hook`; `hand` is done at once and cannot be armed."
    )
    for group in dict.fromkeys(named.group for named in faults.NAMES.values()):
        yield f"## {group.capitalize()}"
        named = [each for each in faults.NAMES.values() if each.group == group]
        yield table(("Fault", "Strikes", "What happens"), [(_mono(each.name), each.where, each.what) for each in named])


def api_pages() -> Iterator[str]:
    """Every address that other programs may call, its scope, and every code it refuses with."""
    yield (
        "The machine-readable form is served at `/api/openapi.json`, with every field, and needs no token. A call "
        "carries `Authorization: Bearer tieout_…`, a token that [`tieout tokens create`](cli.md) shows once; a token "
        "for several organisations names one with `Tieout-Organization`. Amounts are decimal strings, moments RFC "
        f"3339 in UTC. The present `Tieout-Version` is `{api.VERSION}`."
    )
    routes = sorted(api.all_routes(), key=lambda route: (route.path, route.method))
    yield "## Addresses"
    rows = [
        (_mono(f"{route.method} {route.path}"), route.summary, _mono(route.scope or "") or "none", _answers(route))
        for route in routes
    ]
    yield table(("Call", "Does", "Scope", "Answers"), rows)
    for route in routes:
        yield f"### {route.name}"
        yield "```\n" + f"{route.method} {route.path}" + "\n```"
        yield inspect.cleandoc(route.function.__doc__ or route.summary)
        reads, refuses = (
            api.headers_of(route),
            [code for code in api.codes_of(route) if code not in api.everywhere(route)],
        )
        own = f" Refuses besides with {', '.join(map(_mono, refuses))}." if refuses else ""
        yield f"Reads {', '.join(map(_mono, reads))}.{own}"
    yield "## Scopes"
    said = comments(tokens.Scope)
    yield "What the person behind a token may not do, the token may not either."
    rows = [(_mono(scope), said[scope.name], tokens.RIGHTS[scope].value) for scope in tokens.Scope]
    yield table(("Scope", "Allows to", "The person's right"), rows)
    yield "## Errors"
    yield (
        "Every answer of 400 or more is `application/problem+json` with the same members; `code` is stable, `title` "
        "and `detail` are for people. `fields` names every mistake of a request at once."
    )
    rows = [(code.status, _mono(name), code.when, _mono(code.retry)) for name, code in api.CODES.items()]
    yield table(("Status", "Code", "When", "Again"), rows)
    yield table(("Code of a field", "Means"), [(_mono(code), means) for code, means in api.FIELD_CODES.items()])


def modules() -> Iterator[str]:
    """Every module of the product, room by room, by the first sentence of its own text: which file to open."""
    rooms: dict[str, list[Row]] = {}
    for path in sorted((ROOT / "tieout").rglob("*.py")):
        place = path.relative_to(ROOT / "tieout")
        if "migrations" in place.parts or (path.name == "__init__.py" and path.stat().st_size < _EMPTY_BYTES):
            continue
        room = place.parts[0] if len(place.parts) > 1 else "above the rooms"
        rooms.setdefault(room, []).append((f"`{place.as_posix()}`", _first_sentence(path)))
    for room, rows in sorted(rooms.items()):
        yield f"## {room}"
        yield table(("File", "Holds"), rows)


PAGES: dict[str, tuple[str, Callable[[], Iterator[str]]]] = {
    "cli.md": ("The command line", cli),
    "settings.md": ("Settings", settings),
    "accounts.md": ("Accounts", accounts),
    "categories.md": ("Categories", categories),
    "channels.md": ("Channels", channel_pages),
    "statuses.md": ("Statuses", statuses),
    "tables.md": ("Tables", tables),
    "faults.md": ("Faults", fault_names),
    "problems.md": ("Problems", problem_pages),
    "api.md": ("The API", api_pages),
    "modules.md": ("Modules", modules),
}


# --- What they are made of ----------------------------------------------------------------------------------


def _first_sentence(path: Path) -> str:
    text = " ".join((ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n\n")[0].split())
    end = re.search(r"[.:](?= [A-Z`]|$)", text)
    return (text[: end.start()] if end else text).rstrip(".:")


def comments(members: type[Enum]) -> dict[str, str]:
    """The comment beside each member of an enum, by the member's name."""
    return dict(re.findall(r"^ +(\w+) = .*?  # (.+)$", inspect.getsource(members), re.M))


def table(heads: Row, rows: Iterable[Row]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def _answers(route: Any) -> str:
    return ", ".join(
        f"{status} {model.__name__.replace('[', ' of ').rstrip(']')}" for status, model in route.answers.items()
    )


def _mono(text: str) -> str:
    return f"`{text}`" if text else ""


def _app_settings(prefix: str, urls: Any) -> str:
    rows = [_setting(prefix, each) for each in environment.app_settings(urls)]
    return table(("Variable", "Default", "Meaning"), rows)


def _setting(prefix: str, setting: environment.Setting) -> Row:
    return _mono(prefix + setting.name), _mono(setting.default), setting.meaning


def _commands(command: Any, name: str) -> Iterator[str]:
    """A command, or every command of a group in the order of its name."""
    inner = getattr(command, "commands", {})
    for each in sorted(inner):
        yield from _commands(inner[each], f"{name} {each}")
    if not inner:
        arguments = [each for each in command.params if each.param_type_name == "argument"]
        options = [each for each in command.params if each.param_type_name == "option"]
        yield f"## {name}"
        yield "```\n" + " ".join([name, *map(_argument, arguments), *(["[OPTIONS]"] if options else [])]) + "\n```"
        yield inspect.cleandoc(command.help or "")
        if rows := [_parameter(each) for each in (*arguments, *options)]:
            yield table(("Argument or option", "Default", "Meaning"), rows)


def _argument(argument: Any) -> str:
    shown = f"<{argument.name}>" + ("…" if argument.nargs == -1 else "")
    return shown if argument.required else f"[{shown}]"


def _parameter(each: Any) -> Row:
    name = _argument(each) if each.param_type_name == "argument" else ", ".join((*each.opts, *each.secondary_opts))
    default = "" if each.default in (None, "") or getattr(each, "is_flag", False) else str(each.default)
    bounds = [f"{word} {bound}" for word, bound in (("at least", each.min), ("at most", each.max)) if bound is not None]
    return _mono(name), _mono(default), each.help + (f" {', '.join(bounds).capitalize()}." if bounds else "")


def _code(role: Role, block: int) -> str:
    try:
        return defaults.account_code(role, block)
    except KeyError:
        return ""


def _booking(role: Role) -> str:
    return ", ".join(_mono(category.value) for category in Category if role_of(category) is role)


def _first_mapping() -> str:
    countries = (*defaults._TAXES, "")
    mapped = [dict(defaults.default_mapping(country).entries) for country in countries]
    nodes = sorted({node for each in mapped for node in each})
    rows = [(_mono(node.scope), *(_entry(each.get(node)) for each in mapped)) for node in nodes]
    return table(("Role or category", *(country or "elsewhere" for country in countries)), rows)


def _entry(entry: Any) -> str:
    return f"{entry.account} {entry.tax} {(entry.rate * 100).normalize():f} %" if entry else "as its role"


def _label_counts(channel: Any) -> Counter[str]:
    """The channel's labels.csv by confidence; empty where it has none."""
    labels = files(channel.__name__).joinpath("labels.csv") if hasattr(channel, "__path__") else None
    if labels is None or not labels.is_file():
        return Counter()
    return Counter(row["confidence"] for row in csv.DictReader(labels.read_text(encoding="utf-8").splitlines()))


def _is_home(holder: Any, name: str, found: object) -> bool:
    """Whether this module makes the table, rather than imports it: then the name is assigned at its top."""
    return isinstance(found, sa.Table) and bool(re.search(rf"^{name}\b.*= ", inspect.getsource(holder), re.M))


def _column(column: sa.Column[Any]) -> Row:
    kind = column.type
    shown = type(kind).__name__.lower() if isinstance(kind, sa.types.TypeDecorator) else str(kind).lower()
    shown = {"amount4": "amount", "varchar": "text"}.get(shown, shown.replace("varchar", "text"))
    links = {key.column.table.name for key in column.foreign_keys if column.name != "organisation"}
    marks = ["key"] * column.primary_key + [f"→ `{name}`" for name in sorted(links)]
    return _mono(column.name), shown + (" or none" if column.nullable else ""), " ".join(marks)


# --- Writing and checking -----------------------------------------------------------------------------------


def pages() -> dict[Path, str]:
    """Every page of the reference with its text."""
    made = {FOLDER / name: _page(title, page.__doc__ or "", page()) for name, (title, page) in PAGES.items()}
    listed = [f"- [{title}]({name}): {_lowered(page.__doc__ or '')}" for name, (title, page) in PAGES.items()]
    for name, text in stand_in_pages():
        made[FOLDER / name] = text
        listed.append(f"- [{text.partition(chr(10))[0].removeprefix('# ')}]({name})")
    made[FOLDER / "problems.csv"] = problem_table()
    return made | {FOLDER / "README.md": _page("Reference", "What there is, as the code says it.", ["\n".join(listed)])}


def stand_in_pages() -> Iterator[tuple[str, str]]:
    """What each stand-in says of itself: those with a module `covered` write their own page."""
    for module in pkgutil.iter_modules(tieout.sandbox.__path__):
        name = f"tieout.sandbox.{module.name}"
        if module.ispkg and any(inner.name == "covered" for inner in pkgutil.iter_modules(_path(name))):
            yield f"{module.name}-stand-in.md", importlib.import_module(f"{name}.covered").page()


def _path(package: str) -> list[str]:
    return list(importlib.import_module(package).__path__)


def _page(title: str, about: str, parts: Iterable[str]) -> str:
    return "\n\n".join((f"# {title}", MADE, about, *parts)) + "\n"


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def stale(wanted: dict[Path, str]) -> Iterator[str]:
    for path, text in wanted.items():
        if not path.is_file():
            yield f"{path.relative_to(ROOT)} is missing"
        elif path.read_text(encoding="utf-8") != text:
            yield f"{path.relative_to(ROOT)} is stale"
    for path in sorted((*FOLDER.glob("*.md"), *FOLDER.glob("*.csv"))):
        if path not in wanted:
            yield f"{path.relative_to(ROOT)} comes from nothing in the code"


def main(arguments: Sequence[str]) -> int:
    wanted = pages()
    if "--check" in arguments:
        found = list(stale(wanted))
        sys.stderr.writelines(f"{each}: run `{COMMAND}` and commit the page with the change\n" for each in found)
        return 1 if found else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
