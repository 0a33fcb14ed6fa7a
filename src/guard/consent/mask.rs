//! Commands as they may be kept: on one line, shortened, without secrets.
//!
//! Word by word, in one pass. What looks like a secret is masked; a word masked in vain costs nothing.

/// So much of a command is looked at, and so much of it is kept, in characters.
const READ: usize = 2_000;
const KEPT: usize = 160;

const MASK: &str = "***";

/// Parts of names whose values are secrets.
const NAMES: &[&str] = &[
    "token",
    "secret",
    "passw",
    "passphrase",
    "pwd",
    "apikey",
    "api_key",
    "api-key",
    "accesskey",
    "access_key",
    "access-key",
    "private_key",
    "private-key",
    "credential",
    "authorization",
    "auth_key",
    "cookie",
    "session_key",
];

/// How keys of well-known services begin.
const PREFIXES: &[&str] = &[
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "sk-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "pk_live_",
    "xox",
    "AKIA",
    "ASIA",
    "AIza",
    "eyJ",
    "npm_",
    "pypi-",
    "hf_",
    "dop_v1_",
    "shpat_",
    "SG.",
    "ya29.",
];

/// Words after which the secret stands.
const SCHEMES: &[&str] = &["bearer", "basic", "digest", "negotiate"];

/// The command without its secrets.
pub fn masked(text: &str) -> String {
    let text: String = text.chars().take(READ).collect();
    shortened(hidden(&text, true).replace('\n', "⏎").trim())
}

/// Prose without secrets, whole: there a word such as `token` is mostly a word, so what follows it is hidden only
/// behind a sign.
pub fn without_secrets(text: &str) -> String {
    hidden(text, false)
}

fn hidden(text: &str, is_command: bool) -> String {
    let is_mysql = ["mysql", "mariadb"].iter().any(|name| text.contains(name)); // -pSECRET
    let mut out = String::new();
    let mut hide = false;
    let mut previous = String::new();
    for piece in text.split_inclusive(is_end) {
        let word = piece.trim_end_matches(is_end);
        let end = piece.get(word.len()..).unwrap_or_default();
        let is_joint = matches!(word, "" | ":" | "=" | "-H" | "\\");
        if hide && !is_joint {
            let is_scheme = SCHEMES.contains(&word.to_ascii_lowercase().as_str());
            out.push_str(if is_scheme { word } else { MASK });
            hide = is_scheme;
        } else {
            let (shown, next) = match word.strip_prefix("-p").filter(|rest| is_mysql && !rest.is_empty()) {
                Some(_) => (format!("-p{MASK}"), false),
                None => word_masked(word, &previous),
            };
            out.push_str(&shown);
            let is_sign = || word.ends_with([':', '=']) || word.starts_with("--");
            hide = hide || next && (is_command || is_sign());
        }
        out.push_str(end);
        if !word.is_empty() {
            word.clone_into(&mut previous);
        }
    }
    out
}

fn is_end(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\'' | '"' | '`' | ';' | ',' | '(' | ')' | '{' | '}' | '|' | '&' | '<' | '>')
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(KEPT) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The word as it is shown, and whether the next one is a secret.
fn word_masked(word: &str, previous: &str) -> (String, bool) {
    if let Some(url) = url_masked(word) {
        return (url, false);
    }
    if matches!(previous, "-u" | "--user" | "--proxy-user") && word.contains(':') {
        return (MASK.to_owned(), false);
    }
    if let Some((name, value)) = word.split_once(['=', ':']).filter(|(name, _)| is_secret_name(name)) {
        let sign = word.get(name.len()..=name.len()).unwrap_or_default();
        let hidden = if value.is_empty() { "" } else { MASK };
        return (format!("{name}{sign}{hidden}"), value.is_empty());
    }
    if looks_secret(word) || word.split_once('=').is_some_and(|(_, value)| looks_secret(value)) {
        let name = word.split_once('=').filter(|(name, _)| !looks_secret(name));
        return (name.map_or(MASK.to_owned(), |(name, _)| format!("{name}={MASK}")), false);
    }
    let scheme = SCHEMES.get(..1).unwrap_or_default().contains(&word.to_ascii_lowercase().as_str());
    (word.to_owned(), scheme || is_secret_name(word) && (word.starts_with('-') || !word.contains('/')))
}

