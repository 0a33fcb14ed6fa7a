//! Which forge a project is at: read from its remotes, what stands in it, and the rules of its settings. Pure but for
//! [`find`], which asks git for the remotes.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::env;
use crate::session::config::{Config, Origin, Value};

/// A kind of forge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// GitHub, also on a host of one's own; spoken to by `gh`.
    #[default]
    GitHub,
    /// GitLab, also on a host of one's own; spoken to by `glab`.
    GitLab,
}

/// A repository on a forge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The kind.
    pub kind: Kind,
    /// The host, with its port where the remote names one for the web.
    pub host: String,
    /// `owner/name`; on GitLab with the groups.
    pub path: String,
    /// The remote that says so.
    pub remote: String,
}

/// A remote of a repository: its name and address.
pub type Remote = (String, String);

/// What the settings say about forges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// The forge is switched off.
    pub off: bool,
    /// The kind that is wanted.
    pub kind: Option<Kind>,
    /// The remote that counts.
    pub remote: Option<String>,
    /// Hosts whose kind is known, with the host that answers for them: `(host, kind, real host)`.
    pub hosts: Vec<(String, Kind, String)>,
}

impl Kind {
    /// Its name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::GitHub => "GitHub",
            Self::GitLab => "GitLab",
        }
    }

    /// What it calls a request to take commits over.
    pub fn request(self) -> &'static str {
        match self {
            Self::GitHub => "pull request",
            Self::GitLab => "merge request",
        }
    }

    /// The mark before the number of a request.
    pub fn mark(self) -> char {
        match self {
            Self::GitHub => '#',
            Self::GitLab => '!',
        }
    }

    fn of(word: &str) -> Option<Self> {
        match word {
            "github" => Some(Self::GitHub),
            "gitlab" => Some(Self::GitLab),
            _ => None,
        }
    }
}

impl Rules {
    /// The rules of a project's settings; `GH_HOST` and `GITLAB_HOST` name hosts too.
    pub fn of(config: &Config) -> Self {
        let vcs = config.text("vcs").unwrap_or_default();
        let mut rules = Self {
            // `none` is how a key is set to nothing; for this one it means off.
            off: vcs.is_empty() && config.get("vcs").origin != Origin::Default,
            kind: Kind::of(&vcs),
            remote: config.text("forge-remote"),
            hosts: Vec::new(),
        };
        if let Value::List(items) = config.get("forge-hosts").value {
            rules.hosts.extend(items.iter().filter_map(|item| rule(item)));
        }
        let mut named = |host: Option<String>, kind| {
            rules.hosts.extend(host.map(|host| (bare(&host), kind, bare(&host))));
        };
        named(config.text("gitlab-host"), Kind::GitLab);
        named(env::var("GITLAB_HOST"), Kind::GitLab);
        named(env::var("GH_HOST"), Kind::GitHub);
        rules
    }
}

/// One rule: `git.example.org gitlab`, or for a name that only ssh knows `work github github.com`.
fn rule(item: &str) -> Option<(String, Kind, String)> {
    let mut words = item.split_whitespace();
    let host = words.next()?.to_ascii_lowercase();
    let kind = Kind::of(words.next()?)?;
    let real = words.next().map_or_else(|| host.clone(), str::to_ascii_lowercase);
    Some((host, kind, real))
}

/// A host without scheme and path.
fn bare(host: &str) -> String {
    let host = host.split_once("://").map_or(host, |(_, rest)| rest);
    host.split('/').next().unwrap_or(host).to_ascii_lowercase()
}

/// Where `project` is; the error is a sentence for the person.
///
/// # Errors
/// It has no remote, or none that is at a forge.
pub fn find(project: &Path, rules: &Rules) -> Result<Place, String> {
    if rules.off {
        return Err("the settings say `vcs: none`".to_owned());
    }
    let repository = git2::Repository::open(project).map_err(|_| "this is no git repository".to_owned())?;
    let names = repository.remotes().map_err(|error| error.message().to_owned())?;
    let remotes: Vec<Remote> = names
        .iter()
        .filter_map(|name| name.ok().flatten())
        .filter_map(|name| {
            let remote = repository.find_remote(name).ok()?;
            Some((name.to_owned(), String::from_utf8_lossy(remote.url_bytes()).into_owned()))
        })
        .collect();
    let hint = if project.join(".gitlab-ci.yml").exists() || project.join(".gitlab").is_dir() {
        Some(Kind::GitLab)
    } else {
        project.join(".github").is_dir().then_some(Kind::GitHub)
    };
    choose(&remotes, rules, hint)
}

/// The first remote that is at a forge: the one that the settings name, else `origin`, else any.
///
/// # Errors
/// None is.
pub fn choose(remotes: &[Remote], rules: &Rules, hint: Option<Kind>) -> Result<Place, String> {
    let mut candidates: Vec<&Remote> = remotes.iter().collect();
    if let Some(wanted) = &rules.remote {
        candidates.retain(|(name, _)| name == wanted);
    }
    candidates.sort_by_key(|(name, _)| (name != "origin", name.clone()));
    let Some((name, url)) = candidates.first() else {
        let which = rules.remote.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default();
        return Err(format!("there is no remote{which}"));
    };
    let found = candidates.iter().filter_map(|remote| of(remote, rules, hint));
    let mut fitting = found.filter(|place| rules.kind.is_none_or(|kind| kind == place.kind));
    fitting.next().ok_or_else(|| match parts(url) {
        Some((host, _)) => format!(
            "the remote `{name}` is at {host}, which is not known as a forge; say `vcs` or `forge-hosts` in the \
             settings"
        ),
        None => format!("the remote `{name}` is not at a forge"),
    })
}

