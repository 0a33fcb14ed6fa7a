//! Commands for a container: `docker run`, `docker compose exec`, `kubectl exec`, and what of ours is mounted in there.

use std::path::Path;
use std::rc::Rc;

use super::{At, Inner};
use crate::guard::arg::{Arg, Call, UNKNOWN};
use crate::guard::container::Container;
use crate::guard::options::Grammar;
use crate::guard::place::absolute;

const CONTAINER: Grammar = Grammar {
    short: "eunvwlphmcHfn",
    long: &[
        "env",
        "user",
        "workdir",
        "volume",
        "name",
        "network",
        "entrypoint",
        "mount",
        "platform",
        "env-file",
        "publish",
        "label",
        "memory",
        "cpus",
        "namespace",
        "container",
        "context",
        "file",
        "project-name",
        "index",
        "host",
        "add-host",
        "cap-add",
        "device",
        "gpus",
        "hostname",
        "ipc",
        "pid",
        "security-opt",
        "shm-size",
        "tmpfs",
        "ulimit",
        "userns",
        "volumes-from",
    ],
    stop_at_operand: true,
};

/// What would run in a container.
pub(super) fn inside(call: &Call<'_>) -> Vec<Inner> {
    if matches!(call.name, "kubectl" | "oc") { kubectl(call) } else { container(call) }
}

/// `docker [compose] exec|run [options] NAME command…`.
fn container(call: &Call<'_>) -> Vec<Inner> {
    let mut operands = CONTAINER.parse(call.args).operands;
    let composed = call.name == "docker-compose" || operands.first().is_some_and(|arg| arg.text == "compose");
    if operands.first().is_some_and(|arg| matches!(arg.text.as_str(), "compose" | "container")) {
        operands = CONTAINER.parse(operands.get(1..).unwrap_or_default()).operands;
    }
    let Some((verb, rest)) = operands.split_first() else { return Vec::new() };
    if !matches!(verb.text.as_str(), "exec" | "run") {
        return Vec::new();
    }
    let parsed = CONTAINER.parse(rest);
    let entry = parsed.option(&["entrypoint"]).and_then(|option| option.value.clone());
    let command = parsed.operands.iter().skip(1).cloned();
    let words: Vec<Arg> = entry.into_iter().chain(command).collect();
    let fresh = verb.text == "run" && !composed;
    let place = if fresh { started(call) } else { Some(Container::running()) };
    let workdir = parsed.option(&["w", "workdir"]).and_then(|option| option.value.clone());
    in_container(words, place, workdir.filter(|_| fresh))
}

fn kubectl(call: &Call<'_>) -> Vec<Inner> {
    let operands = CONTAINER.parse(call.args).operands;
    if operands.first().is_none_or(|arg| arg.text != "exec") {
        return Vec::new();
    }
    let words = if let Some(at) = call.args.iter().position(|arg| arg.text == "--") {
        call.args.get(at + 1..).unwrap_or_default().to_vec()
    } else {
        let pod = CONTAINER.parse(operands.get(1..).unwrap_or_default()).operands;
        CONTAINER.parse(pod.get(1..).unwrap_or_default()).operands
    };
    in_container(words, Some(Container::running()), None)
}

fn in_container(words: Vec<Arg>, place: Option<Container>, workdir: Option<Arg>) -> Vec<Inner> {
    if words.is_empty() {
        return Vec::new();
    }
    let at = match place {
        Some(place) => {
            let cwd = workdir.and_then(|dir| place.on_this_machine(Path::new(&dir.text)));
            At::Container(Rc::new(place), cwd)
        }
        None => At::Elsewhere,
    };
    vec![Inner::Words { words, set: Vec::new(), at, input: None }]
}

/// What `docker run` mounts; `None` where that cannot be told, or where the container may reach all of this machine.
/// Options are looked for among all words: which of them take a value is not known of every version.
fn started(call: &Call<'_>) -> Option<Container> {
    const OPEN: &[&str] =
        &["--privileged", "--pid", "--device", "--volumes-from", "--cap-add", "--security-opt"];
    let mut mounts = Vec::new();
    let mut words = call.args.iter();
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        if OPEN
            .iter()
            .any(|name| text == *name || text.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')))
        {
            return None;
        }
        let clustered = text.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
        let volume = match text.split_once('=') {
            Some(("--volume" | "--mount", value)) => Some(value),
            _ if matches!(text, "--volume" | "--mount") => Some(words.next()?.text.as_str()),
            _ => match clustered.and_then(|letters| letters.split_once('v')) {
                Some((before, "")) if before.chars().all(|letter| "itdP".contains(letter)) => {
                    Some(words.next()?.text.as_str())
                }
                Some((before, value)) if before.chars().all(|letter| "itdP".contains(letter)) => Some(value),
                _ => None,
            },
        };
        if let Some(volume) = volume {
            mounts.extend(mounted(volume.trim_start_matches('='), call)?);
        }
    }
    Some(Container::fresh(mounts))
}

/// `SOURCE:TARGET[:options]`, `TARGET`, or `type=bind,source=…,target=…`: where it is in there, and where it is here.
/// `None` where it cannot be told, an empty list for what ends with the container.
fn mounted(text: &str, call: &Call<'_>) -> Option<Vec<(std::path::PathBuf, Option<std::path::PathBuf>)>> {
    if text.contains(UNKNOWN) {
        return None;
    }
    let (source, target) =
        if text.contains("target=") || text.contains("dst=") || text.contains("destination=") {
            let value = |names: &[&str]| {
                let mut pairs = text.split(',').filter_map(|pair| pair.split_once('='));
                pairs.find(|(name, _)| names.contains(name)).map(|(_, value)| value)
            };
            if value(&["type"]) == Some("tmpfs") {
                return Some(Vec::new());
            }
            (value(&["source", "src"]).unwrap_or_default(), value(&["target", "dst", "destination"])?)
        } else {
            let (source, rest) = text.split_once(':').unwrap_or(("", text));
            (source, rest.split(':').next().unwrap_or_default())
        };
    let target = absolute(target, None)?;
    // What has no slash in it is the name of a volume.
    let here = source.contains('/') || source.starts_with('.');
    let source = if here { Some(absolute(source, call.cwd.as_deref())?) } else { None };
    Some(vec![(target, source)])
}
