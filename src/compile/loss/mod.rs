//! What each client does with each key of a tree, and which losses of a tree nobody has agreed to.
//!
//! Responsible for: the list of all fields, their fate on each platform (data of `platforms/`), the losses of one tree,
//! and the findings when one of them is new or takes away what protects. Must not: know a platform by name.

mod accept;
mod fields;
mod rows;
mod used;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Serialize;

pub use accept::{new_losses, unprotected};
pub use fields::{Field, all};
pub use rows::row;

use super::model::Plugin;
use super::platform::{Fate, Platform, Row, Scope};
use used::Use;

/// Something of a tree that a client does not get, or gets in part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// How the list of agreed losses names it: `pi:agent`, `cursor@user:rule`, `codex:agent.model.fast`. What protects
    /// is named item by item.
    pub id: String,
    /// The platform's id.
    pub platform: String,
    /// Where it holds; empty when it does in every scope of the platform.
    pub scopes: Vec<Scope>,
    /// The field, or the kind of item when nothing of it is carried.
    pub field: String,
    /// What becomes of it: degraded or dropped.
    pub fate: Fate,
    /// Why.
    pub reason: String,
    /// Whether it held somebody back from something.
    pub protects: bool,
    /// The items concerned: names, or what is bound to an event.
    pub items: BTreeSet<String>,
    /// The file and the place in it where the first of them says so.
    #[serde(skip)]
    pub place: (String, Range<usize>),
}

/// What makes two losses one: the platform, what is lost of what, and why.
type Key = (String, String, Row);

/// Everything that `targets` do not get of `plugin`, whole kinds first, in the order of the platforms. `known` are all
/// platforms: what an item may not do on one of them counts on the others.
pub fn losses(plugin: &Plugin, targets: &[(&Platform, Vec<Scope>)], known: &[Platform]) -> Vec<Loss> {
    let uses = used::uses(plugin, known);
    let mut all = Vec::new();
    for (platform, scopes) in targets {
        let mut met: BTreeMap<Key, Loss> = BTreeMap::new();
        for scope in scopes {
            for one in &uses {
                meet(platform, *scope, one, &mut met);
            }
        }
        all.extend(met.into_values().map(|loss| named(loss, platform, scopes)));
    }
    all
}

/// The fields that a tree uses, in the order of [`all`].
pub fn used(plugin: &Plugin, known: &[Platform]) -> Vec<String> {
    let uses: BTreeSet<String> = used::uses(plugin, known).iter().map(Use::field).collect();
    let all = all(known).into_iter().map(|field| field.to_string());
    all.filter(|field| uses.contains(field)).collect()
}

/// Adds what becomes of one use on a platform in a scope to what was met.
fn meet(platform: &Platform, scope: Scope, one: &Use, met: &mut BTreeMap<Key, Loss>) {
    let Some((field, row)) = one.fate(platform, scope) else { return };
    let protects = one.protects && field.contains('.');
    let item = if protects { one.item.clone() } else { String::new() };
    let loss = met.entry((field.clone(), item, row.clone())).or_insert_with(|| Loss {
        id: String::new(),
        platform: platform.id.clone(),
        scopes: Vec::new(),
        field,
        fate: row.fate,
        reason: row.reason,
        protects,
        items: BTreeSet::new(),
        place: one.place.clone(),
    });
    loss.items.insert(one.item.clone());
    if loss.scopes.last() != Some(&scope) {
        loss.scopes.push(scope);
    }
}

/// The loss with its name, once it is known in which scopes it holds.
fn named(mut loss: Loss, platform: &Platform, asked: &[Scope]) -> Loss {
    let everywhere = asked.iter().all(|scope| loss.scopes.contains(scope));
    if everywhere {
        loss.scopes.clear();
    }
    let scopes: Vec<_> = loss.scopes.iter().map(ToString::to_string).collect();
    let at = if scopes.is_empty() { String::new() } else { format!("@{}", scopes.join("+")) };
    let item = loss.items.first().filter(|_| loss.protects).map(|item| format!(":{item}"));
    loss.id = format!("{}{at}:{}{}", platform.id, loss.field, item.unwrap_or_default());
    loss
}