/// `https://user:word@host/…`.
fn url_masked(word: &str) -> Option<String> {
    let (scheme, rest) = word.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (user, _) = host.rsplit_once('@')?;
    Some(format!("{scheme}://{MASK}{}", rest.get(user.len()..).unwrap_or_default()))
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.len() <= 64 && NAMES.iter().any(|part| name.contains(part))
}

/// A key of a known service, or a long run of letters and digits that is neither a path nor a hash in hex.
fn looks_secret(word: &str) -> bool {
    if word.len() >= 12 && PREFIXES.iter().any(|prefix| word.starts_with(prefix)) {
        return true;
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+_-=".contains(&byte);
    let mixed = word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().any(|byte| byte.is_ascii_lowercase())
        && word.bytes().any(|byte| byte.is_ascii_uppercase());
    word.len() >= 32 && mixed && word.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_the_rest_stays() {
        for (text, shown) in [
            ("git push --force origin main", "git push --force origin main"),
            (
                "git push -f https://bob:hunter2@git.example/x.git",
                "git push -f https://***@git.example/x.git",
            ),
            ("curl -H 'Authorization: Bearer abc.def' x", "curl -H 'Authorization: Bearer ***' x"),
            ("curl -H \"Authorization: tok123\" x", "curl -H \"Authorization: ***\" x"),
            ("curl -H 'X-Api-Key: abc' x", "curl -H 'X-Api-Key: ***' x"),
            ("curl -u bob:hunter2 x", "curl -u *** x"),
            ("GITHUB_TOKEN=abc npm publish", "GITHUB_TOKEN=*** npm publish"),
            ("DB_PASSWORD='a b' rake db:drop", "DB_PASSWORD='*** b' rake db:drop"),
            ("x --password hunter2 y", "x --password *** y"),
            ("x --password=hunter2 y", "x --password=*** y"),
            ("mysql -u root -phunter2 -e 'drop database x'", "mysql -u root -p*** -e 'drop database x'"),
            ("echo '{\"secret\": \"abc\"}'", "echo '{\"secret\": \"***\"}'"),
            ("x ghp_0123456789abcdef y", "x *** y"),
            ("A=sk-0123456789abcdef x", "A=*** x"),
            (
                "git reset --hard 3ac41c8e49a1f3f6f3b9d6a1a9d1a3f0c6d3e9b1",
                "git reset --hard 3ac41c8e49a1f3f6f3b9d6a1a9d1a3f0c6d3e9b1",
            ),
            ("x Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4MTIz", "x ***"),
            ("rm -rf a\nrm -rf b", "rm -rf a⏎rm -rf b"),
        ] {
            assert_eq!(masked(text), shown, "{text}");
        }
        assert!(masked(&"word ".repeat(1000)).chars().count() <= KEPT + 1);
    }

    #[test]
    fn prose_is_whole_and_only_values_are_hidden() {
        for (text, shown) in [
            ("The token must be fresh;\nthe cookie too.", "The token must be fresh;\nthe cookie too."),
            ("run it with API_TOKEN=abc or password: hunter2", "run it with API_TOKEN=*** or password: ***"),
            ("ghp_0123456789abcdef opens it", "*** opens it"),
            ("call `x --password hunter2`", "call `x --password ***`"),
        ] {
            assert_eq!(without_secrets(text), shown, "{text}");
        }
        let long = "word ".repeat(1000);
        assert_eq!(without_secrets(&long), long);
    }

    proptest::proptest! {
        #[test]
        fn a_value_after_a_secret_name_is_never_kept(value in "[a-zA-Z0-9]{6,30}", name in "(API_KEY|TOKEN|password|Client-Secret)", sign in "[=:]") {
            let shown = masked(&format!("run {name}{sign}{value} x"));
            proptest::prop_assert!(!shown.contains(&value), "{}", shown);
        }

        #[test]
        fn no_text_makes_it_fail(text in ".{0,300}") {
            let _ = masked(&text);
        }
    }
}
