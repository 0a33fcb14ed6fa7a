//! Whether a call makes an issue or a pull request, by whichever program or server and behind whatever wrapper.

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
    (&["hub", "issue", "create"], Purpose::Issue),
    (&["hub", "pull-request"], Purpose::PullRequest),
    (&["so", "issue", "create"], Purpose::Issue),
    (&["so", "pr", "create"], Purpose::PullRequest),
];

/// One of these is in each of them.
const WORDS: [&str; 6] = ["issue", "pr ", "mr ", "pull", "merge_", "graphql"];

/// What the event's call makes, once for each time it does.
pub(super) fn of(event: &Event, world: &World) -> Vec<Purpose> {
    if let Some(ToolCall::Mcp { name }) = &event.tool {
        return of_tool(name).into_iter().collect();
    }
    // Most commands have none of these words.
    let text = text(event);
    if !WORDS.iter().any(|word| text.contains(word)) {
        return Vec::new();
    }
    let verdict = reading::shell(event, world);
    let ran = verdict.iter().flat_map(|verdict| &verdict.ran);
    ran.filter_map(|ran| kind(&ran.words)).collect()
}

/// `create_issue`, `createPullRequest`: a verb and what it makes, and nothing beside them.
fn of_tool(name: &str) -> Option<Purpose> {
    let tool = name.rsplit("__").next().unwrap_or(name);
    let flat: String =
        tool.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let made = ["create", "open", "new"].iter().find_map(|verb| flat.strip_prefix(verb))?;
    match made {
        "issue" | "issues" | "jiraissue" | "workitem" => Some(Purpose::Issue),
        "pullrequest" | "pr" | "mergerequest" | "mr" => Some(Purpose::PullRequest),
        _ => None,
    }
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
    bare(command.split(' '))
}

fn bare<'w>(mut words: impl Iterator<Item = &'w str>) -> Vec<&'w str> {
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

fn kind(words: &[String]) -> Option<Purpose> {
    if words.iter().any(|word| word == "--help" || word == "-h" || word == "help") {
        return None;
    }
    let plain = bare(words.iter().map(String::as_str));
    let program = plain.first().copied().unwrap_or_default();
    match program {
        "gh" | "glab" if plain.get(1) == Some(&"api") => request(words, false),
        "curl" | "wget" | "http" | "https" | "xh" => request(words, true),
        _ => MAKERS.iter().find(|(words, _)| plain.starts_with(words)).map(|(_, kind)| *kind),
    }
}

/// A request to a forge that makes something: a method or a body, and where it goes.
fn request(words: &[String], is_web: bool) -> Option<Purpose> {
    let method = words.iter().zip(words.iter().skip(1)).find_map(|(flag, value)| {
        ["-X", "--method", "--request"].contains(&flag.as_str()).then(|| value.to_ascii_uppercase())
    });
    let begins =
        |starts: &[&str]| words.iter().any(|word| starts.iter().any(|start| word.starts_with(start)));
    let is_post = match method.as_deref() {
        Some(method) => method == "POST",
        None if begins(&["-XPOST", "--method=POST", "--request=POST", "--post-data", "--post-file"]) => true,
        None if begins(&["-XGET", "--method=GET", "--request=GET"]) => false,
        None if is_web => begins(&["-d", "--data", "--json"]) || words.iter().any(|word| word == "POST"),
        None => begins(&["-f", "-F", "--field", "--raw-field", "--input"]),
    };
    let named = |name: &str| {
        let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
        words
            .iter()
            .any(|word| word.match_indices(name).any(|(at, _)| word.get(at + name.len()..).is_some_and(ends)))
    };
    if begins(&["graphql"]) || words.iter().any(|word| word.contains("/graphql")) {
        return match (named("createIssue"), named("createPullRequest")) {
            (true, _) => Some(Purpose::Issue),
            (_, true) => Some(Purpose::PullRequest),
            _ => None,
        };
    }
    let goes = |end: &str| {
        words.iter().any(|word| {
            let path = word.split('?').next().unwrap_or(word).trim_end_matches('/');
            let is_place =
                if is_web { word.contains("://") && has_repository(path) } else { !word.starts_with('-') };
            is_place && !word.contains('=') && path.ends_with(end)
        })
    };
    match is_post {
        true if goes("/issues") => Some(Purpose::Issue),
        true if goes("/pulls") || goes("/merge_requests") => Some(Purpose::PullRequest),
        _ => None,
    }
}

/// What GitHub, GitLab and Gitea have in front of an issue.
fn has_repository(url: &str) -> bool {
    url.contains("/repos/") || url.contains("/projects/")
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
            ("gh api -X POST repos/o/r/issues -f title=x", vec![Purpose::Issue]),
            ("gh api --method POST /repos/o/r/pulls --input body.json", vec![Purpose::PullRequest]),
            ("gh api repos/o/r/issues --input -", vec![Purpose::Issue]),
            ("gh api -X GET repos/o/r/issues -f state=open", vec![]),
            ("gh api repos/o/r/issues/3/comments -f body=x", vec![]),
            (
                "gh api graphql -f query='mutation { createIssue(input: {}) { issue { id } } }'",
                vec![Purpose::Issue],
            ),
            (
                "gh api graphql -f query='mutation { createPullRequest(input: {}) { x } }'",
                vec![Purpose::PullRequest],
            ),
            ("gh api graphql -f query='mutation { createIssueComment(input: {}) { x } }'", vec![]),
            ("gh api graphql -f query='{ viewer { login } }'", vec![]),
            ("curl -X POST https://api.github.com/repos/o/r/issues -d '{}'", vec![Purpose::Issue]),
            ("curl -d @b.json https://api.github.com/repos/o/r/pulls", vec![Purpose::PullRequest]),
            ("curl --data title=x https://gitlab.com/api/v4/projects/1/issues", vec![Purpose::Issue]),
            ("curl https://api.github.com/repos/o/r/issues", vec![]),
            ("curl -d x https://example.com/issues", vec![]),
            ("hub issue create -m x", vec![Purpose::Issue]),
            ("hub pull-request -m x", vec![Purpose::PullRequest]),
            ("hub issue", vec![]),
            ("gh issue create --help", vec![]),
            ("gh help issue create", vec![]),
            ("gh pr create -h", vec![]),
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

    #[test]
    fn a_tool_of_a_server_makes_them_too() {
        for (name, expected) in [
            ("github__create_issue", Some(Purpose::Issue)),
            ("x__createPullRequest", Some(Purpose::PullRequest)),
            ("gitlab__create_merge_request", Some(Purpose::PullRequest)),
            ("github__create_issue_comment", None),
            ("github__create_pull_request_review", None),
            ("github__get_issue", None),
            ("github__list_issues", None),
        ] {
            assert_eq!(of_tool(name), expected, "{name}");
        }
    }
}
