"""What a module may know of a host (Probe) and do to it (Host).

These are the interfaces; ``kplay.agent.local`` implements them on a real host,
``kplay.agent.overlay`` over what a plan foresees, ``kplay.testing`` in memory.
"""

from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

if TYPE_CHECKING:
    Content = Union[str, Dict[str, Any]]


class Stat(NamedTuple):
    """One path, as lstat (or stat when following) sees it."""

    state: str
    """file, directory, link, block, char, fifo or socket."""
    mode: int
    """Permission bits, 0 to 0o7777."""
    uid: int
    gid: int
    owner: str
    """Name of the owner, or the number as text."""
    group: str
    size: int
    mtime: float
    target: str
    """What a link points to, else empty."""
    ino: int = 0
    dev: int = 0
    nlink: int = 1
    atime: float = 0.0
    ctime: float = 0.0


class Completed(NamedTuple):
    """A program that ended."""

    rc: int
    """Exit status; negative signal number when killed; 127 when not found."""
    stdout: str
    stderr: str


class User(NamedTuple):
    """An entry of the user database."""

    name: str
    uid: int
    gid: int
    comment: str
    home: str
    shell: str
    groups: Tuple[str, ...]
    """Supplementary groups, sorted."""
    password: str
    """The hash in the shadow file, or empty when it cannot be read."""


class Response(NamedTuple):
    """An HTTP response."""

    status: int
    """-1 when no answer came."""
    headers: Dict[str, str]
    """Names in lower case."""
    body: bytes
    error: str
    url: str


APART_REFUSED = 125
"""Exit status of a program that was to run apart and never began."""


class Probe(object):
    """Reads a host; has no method that writes."""

    def lstat(self, path):  # type: (str) -> Optional[Stat]
        """The path itself, or None when it does not exist."""
        raise NotImplementedError

    def stat(self, path):  # type: (str) -> Optional[Stat]
        """What the path leads to, links followed, or None."""
        raise NotImplementedError

    def read(self, path, limit=0):  # type: (str, int) -> bytes
        """The bytes of a file, at most limit when not 0.

        Raises ModuleFailure when it cannot be read, UnknownValue in a plan when a planned step
        will write it with content that only the run can tell.
        """
        raise NotImplementedError

    def digest(self, path, algorithm="sha256"):  # type: (str, str) -> str
        """Hexadecimal digest of a file's content; raises as read() does."""
        raise NotImplementedError

    def listdir(self, path):  # type: (str) -> List[str]
        """Names in a directory, sorted; empty when it does not exist."""
        raise NotImplementedError

    def glob(self, pattern):  # type: (str) -> List[str]
        """Paths that match, sorted."""
        raise NotImplementedError

    def user(self, name):  # type: (str) -> Optional[User]
        """A user by name or by number as text, or None."""
        raise NotImplementedError

    def group(self, name):  # type: (str) -> Optional[Tuple[str, int]]
        """A group's name and number by name or by number as text, or None."""
        raise NotImplementedError

    def query(self, argv, stdin="", timeout=60.0, most=0, apart=False):
        # type: (Sequence[str], str, float, int, bool) -> Completed
        """Run a program that only reads.

        The program must be on the list READERS of ``kplay.agent.limits``: dpkg-query, systemctl
        show, sysctl -n and the like; anything else raises ValueError. most is the bytes kept of
        each of its outputs, 0 for 1 MiB. apart runs it where the caches that it keeps lie in memory
        and are gone with it; the status is APART_REFUSED where the host allows no such place.
        """
        raise NotImplementedError

    def vouched(self, argv, stdin="", most=0):
        # type: (Sequence[str], str, int) -> Completed
        """Run a program that says of itself that it writes nothing: a module in its check mode.

        most is the bytes kept of its output, 0 for what run() keeps.
        """
        raise NotImplementedError

    def source(self, name):  # type: (str) -> str
        """A text that the controller sent ahead of the step (``BlobSource.sources``), by its name.

        It is in memory, so that a plan may read it too.
        """
        raise NotImplementedError

    def which(self, program):  # type: (str) -> str
        """Absolute path of a program on the search path (with /sbin and /usr/sbin), or empty."""
        raise NotImplementedError

    def connect(self, host, port, timeout):  # type: (str, int, float) -> bool
        """Whether a TCP connection can be made from this host."""
        raise NotImplementedError

    def reach(self, targets, listen, name, patience, timeout):
        # type: (Sequence[Dict[str, Any]], Sequence[Dict[str, Any]], str, float, float) -> Dict[str, Any]
        """Whether packets arrive at many targets, told by as many sockets in one loop.

        Writes nothing. Ports of ``listen`` that nothing has are listened on meanwhile, for
        ``patience`` seconds at most, and nothing of it is left.

        Args:
            targets: each with address, port, protocol (tcp, udp or icmp) and, where they hold,
                listens, hears, asks and deaf; see ``kplay.agent.reaching``.
            listen: each with port, protocol and expected (names of peers that will come).
            name: how this host introduces itself to its peers.
            patience: seconds for which refusals are tried again where the target listens.
            timeout: seconds until an attempt is given up.

        Returns:
            attempts (one a target, in their order: outcome, at, by, said), listened (pairs of
            protocol and port), began and ended (epoch seconds).
        """
        raise NotImplementedError

    def http(self, method, url, headers, body, timeout, verify, follow, ca="", cert="", key="",
             options=None):  # fmt: skip
        # type: (str, str, Dict[str, str], bytes, float, bool, str, str, str, str, Optional[Dict[str, Any]]) -> Response
        """One HTTP request from this host; follow is none, safe or all. GET and HEAD only reads.

        options may hold proxy (False: none is used), ciphers (OpenSSL's words), authorities
        (certificates in PEM: these are trusted and no others), decompress (of gzip), unredirected
        (names of headers that a redirect does not carry on) and socket (the path of a Unix socket
        to connect to).
        """
        raise NotImplementedError

    def content(self, value):  # type: (Content) -> bytes
        """The bytes of a ``content`` argument; fetches a blob that is not on the host yet.

        Not to be called while planning: use content_digest() and compare digests.
        """
        raise NotImplementedError

    def content_digest(self, value):  # type: (Content) -> str
        """SHA-256 of a ``content`` argument, without fetching it."""
        raise NotImplementedError

    def effect(self, kind, key):  # type: (str, str) -> Any
        """What earlier planned steps will have made (the value of an Effect), or None."""
        raise NotImplementedError

    def planned(self, kind):  # type: (str) -> List[str]
        """The things of a kind of Effect that earlier planned steps will have made or removed."""
        raise NotImplementedError

    def facts(self):  # type: () -> Dict[str, Any]
        """What the agent knows without asking a program.

        sysname, nodename, release, version, machine, now (epoch seconds), python (list of three),
        executable, environ (mapping), uid, umask.
        """
        raise NotImplementedError

    def scratch(self):  # type: () -> bool
        """True on a host where nothing is ever written (planning)."""
        raise NotImplementedError


