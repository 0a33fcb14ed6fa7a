//! Writing to disks: `dd of=/dev/…`, `mkfs`, `wipefs`, a redirect to a device.

use super::{NOTHING, Rule, found};
use crate::guard::place::{Place, absolute, place};
use crate::guard::{Arg, Call, Decision};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "overwrite-device",
    reason: "it overwrites a disk",
    instead: "Write to an image file inside the project.",
    judge,
};

/// Programs that write to any device they are given.
const WRITERS: &[&str] = &[
    "mkswap",
    "mke2fs",
    "wipefs",
    "blkdiscard",
    "shred",
    "badblocks",
    "pvcreate",
    "vgremove",
    "lvremove",
    "pvremove",
    "tee",
    "cp",
    "mv",
    "truncate",
    "install",
    "hdparm",
    "sgdisk",
    "newfs",
    "mkntfs",
    "mkdosfs",
    "rm",
    "scrub",
    "nwipe",
];

/// Partition editors: harmless when they only list.
const EDITORS: &[&str] = &["fdisk", "sfdisk", "gdisk", "cfdisk", "parted"];

/// Character devices that hold no data.
const HARMLESS: &[&str] = &[
    "null",
    "zero",
    "full",
    "random",
    "urandom",
    "stdin",
    "stdout",
    "stderr",
    "tty",
    "fd",
    "ptmx",
    "pts",
    "shm",
    "tcp",
    "udp",
    "console",
    "cpu_dma_latency",
    "kmsg",
    "kvm",
    "net",
    "input",
    "snd",
    "uinput",
];

fn judge(call: &Call<'_>) -> Vec<(Decision, String)> {
    if only_tries(call) {
        return NOTHING;
    }
    let devices = || call.args.iter().filter(|arg| leads_to_device(&arg.text, call));
    let hit: Option<&Arg> = match call.name {
        ">" | ">>" => devices().next(),
        "dd" | "dcfldd" | "dc3dd" => call.args.iter().find(|arg| {
            let key =
                arg.text.split_once('=').filter(|(key, _)| matches!(*key, "of" | "wipe" | "hwipe" | "hof"));
            key.is_some_and(|(_, device)| leads_to_device(device, call))
        }),
        // It only lists.
        "wipefs" if !call.args.iter().any(|arg| wipes(&arg.text)) => None,
        "nwipe" if call.has("--autonuke") => call.args.first(),
        "pv" => call.args.iter().find(|arg| is_device(&arg.text)).filter(|_| call.has("-o")),
        "ddrescue" => call
            .args
            .iter()
            .filter(|arg| !arg.text.starts_with('-'))
            .nth(1)
            .filter(|arg| is_device(&arg.text)),
        "cp" | "mv" | "install" => call.args.last().filter(|arg| leads_to_device(&arg.text, call)),
        "rm" => None,
        "lvremove" | "vgremove" => on_volumes(call),
        "hdparm" if !call.args.iter().any(|arg| arg.text.contains("erase") || arg.text.contains("trim")) => {
            None
        }
        name if EDITORS.contains(&name) => {
            let lists = call.args.iter().any(|arg| {
                matches!(arg.text.as_str(), "-l" | "--list" | "print" | "-d" | "--dump" | "-J")
                    || arg.text == "-s" && name != "parted"
            });
            if lists { None } else { devices().next() }
        }
        name if WRITERS.contains(&name) || name.starts_with("mkfs") || name.starts_with("newfs_") => {
            devices().next()
        }
        _ => on_volumes(call),
    };
    if hit.is_none() && call.name.starts_with("mkfs") {
        return file_system(call);
    }
    hit.map_or(NOTHING, |arg| found(Decision::Deny, arg.shown()))
}

/// What tools for volumes and pools would destroy.
fn on_volumes<'c>(call: &'c Call<'_>) -> Option<&'c Arg> {
    let devices = || call.args.iter().filter(|arg| leads_to_device(&arg.text, call));
    match call.name {
        "cryptsetup"
            if call.args.iter().any(|arg| {
                matches!(arg.text.as_str(), "luksFormat" | "erase" | "luksErase" | "reencrypt")
            }) =>
        {
            devices().next()
        }
        "diskutil"
            if call.args.iter().any(|arg| {
                let verb = arg.text.to_ascii_lowercase();
                verb.contains("erase") || matches!(verb.as_str(), "partitiondisk" | "zerodisk" | "randomdisk")
            }) =>
        {
            call.args.first()
        }
        "zpool" | "mdadm"
            if call
                .args
                .iter()
                .any(|arg| matches!(arg.text.as_str(), "destroy" | "--zero-superblock" | "labelclear")) =>
        {
            call.args.first()
        }
        "nvme" if matches!(call.first(), "format" | "sanitize" | "write-zeroes") => devices().next(),
        "zfs" | "lvremove" | "vgremove"
            if call.name != "zfs" || matches!(call.first(), "destroy" | "rollback") =>
        {
            call.args.last()
        }
        "btrfs" if call.first() == "subvolume" && call.has("delete") => call.args.last(),
        _ => None,
    }
}

/// `mkfs` on what is no device by name: an image of the project is a file like any other.
fn file_system(call: &Call<'_>) -> Vec<(Decision, String)> {
    let Some(target) = call.args.iter().rfind(|arg| !arg.text.starts_with('-')) else { return NOTHING };
    let made = absolute(&target.text, call.cwd.as_deref()).is_some_and(|path| call.earlier.makes(&path));
    match place(target, call) {
        Place::Outside(_) if made => NOTHING,
        Place::Unknown => found(Decision::Ask, target.shown()),
        Place::Outside(_) | Place::Protected(_) => found(Decision::Deny, target.shown()),
        _ => NOTHING,
    }
}

/// A device, also by a path that goes up to it.
fn leads_to_device(text: &str, call: &Call<'_>) -> bool {
    let up = text.starts_with("..") && text.contains("dev/");
    let path = || absolute(text, call.cwd.as_deref());
    is_device(text) || up && path().is_some_and(|path| path.to_str().is_some_and(is_device))
}

/// Whether it is told to do nothing.
fn only_tries(call: &Call<'_>) -> bool {
    let lvm = call.name.starts_with("lv") || call.name.starts_with("vg") || call.name.starts_with("pv");
    let formats = call.name.starts_with("mkfs") || matches!(call.name, "mke2fs" | "badblocks" | "sfdisk");
    let help = call.has("--help") || call.has("--version");
    help || lvm && (call.has("--test") || call.has("-t") || call.has("-h"))
        || formats && (call.has("-n") || call.has("--no-act"))
}

/// Options of `wipefs` that take signatures away.
fn wipes(text: &str) -> bool {
    let short = text.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
    short.is_some_and(|letters| letters.contains(['a', 'o']))
        || text == "--all"
        || text.starts_with("--offset")
}

/// Whether a path is below `/dev` and can hold data.
fn is_device(text: &str) -> bool {
    let clean: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    match clean.as_slice() {
        // `ttyACM0`, `cu.usbserial`: a line to something, which keeps nothing.
        ["dev", name, ..] if name.starts_with("tty") || name.starts_with("cu.") => false,
        ["dev", name, ..] => text.starts_with('/') && !HARMLESS.contains(name),
        _ => false,
    }
}