fn of((name, url): &Remote, rules: &Rules, hint: Option<Kind>) -> Option<Place> {
    let (host, path) = parts(url)?;
    let known = rules.hosts.iter().find(|(known, ..)| *known == host);
    let (kind, host) = match known {
        Some((_, kind, real)) => (*kind, real.clone()),
        None => (by_name(&host).or(rules.kind).or(hint)?, host),
    };
    let depth = path.split('/').count();
    let fits = if kind == Kind::GitHub { depth == 2 } else { depth >= 2 };
    fits.then(|| Place { kind, host, path, remote: name.clone() })
}

/// The kind of a host that carries it in its name: `github.com`, `github.example.org`, `gitlab.example.org`.
fn by_name(host: &str) -> Option<Kind> {
    let host = host.split(':').next().unwrap_or(host);
    host.split('.').find_map(|label| {
        let label = label.split('-').next().unwrap_or(label);
        Kind::of(label)
    })
}

/// Host and path of a remote's address, if it has both and they hold nothing odd.
fn parts(url: &str) -> Option<(String, String)> {
    let (host, path) = match url.split_once("://") {
        Some((scheme @ ("https" | "http"), rest)) => {
            let (host, path) = rest.split_once('/')?;
            let default = if scheme == "https" { ":443" } else { ":80" };
            (host.strip_suffix(default).unwrap_or(host), path)
        }
        // The port of ssh says nothing about the web.
        Some(("ssh" | "git" | "git+ssh" | "ssh+git", rest)) => {
            let (host, path) = rest.split_once('/')?;
            let end = host.rfind(':').filter(|end| host.rfind('@').is_none_or(|at| at < *end));
            (end.and_then(|end| host.get(..end)).unwrap_or(host), path)
        }
        Some(_) => return None,
        None => url.split_once(':').filter(|(host, _)| !host.contains('/') && host.len() > 1)?,
    };
    let host = host.rsplit('@').next().unwrap_or(host).to_ascii_lowercase();
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path).trim_end_matches('/');
    let is_plain = |text: &str, more: &str| {
        !text.is_empty()
            && !text.starts_with(['-', '.', ':'])
            && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    let is_path = path.split('/').all(|part| is_plain(part, "-_.~+"));
    (is_plain(&host, "-.:_") && is_path).then(|| (host, path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(url: &str, rules: &Rules, hint: Option<Kind>) -> String {
        match choose(&[("origin".into(), url.into())], rules, hint) {
            Ok(place) => format!("{} {} {}", place.kind.title(), place.host, place.path),
            Err(why) => why,
        }
    }

    #[test]
    fn the_forge_is_seen_from_the_remote() {
        let none = Rules::default();
        for (url, expected) in [
            ("https://github.com/o/r.git", "GitHub github.com o/r"),
            ("https://user:secret@github.com/o/r", "GitHub github.com o/r"),
            ("git@github.com:o/r.git", "GitHub github.com o/r"),
            ("ssh://git@github.example.org:2222/o/r.git", "GitHub github.example.org o/r"),
            ("ssh://git@gitlab.com/g/s/r.git", "GitLab gitlab.com g/s/r"),
            ("https://gitlab.example.org:8443/g/r.git/", "GitLab gitlab.example.org:8443 g/r"),
            ("https://GitHub.com:443/o/r", "GitHub github.com o/r"),
            ("/srv/git/r.git", "the remote `origin` is not at a forge"),
            ("file:///srv/r.git", "the remote `origin` is not at a forge"),
            ("C:/srv/r.git", "the remote `origin` is not at a forge"),
            ("https://github.com/o/../r", "the remote `origin` is not at a forge"),
            ("https://-oProxyCommand=x/o/r", "the remote `origin` is not at a forge"),
            ("https://github.com/o/r?x=1", "the remote `origin` is not at a forge"),
        ] {
            assert_eq!(place(url, &none, None), expected, "{url}");
        }
        let unknown = place("git@code.example.org:g/r.git", &none, None);
        assert!(unknown.contains("code.example.org") && unknown.contains("forge-hosts"), "{unknown}");
        let hinted = place("git@code.example.org:g/r.git", &none, Some(Kind::GitLab));
        assert_eq!(hinted, "GitLab code.example.org g/r");
    }

    #[test]
    fn rules_name_hosts_that_nothing_else_tells() {
        let hosts = ["code.example.org gitlab", "work github github.com"];
        let rules = Rules { hosts: hosts.iter().filter_map(|item| rule(item)).collect(), ..Rules::default() };
        assert_eq!(place("git@code.example.org:g/r.git", &rules, None), "GitLab code.example.org g/r");
        assert_eq!(place("git@work:o/r.git", &rules, None), "GitHub github.com o/r");
        let pinned = Rules { kind: Some(Kind::GitLab), ..Rules::default() };
        assert_eq!(place("git@code.example.org:g/r.git", &pinned, None), "GitLab code.example.org g/r");
    }

    #[test]
    fn of_several_remotes_the_one_that_fits_counts() {
        let remotes = [
            ("mirror".to_owned(), "https://github.com/o/r".to_owned()),
            ("origin".to_owned(), "https://gitlab.com/g/r".to_owned()),
        ];
        let of = |rules: &Rules| choose(&remotes, rules, None).map(|place| place.remote);
        assert_eq!(of(&Rules::default()).as_deref(), Ok("origin"));
        assert_eq!(of(&Rules { kind: Some(Kind::GitHub), ..Rules::default() }).as_deref(), Ok("mirror"));
        let named = Rules { remote: Some("upstream".into()), ..Rules::default() };
        assert_eq!(of(&named), Err("there is no remote `upstream`".into()));
    }
}
