"""The program that fills a machine's disk and empties it again, from within its mounts.

Run as ``python -I -S full.py fill|free PIDS PLACE…``: ``PIDS`` are processes of the machine with a
comma between, its init last, and each ``PLACE`` a path in the machine that is mounted from its disk
beside its root. It uses the standard library alone, since the machine's own files are all it sees
once it has gone in.

Filled, every directory of the disk is covered by an overlay whose upper layer is a memory file
system without one free block: what is there can be read, names can be removed, and whatever needs
a block fails as on a full disk. The controller's own disk loses nothing by it. What was removed,
made empty or linked meanwhile is carried over when the disk is emptied.
"""

from __future__ import annotations

import ctypes
import os
import stat
import sys
from contextlib import suppress

STORE = "/run/kplay-lab-full"
"""Where the machine has the full file system mounted."""

# From linux/mount.h, linux/fcntl.h and the table of system calls, the same on every processor.
_NOSUID_NODEV_NOEXEC = 2 | 4 | 8
_REC, _PRIVATE, _DETACH = 1 << 14, 1 << 18, 2
_OPEN_TREE, _MOVE_MOUNT = 428, 429
_CLONE_RECURSIVE = 1 | 0x8000 | os.O_CLOEXEC
_FROM_EMPTY_PATH = 4
_AT_FDCWD = -100
_OVERLAY = "index=off,redirect_dir=off,metacopy=off"
_SIZE = "size=64k,nr_inodes=16k,mode=0700"
_libc = ctypes.CDLL(None, use_errno=True)


def main(arguments: list[str]) -> None:
    """Fill or free, as the command line says."""
    deed, processes, places = arguments[0], arguments[1].split(","), arguments[2:]
    own = os.open("/proc", os.O_PATH | os.O_DIRECTORY)
    spaces = _spaces(processes)
    if deed == "fill":
        _enter(*spaces[-1])
        _fill(own, places)
        return
    # In every mount namespace by itself: unmounting where mounts are shared would take along
    # what lies below the original of a directory that was put over an overlay.
    found: dict[str, str] = {}
    for space in spaces:
        _enter(*space)
        found = _uncover(own)
    for target, upper in found.items():
        _carry(upper, target, {})
        _dress(upper, os.stat(upper), target)
    for space in spaces:
        _enter(*space)
        with suppress(OSError):
            _checked(_libc.umount2(STORE.encode(), _DETACH), STORE)
    with suppress(OSError):
        os.rmdir(STORE)


def _spaces(processes: list[str]) -> list[tuple[int, int]]:
    """A mount namespace and a root directory for each namespace there is, the init's last."""
    found: dict[str, tuple[int, int]] = {}
    for process in reversed(processes):
        with suppress(OSError):
            name = os.readlink(f"/proc/{process}/ns/mnt")
            if name not in found:
                space = os.open(f"/proc/{process}/ns/mnt", os.O_RDONLY)
                found[name] = (space, os.open(f"/proc/{process}/root", os.O_PATH))
    return list(reversed(found.values()))


def _enter(space: int, root: int) -> None:
    _checked(_libc.setns(space, 0), "the machine's mounts")
    os.fchdir(root)
    os.chroot(".")


def _fill(own: int, places: list[str]) -> None:
    os.makedirs(STORE, 0o700, exist_ok=True)
    _mount("kplay-lab-full", STORE, "tmpfs", _NOSUID_NODEV_NOEXEC, _SIZE)
    root = os.stat("/").st_dev
    directories = [
        entry.path
        for entry in sorted(os.scandir("/"), key=lambda entry: entry.name)
        if entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_dev == root
    ]
    targets = [*directories, *(place for place in places if os.path.ismount(place))]
    for at in range(len(targets)):
        for name in ("upper", "work"):
            os.makedirs(f"{STORE}/{at}/{name}", 0o755)
    handle = os.open(f"{STORE}/fill", os.O_WRONLY | os.O_CREAT, 0o600)
    with suppress(OSError):
        while True:
            os.write(handle, bytes(4096))
    os.close(handle)
    for at, target in enumerate(targets):
        _cover(own, target, f"{STORE}/{at}")


def _cover(own: int, target: str, layers: str) -> None:
    """Put an overlay over a directory, and what is mounted below it over the overlay."""
    _dress(target, os.stat(target), f"{layers}/upper")
    below = [one for one in _mounts(own) if one.startswith(target + "/")]
    tops = [one for one in below if not any(one.startswith(other + "/") for other in below)]
    trees = [(one, _clone(one)) for one in dict.fromkeys(tops)]
    os.chdir(target)
    options = f"lowerdir=.,upperdir={layers}/upper,workdir={layers}/work,{_OVERLAY}"
    _mount("overlay", target, "overlay", 0, options)
    for one, tree in trees:
        call = (_MOVE_MOUNT, tree, b"", _AT_FDCWD, one.encode(), _FROM_EMPTY_PATH)
        _checked(_libc.syscall(*call), one)
        os.close(tree)


