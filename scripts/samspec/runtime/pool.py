"""The workers of one function: one invocation at a time each, more of them when requests wait."""

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from samspec.runtime import failures
from samspec.runtime.api import Task
from samspec.runtime.invocation import Failure, FunctionFailed, IntegrationTimedOut, Invocation
from samspec.runtime.watch import Watch
from samspec.runtime.worker import Worker, is_debugged
from samspec.sam.errors import ProjectError
from samspec.sam.functions import LambdaFunction

log = logging.getLogger("gateway")

Start = Callable[[Callable[[Worker], None]], Worker]
OWN_SHARE = 0.25  # of one processor: more is what a gateway uses that has much to do
LOOK_EVERY = 0.2  # seconds, at a process that is busy
SETTLING = 0.2  # seconds in which a file that was just written may still be changing


@dataclass(frozen=True)
class Limits:
    """How many workers a function has, and how long; times are in seconds."""

    most: int = 10  # `concurrency` of a project's configuration
    at_once: int = 4  # so many start without waiting; on Lambda, all would
    patience: float = 0.5  # no request that waits less gets a worker of its own
    turns: float = 2.0  # nor does one that waits less than so many invocations take
    stuck: float = 5.0  # without an end or a start: functions may wait for each other
    start: float = 60.0
    extra_idle: float = 30.0
    last_idle: float = 900.0


class Ticket:
    """A request that waits for a worker."""

    def __init__(self, invocation: Invocation | None):
        self.invocation = invocation
        self.since = time.monotonic()
        self.cpu = time.process_time()
        self.settled = threading.Event()
        self.worker: Worker | None = None
        self.failure: Failure | None = None
        self.error: ProjectError | None = None

    def fail(self, worker: Worker) -> None:
        """Tell of a worker that could not start."""
        self.failure = worker.failure
        if self.invocation:
            self.invocation.lines += worker.early_lines
        self.settled.set()


