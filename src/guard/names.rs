//! Which entries of a directory are meant: what `find` tests and shell patterns leave over.

/// A set of entries, never smaller than the real one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Patterns, one of which an entry matches; none where any entry may be meant. With a `/` it is a pattern for
    /// the path below the root, which begins with `/`.
    any: Option<Vec<String>>,
    /// The patterns match in any case.
    any_case: bool,
    /// The directory `.git` itself is not meant.
    spares_entry: bool,
    /// What is in `.git` is not meant.
    spares_contents: bool,
}

/// What lies in every repository, as a sample of what a pattern would reach there.
const CONTENTS: &[&str] = &[
    "/.git/HEAD",
    "/.git/config",
    "/.git/index",
    "/.git/packed-refs",
    "/.git/hooks/pre-commit",
    "/.git/objects/00/00000000000000000000000000000000000000",
    "/.git/objects/pack/pack-0000000000000000000000000000000000000000.pack",
];

impl Names {
    /// Entries with this name, or this path where it holds a `/`.
    pub(super) fn of(pattern: impl Into<String>) -> Self {
        Self { any: Some(vec![pattern.into()]), ..Self::default() }
    }

    /// The same in any case.
    pub(super) fn in_any_case(mut self) -> Self {
        self.any_case = true;
        self
    }

    /// Everything but the repository.
    pub(super) fn but_the_repository() -> Self {
        Self { spares_entry: true, spares_contents: true, ..Self::default() }
    }

    /// What is in both.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.any_case |= other.any_case;
        self.spares_entry |= other.spares_entry;
        self.spares_contents |= other.spares_contents;
        let paths = |any: &[String]| any.iter().filter(|pattern| pattern.contains('/')).count();
        self.any = match (self.any, other.any) {
            // Either is more than both: a name says more than a path.
            (Some(own), Some(other)) => Some(if paths(&own) > paths(&other) { other } else { own }),
            (own, other) => own.or(other),
        };
        self
    }

    /// What is in either.
    pub(super) fn or(self, other: Self) -> Self {
        let spares_entry = !self.reaches_entry() && !other.reaches_entry();
        let spares_contents = !self.reaches_contents() && !other.reaches_contents();
        let any = self.any.zip(other.any).map(|(own, other)| [own, other].concat());
        Self { any, any_case: self.any_case || other.any_case, spares_entry, spares_contents }
    }

    /// The same without directories: `.git` is one.
    pub(super) fn without_directories(mut self) -> Self {
        self.spares_entry = true;
        self
    }

    /// The same without entries below those at the top.
    pub(super) fn at_the_top(mut self) -> Self {
        self.spares_contents = true;
        self
    }

    /// The same without what `pattern` matches; only what that means for the repository is kept.
    pub(super) fn without(mut self, pattern: &str) -> Self {
        let other = Self::of(pattern);
        self.spares_entry |= other.reaches_entry();
        // The pattern of a name matches single entries; one of a path matches whatever lies below too.
        self.spares_contents |= pattern.contains('/') && CONTENTS.iter().all(|path| other.matches(path));
        self
    }

    /// Whether entries of a repository at the root are meant.
    pub(super) fn reaches_repository(&self) -> bool {
        self.reaches_entry() || self.reaches_contents()
    }

    /// Whether `.git` itself is meant.
    pub(super) fn reaches_entry(&self) -> bool {
        !self.spares_entry && self.matches("/.git")
    }

    fn reaches_contents(&self) -> bool {
        !self.spares_contents && CONTENTS.iter().any(|path| self.matches(path))
    }

    /// Whether the entry with this path below the root, which begins with `/`, is meant.
    pub(super) fn matches(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or_default();
        self.any.as_ref().is_none_or(|any| {
            any.iter().any(|pattern| {
                let whole = if pattern.contains('/') { path } else { name };
                matches(pattern, whole)
                    || (self.any_case && matches(&pattern.to_lowercase(), &whole.to_lowercase()))
            })
        })
    }

    /// The patterns, where they are known.
    pub(super) fn patterns(&self) -> Option<&[String]> {
        self.any.as_deref()
    }
}

/// Whether a file name matches a shell pattern: `*`, `?`, `[…]`. Linear: only the last `*` is ever retried.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern, name);
    let mut retry: Option<(&str, &str)> = None;
    loop {
        if let Some(rest) = pattern.strip_prefix('*') {
            pattern = rest;
            retry = Some((rest, name));
            continue;
        }
        let Some(character) = name.chars().next() else { return pattern.is_empty() };
        if let Some(rest) = one(pattern, character) {
            pattern = rest;
            name = name.get(character.len_utf8()..).unwrap_or_default();
            continue;
        }
        let Some((after, from)) = retry else { return false };
        let Some(skipped) = from.chars().next() else { return false };
        let from = from.get(skipped.len_utf8()..).unwrap_or_default();
        retry = Some((after, from));
        (pattern, name) = (after, from);
    }
}

/// The rest of the pattern behind what matches one character.
fn one(pattern: &str, character: char) -> Option<&str> {
    let first = pattern.chars().next()?;
    let rest = pattern.get(first.len_utf8()..)?;
    match first {
        '?' => Some(rest),
        '[' if rest.contains(']') => {
            let (set, rest) = rest.split_once(']')?;
            let (set, negated) = match set.strip_prefix(['!', '^']) {
                Some(set) => (set, true),
                None => (set, false),
            };
            // A range counts as every character: too much matches, never too little.
            let hit = set.contains('-') || set.contains(character);
            (hit != negated || set.contains('-')).then_some(rest)
        }
        _ => (first == character).then_some(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_a_shell_matches_them() {
        for (pattern, name, expected) in [
            ("*.pyc", "a.pyc", true),
            ("*.pyc", "a.py", false),
            ("a*b*c", "aXbYbZc", true),
            ("?.o", "é.o", true),
            ("[ab].c", "b.c", true),
            ("[!ab].c", "b.c", false),
            ("", "", true),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
