//! What of a tree a platform cannot carry, with the reason.

use serde::Serialize;

use super::descriptor::{Platform, Support};
use crate::compile::model::{Kind, Plugin};

/// Something that a platform does not get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// The platform's id.
    pub platform: String,
    /// What is not carried, for a person: “10 agents”.
    pub what: String,
    /// Why.
    pub reason: String,
}

/// Everything that `platform` does not get of `plugin`.
pub fn losses(plugin: &Plugin, platform: &Platform) -> Vec<Loss> {
    let loss =
        |what: String, reason: &str| Loss { platform: platform.id.clone(), what, reason: reason.to_owned() };
    let absent = |row: &str| {
        let feature = platform.features.get(row).filter(|feature| feature.state == Support::Absent)?;
        Some(feature.reason.as_deref().unwrap_or("the client has nothing like it"))
    };
    let mut losses = Vec::new();
    for kind in Kind::ALL {
        let count = plugin.of(kind).count();
        if let Some(reason) = absent(kind.folder()).filter(|_| count > 0) {
            losses.push(loss(
                format!("{count} {}", if count == 1 { kind.word() } else { kind.folder() }),
                reason,
            ));
        }
    }
    if let Some(reason) = absent("mcp").filter(|_| !plugin.mcp.is_empty()) {
        losses.push(loss("MCP servers".into(), reason));
    }
    for hook in &plugin.hooks {
        let support = platform.hooks.events.get(&hook.event);
        if let Some(support) = support.filter(|support| support.state == Support::Absent) {
            losses.push(loss(
                format!("hooks on {}", hook.event),
                support.reason.as_deref().unwrap_or("no such event"),
            ));
        } else if !hook.commands.is_empty() && !platform.hooks.foreign {
            losses.push(loss(
                format!("commands bound to {}", hook.event),
                "the client's hooks are functions, not commands",
            ));
        }
    }
    losses
}