class Pool:
    """Runs a function's invocations.

    `start` starts one more worker. Those beyond the first ones take the `gate` while they start:
    more at a time than the machine has cores would only slow down those that serve.
    """

    def __init__(
        self,
        function: LambdaFunction,
        start: Start,
        limits: Limits,
        watch: Watch,
        gate: threading.Semaphore,
    ):
        self.function = function
        self._start = start
        self._limits = limits
        self._watch = watch
        self._gate = gate
        self._progress = 0.0  # when a worker was last released, became ready or was started
        self._usual = 0.0  # seconds that an invocation takes, the last ones counting most
        self._lock = threading.Lock()
        self._state: Any = None  # of the function's files, as the workers have it
        self._idle: list[Worker] = []
        self._workers: dict[Worker, Any] = {}  # those that are ready, idle or busy: their files
        self._starting: dict[Worker, Any] = {}
        self._begun = 0  # starts that have no process yet
        self._waiting: deque[Ticket] = deque()
        self._closed = False

    def invoke(self, invocation: Invocation, payload: bytes, limit: float) -> bytes:
        """The function's result within `limit` seconds; raises as Runner.invoke does."""
        ends = time.monotonic() + limit
        while True:
            task = Task(invocation, payload)
            worker = self._take(invocation, ends, limit)
            worker.give(task)
            self._wait(worker, task, ends, limit)
            if task.settled.is_set() and not self._is_lost(worker, task):
                return self._result(worker, task)

    def warm(self) -> None:
        """Start a worker, where there is none, and wait for it; raises as `invoke` does."""
        state = self._watch.state()
        with self._lock:
            if self._workers or self._starting or self._begun:
                return
            self._state = state
            ticket = self._queue(None)
        self._release(self._wait_for(ticket, time.monotonic() + self._limits.start, float("inf")))

    def find(self, key_id: str) -> Worker | None:
        """The worker with these credentials."""
        with self._lock:
            workers = [*self._workers, *self._starting]
        return next((worker for worker in workers if worker.credentials.key_id == key_id), None)

    def tidy(self) -> None:
        """End workers that have been idle for long, or do not come to start."""
        now = time.monotonic()
        with self._lock:
            surplus = []
            for worker in sorted(self._idle, key=lambda worker: worker.idle_since):
                if self._is_surplus(worker, now):
                    self._idle.remove(worker)
                    del self._workers[worker]
                    surplus.append(worker)
            stuck = [w for w in self._starting if now - w.began > self._limits.start]
        for worker in [*surplus, *stuck]:
            worker.stop()

    def close(self) -> None:
        """End all workers."""
        with self._lock:
            self._closed = True
            workers = [*self._workers, *self._starting]
            self._workers.clear()
            self._idle.clear()
        for worker in workers:
            worker.stop()

    def _is_surplus(self, worker: Worker, now: float) -> bool:
        is_last = len(self._workers) == 1
        kept = self._limits.last_idle if is_last else self._limits.extra_idle
        return now - worker.idle_since > kept

    def _take(self, invocation: Invocation, ends: float, limit: float) -> Worker:
        """An idle worker, or the next one that is ready."""
        state = self._watch.state()
        with self._lock:
            stale = self._replace_if_changed(state)
            while self._idle:
                worker = self._idle.pop()
                if not worker.ended:
                    return worker
                del self._workers[worker]
            ticket = self._queue(invocation)
        for worker in stale:
            worker.stop()
        return self._wait_for(ticket, ends, limit)

    def _replace_if_changed(self, state: Any) -> list[Worker]:
        """Forget the idle workers of former files; they are the result, to be ended."""
        if state == self._state:
            return []
        if self._workers:
            log.info("reloaded %s", self.function.name)
        self._state = state
        stale, self._idle = self._idle, []
        for worker in stale:
            del self._workers[worker]
        return stale

    def _queue(self, invocation: Invocation | None) -> Ticket:
        """A new ticket, and a worker for it where few are there."""
        ticket = Ticket(invocation)
        self._waiting.append(ticket)
        if self._count() < self._limits.at_once:
            self._start_for_waiting()
        return ticket

    def _wait_for(self, ticket: Ticket, ends: float, limit: float) -> Worker:
        impatient = time.monotonic() + self._limits.patience
        while not ticket.settled.wait(max(0.0, min(ends, impatient) - time.monotonic())):
            with self._lock:
                for worker in self._starting:
                    worker.limit_memory()
                now = time.monotonic()
                if now >= ends and ticket in self._waiting:
                    self._waiting.remove(ticket)
                    raise IntegrationTimedOut(self.function, limit)
                if self._is_too_long(ticket, now):
                    self._start_for_waiting()
                impatient = now + self._limits.patience
        if ticket.error:
            raise ticket.error
        if ticket.failure:
            raise FunctionFailed(self.function, ticket.failure)
        if ticket.worker is None:
            raise ProjectError(f"{self.function.name}: the gateway is closing")
        return ticket.worker

    def _is_too_long(self, ticket: Ticket, now: float) -> bool:
        """Whether one more worker would help.

        It would not where this process has much to do itself, because requests then wait for it.
        """
        if self._count() >= self._limits.most:
            return False
        still = now - self._progress
        if still > self._limits.stuck:
            return True
        waited = now - ticket.since
        if self._starting or self._begun or _is_at_its_limit(ticket, waited):
            return False
        are_many = self._usual > 0 and waited > self._limits.turns * self._usual
        return are_many or still > 2 * self._limits.patience

    def _count(self) -> int:
        return len(self._workers) + len(self._starting) + self._begun

    def _start_for_waiting(self) -> None:
        """Start a worker, unless as many as wait are starting."""
        if len(self._starting) + self._begun < len(self._waiting):
            is_extra = self._count() >= self._limits.at_once
            gate = self._gate if is_extra else contextlib.nullcontext()
            self._begun += 1
            self._progress = time.monotonic()
            threading.Thread(target=self._start_worker, args=(gate,), daemon=True).start()

    def _start_worker(self, gate: AbstractContextManager[Any]) -> None:
        with gate:
            worker = self._begin()
            if worker and gate is self._gate:
                worker.over.wait(self._limits.start)

    def _begin(self) -> Worker | None:
        """Start a process; None where that cannot be, of which waiting requests are told."""
        state = self._watch.state()
        try:
            worker = self._start(self._on_started)
        except (ProjectError, OSError) as error:
            with self._lock:
                self._begun -= 1
                waiting = self._drain_if_hopeless()
            for ticket in waiting:
                ticket.error = ProjectError(str(error))
                ticket.settled.set()
            return None
        with self._lock:
            self._begun -= 1
            self._starting[worker] = state
            is_over = worker.started or worker.failure is not None
        if is_over:
            self._on_started(worker)
        return worker

    def _on_started(self, worker: Worker) -> None:
        """A worker asks for its first event, or says why it cannot."""
        with self._lock:
            if worker not in self._starting:
                return  # its start is still being written down; it is looked at again then
            state = self._starting.pop(worker)
            closed = self._closed
            if worker.failure is None and not closed and state == self._watch.state():
                self._workers[worker] = state
                self._progress = time.monotonic()
                self._hand_over(worker)
                return
        worker.stop()
        if not closed:
            self._start_failed(worker, state)

    def _start_failed(self, worker: Worker, state: Any) -> None:
        """Let waiting requests fail with it, unless its files were changing meanwhile."""
        if time.time() - self._watch.newest() < SETTLING:
            time.sleep(SETTLING / 2)
        changed = self._watch.state() != state
        with self._lock:
            if changed or worker.failure is None:
                self._start_for_waiting()
                return
            waiting = self._drain_if_hopeless()
        for ticket in waiting:
            ticket.fail(worker)

    def _drain_if_hopeless(self) -> list[Ticket]:
        """The waiting tickets, where no worker is left that could serve them."""
        if self._workers:
            return []
        waiting = list(self._waiting)
        self._waiting.clear()
        return waiting

    def _hand_over(self, worker: Worker) -> None:
        """Give a ready worker to who waits longest; idle it is where nobody waits."""
        if self._waiting:
            ticket = self._waiting.popleft()
            ticket.worker = worker
            ticket.settled.set()
        else:
            self._idle.append(worker)

    def _release(self, worker: Worker) -> None:
        """A worker is free again: keep it, unless it has ended or its files have changed.

        Whoever waits has looked at the files since it came, and the next one will.
        """
        worker.release()
        with self._lock:
            self._progress = time.monotonic()
            is_current = self._workers.get(worker) == self._state and not worker.ended
            if is_current and not self._closed:
                self._hand_over(worker)
                return
            self._discard(worker)
        worker.stop()

    def _discard(self, worker: Worker) -> None:
        self._workers.pop(worker, None)
        self._start_for_waiting()

    def _wait(self, worker: Worker, task: Task, ends: float, limit: float) -> None:
        """Until the task is settled; raises when the function or API Gateway runs out of time."""
        invocation = task.invocation
        while not task.settled.is_set():
            if invocation.debugged or is_debugged():
                task.settled.wait(0.2)
                worker.check()
                continue
            left = _seconds_left(invocation)
            if left <= 0:
                raise self._timed_out(worker)
            until_limit = ends - time.monotonic()
            if until_limit <= 0:
                threading.Thread(target=self._finish, args=(worker, task), daemon=True).start()
                raise IntegrationTimedOut(self.function, limit)
            if not task.settled.wait(min(left, until_limit, LOOK_EVERY)):
                worker.limit_memory()
            worker.check()

    def _finish(self, worker: Worker, task: Task) -> None:
        """What the caller no longer waits for goes on until the function's own time-out."""
        try:
            self._wait(worker, task, float("inf"), float("inf"))
        except FunctionFailed:
            return
        self._release(worker)

    def _timed_out(self, worker: Worker) -> FunctionFailed:
        worker.release()
        worker.stop()
        with self._lock:
            self._discard(worker)
        return FunctionFailed(self.function, failures.timed_out(self.function))

    def _is_lost(self, worker: Worker, task: Task) -> bool:
        """Whether the worker ended before it took the task: another one can have it."""
        was_taken = task.invocation.deadline > 0
        if worker.ended and not was_taken:
            self._release(worker)
            return True
        return False

    def _result(self, worker: Worker, task: Task) -> bytes:
        took = time.time() - (task.invocation.deadline - self.function.timeout)
        self._usual += (took - self._usual) / 8 if self._usual else took
        self._release(worker)
        if task.result is not None:
            return task.result
        if task.report is not None:
            raise FunctionFailed(self.function, failures.from_report(self.function, task.report))
        failure = worker.failure or failures.from_exit(None, began=True)
        raise FunctionFailed(self.function, failure)


def _is_at_its_limit(ticket: Ticket, waited: float) -> bool:
    """Whether this process itself was what the request waited for."""
    return (time.process_time() - ticket.cpu) / waited > OWN_SHARE


def _seconds_left(invocation: Invocation) -> float:
    """Until the function's time-out; it does not run before the function has its event."""
    return invocation.deadline - time.time() if invocation.deadline else 1.0