def _clone(path: str) -> int:
    """A copy of what is mounted at a path and below, mounted nowhere yet."""
    call = (_OPEN_TREE, _AT_FDCWD, path.encode(), _CLONE_RECURSIVE)
    return _checked(_libc.syscall(*call), path)


def _uncover(own: int) -> dict[str, str]:
    """Take the overlays away; return where they were and the upper layer of each."""
    found: dict[str, str] = {}
    # What was mounted on the copy of a mount is on the original too, which shows once it is bare.
    while overlays := {point: upper for point, upper in _mounts(own).items() if upper}:
        found = {**overlays, **found}
        for point in overlays:
            if any(point.startswith(other + "/") for other in overlays):
                continue
            _checked(_libc.mount(None, point.encode(), None, _REC | _PRIVATE, None), point)
            _checked(_libc.umount2(point.encode(), _DETACH), point)
    return found


def _mounts(own: int) -> dict[str, str]:
    """Every mount point, with the upper layer in our store or an empty text."""
    with open(
        "self/mountinfo", opener=lambda name, flags: os.open(name, flags, dir_fd=own)
    ) as all_:
        lines = all_.read().splitlines()
    found: dict[str, str] = {}
    for line in lines:
        before, after = line.split(" - ", 1)
        point = before.split()[4]
        for escaped, plain in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
            point = point.replace(escaped, plain)
        options = after.split()[2].split(",")
        upper = next((one[9:] for one in options if one.startswith(f"upperdir={STORE}/")), "")
        found[point] = upper or found.get(point, "")
    return found


def _carry(upper: str, target: str, linked: dict[int, str]) -> None:
    """Do to a directory what was done to the overlay over it."""
    for entry in sorted(os.scandir(upper), key=lambda entry: entry.name):
        found, to = entry.stat(follow_symlinks=False), f"{target}/{entry.name}"
        kind = stat.S_IFMT(found.st_mode)
        if kind == stat.S_IFCHR and found.st_rdev == 0:
            _remove(to)
            continue
        there = stat.S_IFMT(os.lstat(to).st_mode) if os.path.lexists(to) else 0
        whole = kind == stat.S_IFDIR and "trusted.overlay.opaque" not in os.listxattr(entry.path)
        if there and not (there == kind == stat.S_IFREG or (there == kind and whole)):
            _remove(to)
            there = 0
        if kind == stat.S_IFDIR:
            if not there:
                os.mkdir(to)
            _carry(entry.path, to, linked)
        elif found.st_nlink > 1 and found.st_ino in linked:
            _remove(to)
            os.link(linked[found.st_ino], to)
            continue
        elif kind == stat.S_IFLNK:
            os.symlink(os.readlink(entry.path), to)
        elif kind == stat.S_IFREG:
            _copy(entry.path, to)
        else:
            os.mknod(to, found.st_mode, found.st_rdev)
        linked[found.st_ino] = to
        _dress(entry.path, found, to)


def _copy(source: str, target: str) -> None:
    """Copy what a file holds, holes as holes."""
    one = os.open(source, os.O_RDONLY)
    other = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    size = os.fstat(one).st_size
    os.ftruncate(other, size)
    at = 0
    while at < size:
        try:
            begin = os.lseek(one, at, os.SEEK_DATA)
        except OSError:  # there is nothing but a hole from here on
            break
        at = os.lseek(one, begin, os.SEEK_HOLE)
        os.pwrite(other, os.pread(one, at - begin, begin), begin)
    os.close(one)
    os.close(other)


def _dress(source: str, found: os.stat_result, target: str) -> None:
    os.chown(target, found.st_uid, found.st_gid, follow_symlinks=False)
    if not stat.S_ISLNK(found.st_mode):
        os.chmod(target, stat.S_IMODE(found.st_mode))
        for name in os.listxattr(source):
            if not name.startswith("trusted.overlay."):
                os.setxattr(target, name, os.getxattr(source, name))
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns), follow_symlinks=False)


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        for name in os.listdir(path):
            _remove(f"{path}/{name}")
        with suppress(OSError):  # something is mounted there
            os.rmdir(path)
    elif os.path.lexists(path):
        os.unlink(path)


def _mount(source: str, target: str, kind: str, flags: int, options: str) -> None:
    given = [text.encode() for text in (source, target, kind)]
    _checked(_libc.mount(*given, flags, options.encode()), target)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OSError as failed:
        sys.exit(f"{failed.filename}: {failed.strerror}")
