//! Whether a shell command makes an issue or a pull request, by whichever program and behind whatever wrapper.

use super::reading;
use crate::hook::event::{Event, ToolCall};
use crate::hook::world::World;
use crate::session::templates::Purpose;

/// First words of commands that make one, without flags between them.
const MAKERS: &[(&[&str], Purpose)] = &[
    (&["gh", "issue", "create"], Purpose::Issue),
    (&["gh", "issue", "new"], Purpose::Issue),
    (&["glab", "issue", "create"], Purpose::Issue),
    (&["glab", "issue", "new"], Purpose::Issue),
    (&["gh", "pr", "create"], Purpose::PullRequest),
    (&["gh", "pr", "new"], Purpose::PullRequest),
    (&["glab", "mr", "create"], Purpose::PullRequest),
    (&["glab", "mr", "new"], Purpose::PullRequest),
    (&["so", "issue", "create"], Purpose::Issue),
    (&["so", "pr", "create"], Purpose::PullRequest),
];

/// One of these is in each of them.
const WORDS: [&str; 4] = ["gh ", "glab ", "issue create", "pr create"];

/// What the event's shell command makes, once for each time it does.
pub(super) fn of(event: &Event, world: &World) -> Vec<Purpose> {
    // Most commands have none of these words.
    if !WORDS.iter().any(|word| text(event).contains(word)) {
        return Vec::new();
    }
    let verdict = reading::shell(event, world);
    let steps = verdict.iter().flat_map(|verdict| &verdict.steps);
    steps.filter_map(|step| kind(&step.command)).collect()
}

/// Whether the command shows the templates to the one who runs it.
pub(super) fn acknowledges(event: &Event, world: &World) -> bool {
    text(event).contains("ack templates")
        && reading::shell(event, world).is_some_and(|verdict| {
            verdict.steps.iter().any(|step| plain(&step.command).starts_with(&["so", "ack", "templates"]))
        })
}

fn text(event: &Event) -> &str {
    match &event.tool {
        Some(ToolCall::Shell { command, .. }) => command,
        _ => "",
    }
}

/// The words of a command without its flags; the program without its directory.
fn plain(command: &str) -> Vec<&str> {
    let mut words = command.split(' ');
    let mut plain = Vec::new();
    while let Some(word) = words.next() {
        match word {
            "-R" | "--repo" => drop(words.next()),
            word if word.starts_with('-') => {}
            word if plain.is_empty() => plain.push(word.rsplit('/').next().unwrap_or(word)),
            word => plain.push(word),
        }
    }
    plain
}

fn kind(command: &str) -> Option<Purpose> {
    let plain = plain(command);
    let api = plain.starts_with(&["gh", "api"]) || plain.starts_with(&["glab", "api"]);
    if api && (command.contains("POST") || command.contains("-f ") || command.contains("-F ")) {
        let is = |end: &str| plain.get(2).is_some_and(|path| path.trim_end_matches('/').ends_with(end));
        return match (is("/issues"), is("/pulls") || is("/merge_requests")) {
            (true, _) => Some(Purpose::Issue),
            (_, true) => Some(Purpose::PullRequest),
            _ => None,
        };
    }
    MAKERS.iter().find(|(words, _)| plain.starts_with(words)).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_seen_through_wrappers() {
        let made = |command: &str| {
            let event = Event {
                cwd: "/p".into(),
                tool: Some(ToolCall::Shell { command: command.into(), cwd: None }),
                ..Event::default()
            };
            of(&event, &World::default())
        };
        for (command, expected) in [
            ("gh issue create --title x", vec![Purpose::Issue]),
            ("sudo env A=1 gh -R o/r issue create -t x", vec![Purpose::Issue]),
            ("bash -c 'gh issue create -t a && gh issue create -t b'", vec![Purpose::Issue, Purpose::Issue]),
            ("gh pr create --fill", vec![Purpose::PullRequest]),
            ("glab mr create", vec![Purpose::PullRequest]),
            ("gh api repos/o/r/issues -f title=x", vec![Purpose::Issue]),
            ("gh api repos/o/r/issues", vec![]),
            ("gh issue list", vec![]),
            ("/bin/so --json issue create --title x", vec![Purpose::Issue]),
            ("so pr create", vec![Purpose::PullRequest]),
            ("so issue list", vec![]),
            ("echo gh issue create", vec![]),
            ("git commit -m 'gh issue create'", vec![]),
        ] {
            assert_eq!(made(command), expected, "{command}");
        }
    }
}