class Host(Probe):
    """Reads and writes a host. Every write is to the named path; files are replaced atomically."""

    def write(self, path, content, mode=None, owner="", group=""):
        # type: (str, Union[bytes, Content], Optional[int], str, str) -> None
        """Replace or create a file; mode None keeps that of an existing file, else 0666 & ~umask.

        The content is bytes or a ``content`` argument (a blob is streamed to disk, not held).
        """
        raise NotImplementedError

    def mkdir(self, path, mode=None):  # type: (str, Optional[int]) -> None
        """Make one directory; its parent exists."""
        raise NotImplementedError

    def symlink(self, target, path):  # type: (str, str) -> None
        """Make or replace a symbolic link, atomically."""
        raise NotImplementedError

    def link(self, target, path):  # type: (str, str) -> None
        """Make or replace a hard link."""
        raise NotImplementedError

    def remove(self, path):  # type: (str) -> None
        """Remove a file, a link, or a directory with all in it (never crossing a link)."""
        raise NotImplementedError

    def rename(self, source, target):  # type: (str, str) -> None
        """Rename within one file system, replacing the target."""
        raise NotImplementedError

    def chmod(self, path, mode):  # type: (str, int) -> None
        """Set permission bits (of what a link leads to)."""
        raise NotImplementedError

    def chown(self, path, owner, group, follow=True):  # type: (str, str, str, bool) -> None
        """Set owner and group by name or number; an empty one is kept."""
        raise NotImplementedError

    def utime(self, path, atime, mtime):  # type: (str, float, float) -> None
        """Set times, epoch seconds."""
        raise NotImplementedError

    def run(self, argv, stdin="", cwd="", env=None, timeout=0.0, stream=False, shell="", most=0):
        # type: (Sequence[str], str, str, Optional[Dict[str, str]], float, bool, str, int) -> Completed
        """Run a program to its end.

        Args:
            argv: the program and its arguments; never through a shell unless ``shell`` names one,
                when argv is one element, the script.
            stdin: text for its standard input.
            cwd: directory to run in.
            env: variables added to the step's environment.
            timeout: seconds until it is killed (rc -15), 0 for never.
            stream: send its output to the controller as it comes.
            shell: path of a shell that runs argv[0] with -c.
            most: bytes kept of each of its outputs, 0 for 1 MiB.
        """
        raise NotImplementedError

    def tempdir(self):  # type: () -> str
        """A new private directory, removed when the step ends."""
        raise NotImplementedError

    def sleep(self, seconds):  # type: (float) -> None
        """Wait; ends early with ModuleFailure when the run is cancelled."""
        raise NotImplementedError


class UnknownValue(Exception):
    """Raised by a Probe in a plan: the answer is known only once an earlier step has run.

    ``otherwise`` holds the fields of the failure that it is where no earlier step changes anything.
    ``lacks`` narrows that down: of ``path`` only steps may bring what is missing that may write
    files of which the plan knows nothing.
    """

    def __init__(self, what, otherwise=None, lacks=""):
        # type: (str, Optional[Dict[str, Any]], str) -> None
        Exception.__init__(self, what)
        self.what = what
        self.otherwise = otherwise
        self.lacks = lacks
