"""A real Spark standalone cluster on loopback: one master and two workers, each a process."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO

_MASTER = "org.apache.spark.deploy.master.Master"
_WORKER = "org.apache.spark.deploy.worker.Worker"
_STARTED = re.compile(r"Starting Spark master at (spark://127\.0\.0\.1:\d+)")
_REGISTERED = re.compile(r"Successfully registered with master (\S+)")
_SECONDS = 120
_SMALL_JAVA = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xss4m"
_SMALL_DATA = f"""\
spark.sql.shuffle.partitions 1
spark.default.parallelism 1
spark.sql.adaptive.enabled false
spark.sql.codegen.wholeStage false
spark.sql.codegen.factoryMode NO_CODEGEN
spark.driver.memory 512m
spark.executor.memory 512m
spark.driver.extraJavaOptions {_SMALL_JAVA}
spark.executor.extraJavaOptions {_SMALL_JAVA}
"""


def missing() -> str | None:
    """Say what a cluster would need and this machine lacks, or None."""
    if find_spec("pyspark") is None:
        return "pyspark is not installed"
    if shutil.which("java") is None:
        return "no java on the PATH (Debian: openjdk-17-jre-headless)"
    return None


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Start the three processes and give the master's URL; they end with the block."""
    (folder / "spark-defaults.conf").write_text(_SMALL_DATA)
    settings = {"SPARK_CONF_DIR": str(folder), "SPARK_LOCAL_IP": "127.0.0.1"}
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        with ExitStack() as stack:
            url = stack.enter_context(_daemon(folder, _MASTER, _STARTED, "--port", "0"))
            for number in (1, 2):
                limits = ("--cores", "1", "--memory", "600m")
                place = ("--work-dir", str(folder / f"work{number}"))
                stack.enter_context(_daemon(folder, _WORKER, _REGISTERED, *limits, *place, url))
            yield url
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


@contextmanager
def _daemon(folder: Path, role: str, ready: re.Pattern[str], *arguments: str) -> Iterator[str]:
    """Run one daemon in the foreground; gives what ``ready`` caught in its log."""
    spec = find_spec("pyspark")
    assert spec is not None
    home = Path(str(spec.origin)).parent
    command = [str(home / "bin" / "spark-class"), role, "--host", "127.0.0.1", "--webui-port", "0"]
    process = subprocess.Popen(
        [*command, *arguments],
        env=os.environ | {"SPARK_HOME": str(home), "SPARK_DAEMON_JAVA_OPTS": _SMALL_JAVA},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        cwd=folder,
    )
    watchdog = threading.Timer(_SECONDS, process.kill)
    assert process.stdout is not None
    rest = threading.Thread(target=process.stdout.read, daemon=True)
    watchdog.start()
    try:
        url = _announced(process.stdout, ready, rest)
        watchdog.cancel()
        yield url
    finally:
        watchdog.cancel()
        process.terminate()
        process.wait(timeout=30)
        if rest.ident is not None:
            rest.join(timeout=30)
        process.stdout.close()


def _announced(log: IO[str], ready: re.Pattern[str], rest: threading.Thread) -> str:
    """Read the log until the daemon is ready, and leave what follows to ``rest``."""
    seen = []
    for line in log:
        seen.append(line)
        if found := ready.search(line):
            rest.start()
            return found[1]
    raise AssertionError("".join(seen))
