"""Files and directories: who owns them, who may read them, and how much room there is."""

import grp
import os
import pwd
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from agent.config import unset_passwords
from agent.doctor.finding import Finding, Findings, broken, ok, warning
from agent.doctor.patient import Patient
from agent.store.key_file import key_path
from agent.store.public import FILE_NAME as PUBLIC_NAME

MAPS = Path("/etc/postfix")
SCARCE = 3  # times store.free_bytes
FEW_NAMES = 1_000


def configuration(patient: Patient) -> Findings:
    """It was read without a fault by now; what is left are passwords, doors, and who could change it."""
    path, settings = patient.loaded.path, patient.settings
    about = "configuration"
    found: list[Finding] = []
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o022:
        found.append(warning(about, f"{path} can be changed by others (mode {mode:o})", f"chmod go-w {path}"))
    for line in unset_passwords(settings, patient.loaded.secrets):
        key, _, mend = line.partition(": is not set; ")
        found.append(broken(about, f"{key} is not set", mend))
    if not (settings.imap or settings.smtp.listen):
        found.append(broken(about, "no mail comes in: neither a mailbox nor a listener is named", "optoutd setup"))
    return tuple(found) or (ok(about, f"{path}"),)


def store_files(patient: Patient) -> Findings:
    """The store is its owner's alone, and all of it belongs to one owner."""
    directory = Path(patient.settings.store.directory)
    if not directory.exists():
        return (ok("store", f"{directory} is made at the first start"),)
    private = (directory, *directory.glob("optoutd.db*"), *_existing(key_path(patient.settings)))
    faults = tuple(_faults("store", private, directory.stat().st_uid, 0o077))
    return faults or (ok("store", f"{directory} is private"),)


def public_files(patient: Patient) -> Findings:
    """The list can be read by its group, and by nobody else."""
    directory = Path(patient.settings.store.public_directory)
    path = directory / PUBLIC_NAME
    if not path.exists():
        return ()
    files = (directory, *directory.glob(f"{PUBLIC_NAME}*"))
    faults = list(_faults("list", files, path.stat().st_uid, 0o007))
    for file, wanted in ((directory, 0o070), (path, 0o060)):
        if stat.S_IMODE(file.stat().st_mode) & wanted != wanted:
            faults.append(warning("list", f"{file} is closed to its group", f"chmod g+{_letters(wanted)} {file}"))
    return tuple(faults) or (ok("list", f"{path} can be read by the group {_group(path.stat().st_gid)}"),)


def postfix(patient: Patient) -> Findings:
    """Where Postfix runs on this machine: may it read the list, and does its map show everybody?"""
    directory = Path(patient.settings.store.public_directory)
    try:
        user = pwd.getpwnam("postfix")
    except KeyError:
        return ()
    if not (directory / PUBLIC_NAME).exists():
        return ()
    used = map_in_use(directory / PUBLIC_NAME)
    if may_use(user, directory / PUBLIC_NAME):
        return (ok("postfix", "Postfix can read the list" + ("" if used else "; none of its maps does")),)
    said = "Postfix on this machine cannot read the list"
    mend = f"sudo adduser postfix {_group(directory.stat().st_gid)} && sudo systemctl restart postfix"
    return (broken("postfix", said, mend) if used else warning("postfix", said, mend),)


def disk(patient: Patient) -> Findings:
    """Room for the mail to come; below store.free_bytes it is deferred."""
    least, found = patient.settings.store.free_bytes, []
    for name in dict.fromkeys((patient.settings.store.directory, patient.settings.store.public_directory)):
        there = _nearest(Path(name))
        free, names = shutil.disk_usage(there).free, os.statvfs(there)
        mend = "delete what is not needed: sudo du -xh --max-depth=2 / | sort -h | tail"
        if free < least:
            found.append(broken("disk", f"{_megabytes(free)} free at {name}: mail is deferred", mend))
        elif free < SCARCE * least:
            found.append(warning("disk", f"only {_megabytes(free)} free at {name}", mend))
        elif names.f_files and names.f_favail < FEW_NAMES:
            found.append(broken("disk", f"no room for more files at {name} (df -i)", "delete small files, old mail"))
    free = shutil.disk_usage(_nearest(Path(patient.settings.store.directory))).free
    return tuple(found) or (ok("disk", f"{_megabytes(free)} free"),)


def map_in_use(path: Path) -> bool:
    """Whether a file of Postfix names the list."""
    try:
        maps = [entry for entry in MAPS.iterdir() if entry.suffix == ".cf"]
        return any(str(path) in entry.read_text("utf-8", "replace") for entry in maps)
    except OSError:
        return False


def may_use(user: pwd.struct_passwd, path: Path) -> bool:
    """Whether a user may open a file of the list: a reader of a WAL database writes its shm file."""
    groups = set(os.getgrouplist(user.pw_name, user.pw_gid))
    ways = all(_bits(user, groups, parent) & 1 for parent in path.parents)
    return ways and _bits(user, groups, path) & 6 == 6


def _bits(user: pwd.struct_passwd, groups: set[int], path: Path) -> int:
    found = path.stat()
    if found.st_uid == user.pw_uid:
        return found.st_mode >> 6 & 7
    return found.st_mode >> 3 & 7 if found.st_gid in groups else found.st_mode & 7


def _faults(about: str, files: tuple[Path, ...], owner: int, forbidden: int) -> Iterator[Finding]:
    for file in files:
        found = file.stat()
        mode = stat.S_IMODE(found.st_mode)
        if mode & forbidden:
            yield broken(about, f"{file} is open to others (mode {mode:o})", f"chmod {mode & ~forbidden:o} {file}")
        if found.st_uid != owner:
            said = f"{file} belongs to {_user(found.st_uid)}, the rest to {_user(owner)}"
            yield broken(about, said, f"sudo chown {_user(owner)} {file}")


def _existing(path: Path) -> tuple[Path, ...]:
    return (path,) if path.exists() else ()


def _nearest(path: Path) -> Path:
    return next(place for place in (path, *path.absolute().parents) if place.exists())


def _letters(bits: int) -> str:
    return "".join(letter for bit, letter in ((0o040, "r"), (0o020, "w"), (0o010, "x")) if bits & bit)


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _megabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
