"""Runs one program on the client's core, and says what it cost."""
import os
import statistics
import threading
from dataclasses import dataclass

# How often a running program's threads are counted.
LOOK_SECONDS = 0.01


@dataclass
class Run:
    """What one run of a program cost: seconds, bytes, and the pages that it had for them."""
    pages: int
    wall: float
    user: float
    system: float
    memory: int
    threads: int
    server: float  # how much of that time the server's core was busy with it

    @property
    def cpu(self):
        return self.user + self.system

    @property
    def rate(self):
        return self.pages / self.wall

    @property
    def cpu_page(self):
        return self.cpu / self.pages


def median(runs, what):
    return statistics.median(getattr(run, what) for run in runs)


def ratio(runs, others, what):
    """The median of the ratios of each round, so that a slow moment of the machine slows down both."""
    return statistics.median(getattr(a, what) / getattr(b, what) for a, b in zip(runs, others))


class Meter:
    """The server's core is the first that this process may use, the client's the last; they are one where it
    may use only one."""

    def __init__(self, folder, build):
        self.cost = os.path.join(build, "cost")
        cores = sorted(os.sched_getaffinity(0))
        self.server_core, self.client_core = cores[0], cores[-1]
        self.output = os.path.join(folder, "stdout")
        self.errors = os.path.join(folder, "stderr")
        self.environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": folder, "TMPDIR": folder,
                            "LC_ALL": "C.UTF-8", "no_proxy": "*", "NO_PROXY": "*", "GOMAXPROCS": "1"}
        os.sched_setaffinity(0, {self.server_core})

    def run(self, argv, pages, server_pids=(), environment=None, expected=(0,)):
        """Without pages, it is for the caller to fill them in. The output is in the file self.output."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        actions = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                   (os.POSIX_SPAWN_OPEN, 1, self.output, flags, 0o600),
                   (os.POSIX_SPAWN_OPEN, 2, self.errors, flags, 0o600)]
        report, write = os.pipe()
        os.set_inheritable(write, True)
        busy = sum(map(cpu_of, server_pids))
        # A child inherits the core: no time of its own goes into taskset.
        os.sched_setaffinity(0, {self.client_core})
        try:
            cost = os.posix_spawn(self.cost, [self.cost, f"/proc/self/fd/{write}", *argv],
                                  {**self.environment, **(environment or {})}, file_actions=actions)
        finally:
            os.sched_setaffinity(0, {self.server_core})
            os.close(write)
        with open(report, encoding="ascii") as lines:
            child = int(lines.readline())
            ended = threading.Event()
            most = [1]
            watcher = threading.Thread(target=watch_threads, args=(child, ended, most))
            watcher.start()
            try:
                wall, user, system, memory, status = lines.readline().split()
            except BaseException:
                os.kill(child, 9)
                raise
            finally:
                ended.set()
                watcher.join()
                os.waitpid(cost, 0)
        status = os.waitstatus_to_exitcode(int(status))
        if status not in expected:
            with open(self.errors, encoding="utf-8", errors="replace") as errors:
                raise SystemExit(f"{' '.join(argv)}: exit status {status}\n{errors.read(2000)}")
        busy = (sum(map(cpu_of, server_pids)) - busy) / float(wall)
        return Run(pages, float(wall), float(user), float(system), int(memory) * 1024, most[0], busy)


def watch_threads(pid, ended, most):
    while True:
        try:
            most[0] = max(most[0], len(os.listdir(f"/proc/{pid}/task")))
        except OSError:
            return
        if ended.wait(LOOK_SECONDS):
            return


def cpu_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
