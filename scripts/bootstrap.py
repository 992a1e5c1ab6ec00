#!/usr/bin/env python3
"""Gives a bare machine its environment, in `.venv` beside the source: `python3 scripts/bootstrap.py run|dev|lock`.

run: what `make demo` and `make serve` need. dev: that, and what tests and checks need. lock: writes both lists again
(further arguments go to uv, such as --upgrade).

Standard library only, and it starts on any Python from 3.8 on, so that it can say in one sentence what is missing. It
touches nothing outside `.venv`. Packages come from wherever pip is configured to look, and must match the hashes in the
lists (requirements.lock, requirements-dev.lock). A set-up that was interrupted is taken up by the next run; one that is
complete costs next to nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "tieout-setup.json"
LOG = VENV / "tieout-setup.log"
BENCH = ROOT / "requirements-bench.lock"  # what `make bench` compares with; installed by it alone
LISTS = {"run": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}
NAMES = ("python3.14", "python3.13", "python3.12", "python3.11", "python3")
# Debian packs Python without ensurepip, and then pip cannot be had.
PROBE = """import sys
try:
    import ensurepip, venv
    part = "complete" if ensurepip.version() else "bare"
except Exception:
    part = "bare"
print("%d.%d.%d" % sys.version_info[:3], part)
"""
AGAIN = "then give the same command again."


class Stop(Exception):
    """Something is missing; the message is one sentence that says what, and what to do."""


def main(arguments: Sequence[str]) -> int:
    task, *rest = arguments or ["dev"]
    if task not in ("run", "dev", "lock"):
        say("usage: python3 scripts/bootstrap.py run|dev|lock")
        return 2
    kind = "run" if task == "run" else "dev"
    try:
        if not is_ready(kind):
            set_up(kind)
        if task == "lock":
            write_lists(rest)
    except Stop as stop:
        say(str(stop))
        return 1
    except OSError as error:
        say(f"The set-up could not go on ({error}): mend that, {AGAIN}")
        return 1
    except KeyboardInterrupt:
        say("The set-up was interrupted; the same command takes it up again.")
        return 130
    return 0


def say(sentence: str) -> None:
    # Standard error, so that a command with --json keeps its standard output clean.
    print(sentence, file=sys.stderr, flush=True)


# --- Is there anything to do? -----------------------------------------------------------------------------------------


def is_ready(kind: str) -> bool:
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
        return PYTHON.exists() and stamp["of"] == fingerprint() and stamp["kind"] in (kind, "dev")
    except (OSError, ValueError, KeyError, TypeError):
        return False


def fingerprint() -> str:
    """Changes with the lists, the package's own metadata, this script, the folder and the interpreter."""
    digest = hashlib.sha256(repr((str(ROOT), os.path.realpath(str(PYTHON)))).encode())
    for path in (*LISTS.values(), ROOT / "pyproject.toml", Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def write_stamp(kind: str) -> None:
    unfinished = STAMP.with_suffix(".unfinished")
    unfinished.write_text(json.dumps({"kind": kind, "of": fingerprint()}), encoding="utf-8")
    unfinished.replace(STAMP)


# --- The set-up -------------------------------------------------------------------------------------------------------


def set_up(kind: str) -> None:
    if not os.access(str(ROOT), os.W_OK):
        raise Stop(f"Nothing can be written to {ROOT}: allow it, or copy the source to a folder of yours, {AGAIN}")
    with one_at_a_time():
        if is_ready(kind):  # another set-up finished while this one waited
            return
        started = time.monotonic()
        if was_interrupted() or not is_sound():
            make_environment()
        if STAMP.exists():
            STAMP.unlink()
        LOG.write_text("", encoding="utf-8")
        uv = install_tools()
        install_packages(kind, uv)
        install_tieout(uv)
        write_stamp(kind)
        say(f"Set up in {time.monotonic() - started:.1f} s.")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Holds the operating system's lock on the source folder; it falls by itself when this process ends."""
    try:
        import fcntl
    except ImportError:
        raise Stop("Tieout runs on Linux and macOS; on Windows use the Linux subsystem (wsl --install).") from None
    folder = os.open(str(ROOT), os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def was_interrupted() -> bool:
    """Packages may be there in part: only a set-up that came to its end leaves a stamp beside its log."""
    return LOG.exists() and not STAMP.exists()


def is_sound() -> bool:
    """Whether the environment was made here, and has a whole pip and an interpreter of its own that runs and suits."""
    # INSTALLER is the last thing that is written of a package; RECORD comes out of the wheel with everything else.
    check = (
        "import sys, importlib.metadata as m; pip = m.distribution('pip').read_text('INSTALLER'); "
        "sys.exit(sys.version_info < (3, 11) or sys.prefix == sys.base_prefix or not pip)"
    )
    settings = VENV / "pyvenv.cfg"
    was_made_here = settings.exists() and str(VENV) in settings.read_text(encoding="utf-8")
    return was_made_here and PYTHON.exists() and run([str(PYTHON), "-I", "-c", check])[0]


def make_environment() -> None:
    python, version = find_python()
    say(f"Setting up Tieout in {VENV.name} with Python {version} (once; later starts skip this) …")
    if VENV.is_symlink() or (VENV.exists() and not VENV.is_dir()):
        raise Stop(f"{VENV} is not a folder: remove it, {AGAIN}")
    done, output = run([python, "-I", "-m", "venv", "--clear", str(VENV)])
    if not done:
        raise Stop(f"{python} could not make the environment {VENV} ({last_line(output)}): mend that, {AGAIN}")


def install_tools() -> bool:
    """pip brings uv, which installs the rest in a second or two, and what builds Tieout itself. False: pip must do."""
    tools = {name: text for name, text in stanzas(LISTS["dev"]) if name in ("uv", "flit-core")}
    with_uv, output = pip_install(tools.values())
    if with_uv:
        return True
    if "Retrying (" in output:
        raise Stop(unreachable(output))
    done, output = pip_install([tools["flit-core"]])  # a machine for which there is no uv
    if not done:
        raise Stop(unreachable(output))
    return False


def pip_install(pins: Iterable[str]) -> tuple[bool, str]:
    """Installs exactly these pins, by hash, wheels only, with pip."""
    wanted = VENV / "tieout-setup.txt"
    wanted.write_text("\n".join(pins), encoding="utf-8")
    return run([*PIP, "--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(wanted)])


def unreachable(output: str) -> str:
    if "Retrying (" in output:
        trouble = "The package index that pip is configured for cannot be reached"
    else:
        trouble = f"The package index that pip is configured for does not give what is needed ({last_line(output)})"
    return f"{trouble}: check the network and pip's index and proxy settings (details in {LOG}), {AGAIN}"


def install_packages(kind: str, uv: bool) -> None:
    """Everything in the list, by hash. Should uv fail where pip would not (a proxy, a certificate), pip tries too."""
    # pysqlite3 must bring the SQLite it was made for: built here, it would take the system's, which may be unsafe.
    options = ["--require-hashes", "--only-binary", "pysqlite3", "-r"]
    say("Installing the packages that the list names …")
    if uv and run([*UV, *options, str(LISTS[kind])], uv_environment())[0]:
        return
    wanted = VENV / "tieout-setup.txt"
    wanted.write_text("\n".join(text for name, text in stanzas(LISTS[kind]) if name != "uv"), encoding="utf-8")
    done, output = run([*PIP, *options, str(wanted)])
    if not done:
        raise Stop(unreachable(output))


def install_tieout(uv: bool) -> None:
    """The package itself, editable: the command in .venv/bin runs the source as it stands."""
    options = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    done, output = run([*UV, *options], uv_environment()) if uv else (False, "")
    if not done:
        done, output = run([*PIP, *options])
    if done:
        done, output = run([str(PYTHON), "-I", "-c", "import tieout"])
    if not done:
        raise Stop(f"Tieout itself could not be installed ({last_line(output)}); {LOG} has the whole output.")


def stanzas(path: Path) -> list[tuple[str, str]]:
    """Each pin of a list by its name: the line with the version, and the lines of hashes that follow it."""
    texts = re.split(r"\n(?=[A-Za-z0-9])", path.read_text(encoding="utf-8").strip())
    return [(re.split(r"[=\[ ;]", text, maxsplit=1)[0], text) for text in texts]


# --- Python -----------------------------------------------------------------------------------------------------------


def find_python() -> tuple[str, str]:
    """The newest Python from 3.11 on that can make environments, and its version; a Stop says what to install."""
    found = []
    for name in dict.fromkeys((*NAMES, sys.executable)):
        done, output = run([name, "-I", "-c", PROBE])
        if done and len(words := output.split()) == 2:
            found.append((name, words[0], words[1] == "complete"))
    recent = [(name, version, whole) for name, version, whole in found if minor(version) >= (3, 11)]
    for name, version, whole in recent:
        if whole:
            return name, version
    raise Stop(without_venv(recent[0][1], found) if recent else without_python(found))


def minor(version: str) -> tuple[int, int]:
    return int(version.split(".")[0]), int(version.split(".")[1])


def without_venv(version: str, found: list[tuple[str, str, bool]]) -> str:
    major_minor = ".".join(version.split(".")[:2])
    is_default = any(name == "python3" and v == version for name, v, _ in found)
    package = "python3-venv" if is_default else f"python{major_minor}-venv"
    return f"Python {version} is here without its venv module: run `apt-get install {package}` as root, {AGAIN}"


def without_python(found: list[tuple[str, str, bool]]) -> str:
    here = "found only " + ", ".join(sorted({version for _, version, _ in found})) if found else "found none"
    if sys.platform == "darwin":
        remedy = "install one from python.org or with `brew install python@3.13`"
    else:
        remedy = "install one (on Debian 12 or newer, as root: `apt-get install python3 python3-venv`)"
    return f"Tieout needs Python 3.11 or newer and {here}: {remedy}, {AGAIN}"


# --- Running other programs -------------------------------------------------------------------------------------------

PIP = [str(PYTHON), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
UV = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--python", str(PYTHON)]


def run(command: Sequence[str], more: dict[str, str] | None = None) -> tuple[bool, str]:
    """Whether the command succeeded, and all it said; both are kept in the log once there is an environment."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PIP_TARGET", "PIP_PREFIX")}
    environment = {"PIP_RETRIES": "2", **environment, "PIP_USER": "0", **(more or {})}
    try:
        result = subprocess.run(
            command, cwd=str(ROOT), env=environment, stdout=-1, stderr=-2, text=True, errors="replace"
        )
        done, output = result.returncode == 0, result.stdout
    except OSError as error:
        done, output = False, f"{command[0]}: {error.strerror}"
    if LOG.exists() and "config" not in command:  # pip's settings may hold a password
        with LOG.open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(command)}\n{output}\n")
    return done, output


def last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["it said nothing"])[-1]


def uv_environment() -> dict[str, str]:
    """pip's configured index, proxy and certificates in uv's words. What is set for uv itself wins."""
    pip = pip_settings()
    words = {
        "UV_DEFAULT_INDEX": pip.get("index-url"),
        "UV_INDEX": pip.get("extra-index-url"),
        "UV_FIND_LINKS": ",".join(pip.get("find-links", "").split()),
        "UV_NO_INDEX": pip.get("no-index"),
        "UV_INSECURE_HOST": pip.get("trusted-host"),
        "UV_HTTP_TIMEOUT": pip.get("timeout", pip.get("default-timeout")),
        "SSL_CERT_FILE": pip.get("cert"),
        "SSL_CLIENT_CERT": pip.get("client-cert"),
        "ALL_PROXY": pip.get("proxy"),
        # Every hash is checked, so which index a file comes from does not matter.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_PYTHON_DOWNLOADS": "never",
    }
    return {name: value for name, value in words.items() if value and not os.environ.get(name)}


def pip_settings() -> dict[str, str]:
    """What pip's files and variables say, for `pip install`; a variable wins over [install], and that over [global]."""
    _, output = run([str(PYTHON), "-I", "-m", "pip", "config", "list"])
    said = re.findall(r"^(global|install|:env:)\.([\w-]+)='(.*)'$", output, re.M)
    order = ("global", "install", ":env:")
    return {name: value for section in order for where, name, value in said if where == section}


# --- The lists --------------------------------------------------------------------------------------------------------


def write_lists(arguments: Sequence[str]) -> None:
    """Names, versions, hashes and markers for every system we run on; no address, no note of where a pin comes from."""
    compile_list = [str(VENV / "bin" / "uv"), "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
    plain = ["--generate-hashes", "--no-emit-index-url", "--no-annotate", "--no-header", *arguments, "pyproject.toml"]
    for kind, more in (("run", []), ("dev", ["--group", "dev", "--constraint", str(LISTS["run"])])):
        done, output = run([*compile_list, *plain, *more, "--output-file", LISTS[kind].name], uv_environment())
        if not done:
            raise Stop(f"{LISTS[kind].name} could not be written: {output.strip()}")
        say(f"{LISTS[kind].name}: {len(stanzas(LISTS[kind]))} packages")
    done, output = run([*compile_list, *plain[:-1], "--group", "bench", "--output-file", BENCH.name], uv_environment())
    if not done:
        raise Stop(f"{BENCH.name} could not be written: {output.strip()}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
