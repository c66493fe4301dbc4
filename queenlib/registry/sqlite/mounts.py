"""Whether a folder lies on a file system that several machines share: there no lock and no shared memory holds."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import psutil

from queenlib.errors import StoreUnusable

NETWORK = frozenset({
    "9p", "afpfs", "afs", "beegfs", "ceph", "cifs", "coda", "fhgfs", "fuse.ceph", "fuse.glusterfs", "fuse.s3fs",
    "fuse.sshfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "orangefs", "panfs", "pvfs2", "smb2", "smb3",
    "smbfs", "webdav",
})  # fmt: skip
"""Types of file systems that are of several machines."""


def kind_of(folder: Path) -> str:
    """The type of the file system that a folder lies on, such as `ext4`; empty where the platform does not tell."""
    found, place = "", folder.resolve()
    longest = -1
    for mount in psutil.disk_partitions(all=True):
        root = Path(mount.mountpoint)
        if place.is_relative_to(root) and len(root.parts) >= longest:  # the later mount hides the earlier
            found, longest = mount.fstype, len(root.parts)
    return found


def check_place(folder: Path, refused: Collection[str] = NETWORK) -> None:
    """Raise if a store may not lie in this folder.

    Raises:
        StoreUnusable: It is on a file system of one of the `refused` types.
    """
    kind = kind_of(folder)
    if kind in refused:
        raise StoreUnusable(
            f"{folder} is on a network file system ({kind}).",
            why="The log of jobs needs locks and shared memory that hold, which a file system of several machines has not.",
            state="Nothing was written.",
            next="Give a folder on a disk of this machine: QUEENLIB_HOME=/path or Queen(home='/path').",
            path=str(folder),
            fault="network",
        )
