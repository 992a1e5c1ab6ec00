"""A pytest plugin: with CI=true in the environment, a run in which any test was skipped has failed.

A skipped test looks green and proves nothing, so where everything must run, a missing tool is a failure.
"""

import os

import pytest

_skipped: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped:
        _skipped.append(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        _skipped.append(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if _skipped and is_strict() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _skipped and is_strict():
        terminalreporter.section("skipped tests fail this run (CI=true)", red=True)
        for nodeid in sorted(set(_skipped)):
            terminalreporter.write_line(nodeid)


def is_strict() -> bool:
    return os.environ.get("CI", "").lower() in ("1", "true")
