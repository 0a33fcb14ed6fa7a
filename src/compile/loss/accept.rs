//! The losses that a tree has agreed to, and the findings about all others.

use super::Loss;
use crate::compile::model::Plugin;
use crate::diagnostic::Finding;

const LIST: &str = "so.toml";

/// A finding for each loss of something that protects, unless it was agreed to: no such tree is compiled.
pub fn unprotected(losses: &[Loss], plugin: &Plugin) -> Vec<Finding> {
    let lost = losses.iter().filter(|loss| loss.protects && !is_accepted(loss, plugin));
    lost.map(|loss| {
        let what = format!(
            "`{}` of {} protects, and is {} on {}",
            loss.field,
            named(loss),
            loss.fate,
            loss.platform
        );
        let help = format!("{}; or agree to it in so.toml: [losses] accept = [{:?}]", loss.reason, loss.id);
        Finding::error("lost-protection", loss.place.0.as_str(), what).at(loss.place.1.clone()).help(help)
    })
    .collect()
}

/// A finding for each other loss that is not on the list, where the tree keeps one, and for each line of the list that
/// names nothing any more. `losses` are those of all platforms.
pub fn new_losses(losses: &[Loss], plugin: &Plugin) -> Vec<Finding> {
    let Some(accepted) = &plugin.manifest.accepted else { return Vec::new() };
    let new = losses.iter().filter(|loss| !loss.protects && !is_accepted(loss, plugin)).map(|loss| {
        let message = format!("`{}` is {} on {}: {}", loss.field, loss.fate, loss.platform, loss.reason);
        let help =
            format!("it is the case for {}; agree to it with {:?} in [losses] accept", named(loss), loss.id);
        Finding::error("new-loss", loss.place.0.as_str(), message).at(loss.place.1.clone()).help(help)
    });
    let gone = accepted.iter().filter(|id| !losses.iter().any(|loss| loss.id == **id)).map(|id| {
        let finding = Finding::warning(
            "stale-loss",
            LIST,
            format!("[losses] accepts `{id}`, which is no loss of this tree"),
        );
        finding.help("delete the line, so that the loss is noticed when it comes back")
    });
    new.chain(gone).collect()
}

/// Whether the tree's list names it.
fn is_accepted(loss: &Loss, plugin: &Plugin) -> bool {
    plugin.manifest.accepted.as_ref().is_some_and(|accepted| accepted.contains(&loss.id))
}

fn named(loss: &Loss) -> String {
    let shown: Vec<_> = loss.items.iter().take(3).map(|item| format!("`{item}`")).collect();
    let more = loss.items.len().saturating_sub(3);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}
