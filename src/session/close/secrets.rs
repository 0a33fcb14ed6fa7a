//! Secrets in lines that are about to be committed. Only shapes that nothing else has: a false alarm stops a close.

/// One kind of secret: what it begins with, which characters follow, and at least how many.
struct Shape {
    name: &'static str,
    prefix: &'static str,
    length: usize,
    is_part: fn(char) -> bool,
}

fn word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

fn upper(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit()
}

const SHAPES: &[Shape] = &[
    Shape { name: "an AWS access key", prefix: "AKIA", length: 16, is_part: upper },
    Shape { name: "a GitHub token", prefix: "ghp_", length: 36, is_part: word },
    Shape { name: "a GitHub token", prefix: "gho_", length: 36, is_part: word },
    Shape { name: "a GitHub token", prefix: "ghs_", length: 36, is_part: word },
    Shape { name: "a GitHub token", prefix: "github_pat_", length: 50, is_part: word },
    Shape { name: "a GitLab token", prefix: "glpat-", length: 20, is_part: word },
    Shape { name: "a Slack token", prefix: "xoxb-", length: 30, is_part: word },
    Shape { name: "a Slack token", prefix: "xoxp-", length: 30, is_part: word },
    Shape { name: "a Stripe key", prefix: "sk_live_", length: 24, is_part: word },
    Shape { name: "a Google key", prefix: "AIza", length: 35, is_part: word },
    Shape { name: "an Anthropic key", prefix: "sk-ant-api03-", length: 40, is_part: word },
    Shape { name: "an npm token", prefix: "npm_", length: 36, is_part: word },
];

/// What kind of secret a line holds, if it holds one.
pub fn in_line(line: &str) -> Option<&'static str> {
    let key = line.trim_start_matches(['"', '\'', ' ', '\t']);
    if key.starts_with("-----BEGIN ") && key.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    SHAPES.iter().find(|shape| shape.is_in(line)).map(|shape| shape.name)
}

impl Shape {
    fn is_in(&self, line: &str) -> bool {
        line.match_indices(self.prefix).any(|(at, _)| {
            let before = line.get(..at).and_then(|before| before.chars().next_back());
            let rest = line.get(at + self.prefix.len()..).unwrap_or_default();
            let body: String = rest.chars().take_while(|c| (self.is_part)(*c)).collect();
            let alone = before.is_none_or(|c| !word(c));
            alone && body.len() >= self.length && is_random(&body)
        })
    }
}

/// Examples in documents repeat one character or spell words: `ghp_xxxxxxxx…`, `AKIAIOSFODNN7EXAMPLE`.
fn is_random(body: &str) -> bool {
    let mut seen: Vec<char> = body.chars().collect();
    seen.sort_unstable();
    seen.dedup();
    seen.len() >= 8 && !body.to_uppercase().contains("EXAMPLE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_told_from_examples() {
        // Put together here, so that no file of this project holds one.
        let token = |prefix: &str, body: &str| format!("key = \"{prefix}{body}\"");
        for (line, expected) in [
            (token("AKIA", "QZ7NDLW3K5TR2BXM"), Some("an AWS access key")),
            (token("AKIA", "IOSFODNN7EXAMPLE"), None),
            (token("ghp_", "a8Kd03jfLs92mQpz71XcVb64nTyUe05RwHgI"), Some("a GitHub token")),
            (token("ghp_", &"x".repeat(36)), None),
            (token("ghp_", "short"), None),
            (token("glpat-", "a8Kd03jfLs92mQpz71Xc"), Some("a GitLab token")),
            (["-----BEGIN ", "OPENSSH PRIVATE KEY-----"].concat(), Some("a private key")),
            ("the header -----BEGIN PRIVATE KEY----- starts a key".into(), None),
            ("let key = env::var(\"AWS_SECRET\");".into(), None),
        ] {
            assert_eq!(in_line(&line), expected, "{line}");
        }
    }
}
