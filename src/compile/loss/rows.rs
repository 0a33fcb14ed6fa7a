//! The fate of one field on one platform: what the descriptor says, or what follows from its other data.

use crate::compile::model::Kind;
use crate::compile::platform::{Fate, Platform, Row, Scope, Support};

/// What becomes of `subject.key` on `platform` in `scope`; `None` when the descriptor does not say.
pub fn row(platform: &Platform, scope: Scope, subject: &str, key: &str) -> Option<Row> {
    let kind = kind_of(subject);
    if let Some(lost) = kind.and_then(|kind| not_carried(platform, scope, kind)) {
        return Some(lost);
    }
    match (subject, key.split_once('.')) {
        ("hook", Some((what, name))) => Some(hook(platform, what, name)),
        ("mcp", _) => Some(feature(platform, "mcp")),
        (_, Some(("model", class))) => Some(model(platform, class)),
        (_, Some((own, restricted))) if own.starts_with("x-") => Some(restriction(platform, own, restricted)),
        ("plain", _) => Some(
            written(platform, scope, subject, key)
                .unwrap_or_else(|| Row::new(Fate::Native, "goes out byte for byte")),
        ),
        _ => written(platform, scope, subject, key),
    }
}

/// Why items of `kind` do not reach the platform at all.
pub(super) fn not_carried(platform: &Platform, scope: Scope, kind: Kind) -> Option<Row> {
    let row = feature(platform, kind.folder());
    if row.fate == Fate::Dropped {
        return Some(row);
    }
    written(platform, scope, kind.word(), "text").filter(|row| row.fate == Fate::Dropped)
}

/// The kind whose items have the field.
pub(super) fn kind_of(subject: &str) -> Option<Kind> {
    let plain = (subject == "plain").then_some(Kind::Skill);
    plain.or_else(|| Kind::ALL.into_iter().find(|kind| kind.word() == subject))
}

fn written(platform: &Platform, scope: Scope, subject: &str, key: &str) -> Option<Row> {
    Some(platform.fields.get(subject)?.get(key)?.at(scope).clone())
}

fn feature(platform: &Platform, name: &str) -> Row {
    let feature = platform.features.get(name);
    let reason = feature.and_then(|feature| feature.reason.clone()).unwrap_or_default();
    match feature.map_or(Support::Absent, |feature| feature.state) {
        Support::Native | Support::Unproven => Row::new(Fate::Native, reason),
        Support::Emulated => Row::new(Fate::Emulated, reason),
        Support::Absent if reason.is_empty() => Row::new(Fate::Dropped, "the client has nothing like it"),
        Support::Absent => Row::new(Fate::Dropped, reason),
    }
}

/// `check.EVENT`, `command.EVENT` or `tool.NAME`.
fn hook(platform: &Platform, what: &str, name: &str) -> Row {
    let wiring = &platform.hooks;
    if what == "tool" {
        return if platform.tools.contains_key(name) {
            Row::new(Fate::Translated, "")
        } else {
            Row::new(Fate::Dropped, "the client has no such tool, so a command for it alone never runs")
        };
    }
    let Some(event) = wiring.events.get(name).filter(|event| event.state != Support::Absent) else {
        let reason = wiring.events.get(name).and_then(|event| event.reason.clone());
        return Row::new(Fate::Dropped, reason.unwrap_or_else(|| "the client has no such event".into()));
    };
    let reason = event.reason.clone().unwrap_or_default();
    if what == "command" {
        return if !wiring.foreign {
            Row::new(Fate::Dropped, "the client's hooks are functions, not commands")
        } else if event.native.iter().any(|native| native.foreign) {
            Row::new(Fate::Native, "")
        } else {
            Row::new(Fate::Dropped, "the client has no event of its own to bind it to")
        };
    }
    let emulated = event.state == Support::Emulated || event.native.is_empty();
    Row::new(if emulated { Fate::Emulated } else { Fate::Native }, reason)
}

fn model(platform: &Platform, class: &str) -> Row {
    match class {
        "inherit" => Row::new(Fate::Native, ""),
        class if platform.models.contains_key(class) => Row::new(Fate::Translated, ""),
        _ => Row::new(
            Fate::Dropped,
            "the client has no model of that class by a fixed name: the session's own is used",
        ),
    }
}

/// A key for one client holds an item back on that client only.
fn restriction(platform: &Platform, own: &str, key: &str) -> Row {
    if own.strip_prefix("x-") == Some(platform.id.as_str()) {
        return Row::new(Fate::Native, "");
    }
    let reason = format!(
        "`{key}` in `{own}` restricts one client only: say `access: read-only` for all, or restrict it in `x-{}` too",
        platform.id
    );
    Row::new(Fate::Dropped, reason)
}
