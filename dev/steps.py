"""Set-up as steps: each records its completion under .o2c/stamps, so a run stopped anywhere goes on where it was."""

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass

from . import place
from .shell import Failure, held_locks, resume, say, stop_children

HEARTBEAT = 15  # seconds between two lines of "still working"


@dataclass(frozen=True)
class Step:
    """One thing to be done once; again when ``inputs`` (a hash) changes or ``result`` is gone."""

    name: str
    run: Callable[[], None]
    inputs: str
    after: tuple = ()
    result: object = None

    @property
    def stamp(self):
        return place.STAMPS / self.name

    def done(self):
        if self.result is not None and not self.result.exists():
            return False
        return self.stamp.exists() and self.stamp.read_text() == self.inputs

    def do(self):
        """Run the step; only then, and in one rename, record that it is done."""
        self.stamp.unlink(missing_ok=True)
        self.run()
        write(self.stamp, self.inputs)


def write(path, text, mode=0o644):
    """Write a file so that it is there whole or not at all."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as sink:
        sink.write(text)
        sink.flush()
        os.fsync(sink.fileno())
    fresh.replace(path)


@contextlib.contextmanager
def building(target):
    """Give an empty folder to build in; it takes the place of ``target`` when the block ends well."""
    fresh = target.with_name(f"{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    yield fresh
    shutil.rmtree(target, ignore_errors=True)
    fresh.replace(target)


@contextlib.contextmanager
def lock(name):
    """Let only one process of this set-up into the block; children of a killed one count until they end."""
    with open(place.HOME / f"{name}.lock", "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting: another ./o2c is busy with the {name} of this checkout")
            fcntl.flock(handle, fcntl.LOCK_EX)
        held_locks.add(handle.fileno())
        try:
            yield
        finally:
            held_locks.discard(handle.fileno())


def run_all(steps):
    """Run the steps that are not done, side by side where their order allows it."""
    waiting = [step for step in steps if not step.done()]
    open_names = {step.name for step in waiting}
    running = {}
    pool = ThreadPoolExecutor(max_workers=max(1, len(waiting)))
    try:
        while waiting or running:
            for step in [step for step in waiting if not open_names.intersection(step.after)]:
                waiting.remove(step)
                say(f"{step.name} ...")
                running[pool.submit(step.do)] = (step.name, time.monotonic())
            _collect(running, open_names)
    except BaseException:
        stop_children()
        raise
    finally:
        pool.shutdown()
        resume()


def _collect(running, open_names):
    """Wait for the next step to end, with a line now and then so that nobody thinks it hangs."""
    finished, _ = wait(running, timeout=HEARTBEAT, return_when=FIRST_COMPLETED)
    if not finished:
        say("still working: " + ", ".join(name for name, _ in running.values()))
    for future in finished:
        name, began = running.pop(future)
        try:
            future.result()
        except OSError as error:
            raise Failure(f"{name}: {error.strerror or error} ({error.filename or place.HOME})") from error
        open_names.discard(name)
        say(f"{name} done ({time.monotonic() - began:.0f} s)")
