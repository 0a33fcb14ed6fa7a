//! Frontmatter from three sides, key by key.
//!
//! Responsible for: which side each key is taken from. Must not: read a value; what a key holds is lines.

use super::{Joined, lines};

/// A key and all its lines; lines before the first key stand under no name.
type Key<'a> = (&'a str, String);

/// Joins three frontmatters, fences included; `None` when both sides changed a key, or a key stands twice.
pub(super) fn join(base: &str, mine: &str, new: &str) -> Option<Joined> {
    let (base, mine, new) = (keys(base)?, keys(mine)?, keys(new)?);
    let mut joined = Joined::default();
    let mut out: Vec<Key<'_>> = Vec::new();
    for (key, text) in &mine {
        if let Some(text) = decide(get(&base, key), text, get(&new, key), &mut joined)? {
            out.push((key, text));
        }
    }
    for (at, (key, text)) in new.iter().enumerate() {
        match get(&base, key) {
            _ if get(&mine, key).is_some() => {}
            Some(old) if old == text => joined.mine += 1, // the person took it out
            Some(_) => return None,
            None => {
                joined.new += 1;
                let mut before = new.get(..at).unwrap_or_default().iter().rev();
                let after = before.find_map(|(key, _)| out.iter().position(|(other, _)| other == key));
                out.insert(after.map_or(out.len(), |at| at + 1), (key, text.clone()));
            }
        }
    }
    joined.text = format!("---\n{}---\n", out.into_iter().map(|(_, text)| text).collect::<String>());
    Some(joined)
}

/// What a key of the person's holds then; `Some(None)` when it goes.
#[expect(clippy::option_option, reason = "a conflict, a key that goes, a key that stays")]
fn decide(
    base: Option<&String>,
    mine: &String,
    new: Option<&String>,
    joined: &mut Joined,
) -> Option<Option<String>> {
    match (base, new) {
        (_, Some(new)) if new == mine => Some(Some(new.clone())),
        (Some(base), new) if base == mine => {
            joined.new += 1;
            Some(new.cloned())
        }
        (Some(base), Some(new)) if base == new => {
            joined.mine += 1;
            Some(Some(mine.clone()))
        }
        (Some(base), Some(new)) => {
            let text = lines::join(base, mine, new, &|_| None).ok()?.text;
            (joined.mine, joined.new) = (joined.mine + 1, joined.new + 1);
            Some(Some(text))
        }
        (Some(_), None) | (None, Some(_)) => None,
        (None, None) => {
            joined.mine += 1;
            Some(Some(mine.clone()))
        }
    }
}

fn get<'a>(keys: &'a [Key<'_>], key: &str) -> Option<&'a String> {
    keys.iter().find(|(other, _)| *other == key).map(|(_, text)| text)
}

/// The keys between the fences; `None` when one stands twice.
fn keys(front: &str) -> Option<Vec<Key<'_>>> {
    let inner = front.strip_prefix("---\n")?.strip_suffix("---\n")?;
    let mut keys: Vec<Key<'_>> = Vec::new();
    for line in inner.split_inclusive('\n') {
        let key = key(line);
        if key.is_some_and(|key| get(&keys, key).is_some()) {
            return None;
        }
        match (key, keys.last_mut()) {
            (Some(key), _) => keys.push((key, line.to_owned())),
            (None, Some((_, text))) => text.push_str(line),
            (None, None) => keys.push(("", line.to_owned())),
        }
    }
    Some(keys)
}

fn key(line: &str) -> Option<&str> {
    let (key, rest) = line.split_once(':')?;
    let is_name =
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    (is_name && rest.starts_with([' ', '\n', '\t'])).then_some(key)
}
