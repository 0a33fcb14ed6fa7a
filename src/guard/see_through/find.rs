//! `find … -exec command ;`, `find … -delete` and what `find` lists: its expression is read as far as names go.

use super::{Inner, replaced};
use crate::guard::arg::{Arg, Call, UNKNOWN};
use crate::guard::names::Names;

/// Actions that run a command.
const RUNS: &[&str] = &["-exec", "-execdir", "-ok", "-okdir"];
/// Actions that print.
const PRINTS: &[&str] = &["-print", "-print0", "-ls"];
/// Tests, options and actions with one argument that say nothing about names.
const ONE: &[&str] = &[
    "-amin",
    "-anewer",
    "-atime",
    "-cmin",
    "-cnewer",
    "-context",
    "-ctime",
    "-D",
    "-files0-from",
    "-fls",
    "-fprint",
    "-fprint0",
    "-fstype",
    "-gid",
    "-group",
    "-ilname",
    "-inum",
    "-iregex",
    "-links",
    "-lname",
    "-maxdepth",
    "-mindepth",
    "-mmin",
    "-mtime",
    "-newer",
    "-perm",
    "-printf",
    "-regex",
    "-regextype",
    "-samefile",
    "-size",
    "-type",
    "-uid",
    "-used",
    "-user",
    "-xtype",
    "-flags",
];
/// Deepest nesting of brackets that is followed.
const MAX_DEPTH: u32 = 16;

/// What one `find` command line does.
#[derive(Default)]
struct Found {
    roots: Vec<Arg>,
    /// What `-delete` deletes.
    deleted: Option<Names>,
    /// What is printed by name.
    printed: Option<Names>,
    /// Commands, with what they are run for.
    runs: Vec<(Vec<Arg>, Names)>,
    /// What the expression as a whole lets through.
    through: Names,
}

/// The commands of all `-exec` actions, with `{}` standing for what is below the roots.
pub(super) fn inside(call: &Call<'_>) -> Vec<Inner> {
    if call.name == "fd" || call.name == "fdfind" {
        return fd(call.args);
    }
    if call.name != "find" {
        return Vec::new();
    }
    let found = read(call.args);
    let each = |(command, names): &(Vec<Arg>, Names)| {
        let lines = found
            .roots
            .iter()
            .map(|root| Inner::words(replaced(command, "{}", &below(root, names.clone())).0));
        lines.collect::<Vec<_>>()
    };
    found.runs.iter().flat_map(each).collect()
}

/// What `find args` prints: everything below each root, as a pattern.
pub(crate) fn listed(name: &str, args: &[Arg]) -> Vec<Arg> {
    if name != "find" {
        return fd_roots(args).iter().map(|root| below(root, fd_names(args))).collect();
    }
    let found = read(args);
    let names = found.printed.unwrap_or(found.through);
    found.roots.iter().map(|root| below(root, names.clone())).collect()
}

/// What `find args` deletes by itself.
pub(crate) fn deleted(args: &[Arg]) -> Vec<Arg> {
    let found = read(args);
    let Some(names) = found.deleted else { return Vec::new() };
    found.roots.iter().map(|root| below(root, names.clone())).collect()
}

/// Everything below `root` that is meant.
pub(crate) fn below(root: &Arg, names: Names) -> Arg {
    let text = root.text.trim_end_matches('/');
    Arg { text: format!("{text}/*"), glob: true, named: Some(names), ..root.clone() }
}

fn read(args: &[Arg]) -> Found {
    let options = args
        .iter()
        .take_while(|arg| matches!(arg.text.as_str(), "-H" | "-L" | "-P" | "-E" | "-X" | "-d" | "-x" | "-s"))
        .count();
    let rest = args.get(options..).unwrap_or_default();
    let roots = rest.iter().take_while(|arg| {
        let option = arg.text.starts_with('-') && arg.text.len() > 1;
        !option && !matches!(arg.text.as_str(), "(" | "!" | ")" | ",")
    });
    let mut found = Found { roots: roots.cloned().collect(), ..Found::default() };
    let rest = rest.get(found.roots.len()..).unwrap_or_default();
    if found.roots.is_empty() {
        found.roots.push(Arg::literal("."));
    }
    let top = rest
        .windows(2)
        .any(|pair| matches!(pair, [option, depth] if option.text == "-maxdepth" && depth.text == "1"));
    let all = if top { Names::default().at_the_top() } else { Names::default() };
    let mut expression = Expression { rest, found, depth: 0 };
    let mut through = None;
    // A bracket too many ends nothing here.
    while !expression.rest.is_empty() {
        let (names, _) = expression.alternatives(&all);
        through = Some(either(through, names));
        expression.take();
    }
    expression.found.through = through.unwrap_or_default();
    expression.found
}

fn either(first: Option<Names>, second: Names) -> Names {
    match first {
        Some(first) => first.or(second),
        None => second,
    }
}

/// A cursor over the expression.
struct Expression<'a> {
    rest: &'a [Arg],
    found: Found,
    depth: u32,
}

/// One chain of tests and actions.
struct Chain {
    names: Names,
    /// Nothing but names and kinds is asked, so that what does not pass has another name.
    plain: bool,
    pruned: bool,
}

impl<'a> Expression<'a> {
    fn take(&mut self) -> Option<&'a Arg> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn value(&mut self) -> Option<&'a str> {
        self.take().map(|arg| arg.text.as_str())
    }

    /// `a -o b`: what passes either, and whether nothing but names is asked.
    fn alternatives(&mut self, given: &Names) -> (Names, bool) {
        let mut given = given.clone();
        let mut all = None;
        let mut plain = true;
        loop {
            let chain = self.chain(&given);
            plain &= chain.plain;
            // What was pruned on the left never comes to the right.
            if chain.pruned && chain.plain && chain.names.reaches_entry() {
                given = given.and(Names::but_the_repository());
            }
            all = Some(either(all, chain.names));
            if !self.rest.first().is_some_and(|arg| matches!(arg.text.as_str(), "-o" | "-or" | ",")) {
                return (all.unwrap_or_default(), plain);
            }
            self.take();
        }
    }

    fn chain(&mut self, given: &Names) -> Chain {
        let mut chain = Chain { names: given.clone(), plain: true, pruned: false };
        while let Some(arg) = self.rest.first() {
            match arg.text.as_str() {
                "-o" | "-or" | "," | ")" => break,
                _ => self.primary(&mut chain),
            }
        }
        chain
    }

    fn primary(&mut self, chain: &mut Chain) {
        let Some(arg) = self.take() else { return };
        match arg.text.as_str() {
            "-a" | "-and" => {}
            "!" | "-not" => self.negated(chain),
            "(" if self.depth < MAX_DEPTH => {
                self.depth += 1;
                let (names, plain) = self.alternatives(&chain.names);
                self.depth -= 1;
                chain.names = names;
                chain.plain &= plain;
                self.take();
            }
            "-prune" => chain.pruned = true,
            "-delete" => self.found.deleted = Some(either(self.found.deleted.take(), chain.names.clone())),
            action if PRINTS.contains(&action) => {
                self.found.printed = Some(either(self.found.printed.take(), chain.names.clone()));
            }
            action if RUNS.contains(&action) => self.run(chain),
            test => self.test(test, chain),
        }
    }

    fn negated(&mut self, chain: &mut Chain) {
        let pattern = match self.rest.first().map(|arg| arg.text.as_str()) {
            Some("-name") => self.rest.get(1).map(|arg| arg.text.clone()),
            Some("-path" | "-wholename") => self.rest.get(1).and_then(|arg| self.below_root(&arg.text)),
            _ => None,
        };
        let mut inner = Chain { names: chain.names.clone(), plain: true, pruned: false };
        self.primary(&mut inner);
        chain.plain = false;
        if let Some(pattern) = pattern.filter(|pattern| !pattern.contains(UNKNOWN)) {
            chain.names = chain.names.clone().without(&pattern);
        }
    }

    fn test(&mut self, test: &str, chain: &mut Chain) {
        let names = std::mem::take(&mut chain.names);
        chain.names = match test {
            "-name" => narrowed(names, self.value().map(str::to_owned)),
            "-iname" => narrowed(names, self.value().map(str::to_lowercase)).in_any_case(),
            "-path" | "-wholename" | "-ipath" | "-iwholename" => {
                let pattern = self.value().and_then(|text| self.below_root(text));
                let names = narrowed(names, pattern);
                if test.starts_with("-i") { names.in_any_case() } else { names }
            }
            "-type" | "-xtype" => match self.value() {
                Some(kind) if kind.contains('d') => names,
                Some("l") => names.and(Names::but_the_repository()),
                _ => {
                    chain.plain = false;
                    names.without_directories()
                }
            },
            _ => {
                // GNU's takes no value, BSD's a number.
                let counted = |arg: &Arg| arg.text.ends_with(|letter: char| letter.is_ascii_digit());
                let depth = test == "-depth" && self.rest.first().is_some_and(counted);
                if depth || ONE.contains(&test) || test.starts_with("-newer") {
                    self.take();
                } else if test == "-fprintf" {
                    self.take();
                    self.take();
                }
                chain.plain &= matches!(test, "-maxdepth" | "-mindepth");
                names
            }
        };
    }

    /// A path pattern for what lies below the root; `None` where it cannot be told apart from the root.
    fn below_root(&self, pattern: &str) -> Option<String> {
        if pattern.starts_with('*') {
            return Some(if pattern.contains('/') { pattern.to_owned() } else { format!("*/{pattern}") });
        }
        let [root] = self.found.roots.as_slice() else { return None };
        let below = pattern.strip_prefix(root.text.trim_end_matches('/'))?;
        below.starts_with('/').then(|| below.to_owned())
    }

    /// Up to `;` or `{} +`; without either it takes everything, and find refuses.
    fn run(&mut self, chain: &Chain) {
        let ends = |(at, word): (usize, &Arg)| {
            word.text == ";"
                || (word.text == "+"
                    && at > 0
                    && self.rest.get(at - 1).is_some_and(|before| before.text == "{}"))
        };
        let length = self.rest.iter().enumerate().position(ends).unwrap_or(self.rest.len());
        let (command, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.take();
        self.found.runs.push((command.to_vec(), chain.names.clone()));
    }
}

fn narrowed(names: Names, pattern: Option<String>) -> Names {
    match pattern {
        Some(pattern) => names.and(Names::of(pattern.replace(UNKNOWN, "*"))),
        None => names,
    }
}

/// `fd PATTERN [DIR…]`: the repository is hidden, and so passed over unless it is asked for.
fn fd_names(args: &[Arg]) -> Names {
    let hidden = args.iter().any(|arg| {
        matches!(arg.text.as_str(), "--hidden" | "--unrestricted")
            || arg
                .text
                .strip_prefix('-')
                .is_some_and(|letters| !letters.starts_with('-') && letters.contains(['H', 'u']))
    });
    if hidden { Names::default() } else { Names::but_the_repository() }
}

fn fd_roots(args: &[Arg]) -> Vec<Arg> {
    let own = args.iter().take_while(|arg| !fd_runs(arg));
    let roots: Vec<Arg> = own.filter(|arg| !arg.text.starts_with('-')).skip(1).cloned().collect();
    if roots.is_empty() { vec![Arg::literal(".")] } else { roots }
}

fn fd_runs(arg: &Arg) -> bool {
    matches!(arg.text.as_str(), "-x" | "-X" | "--exec" | "--exec-batch")
}

/// `fd PATTERN [DIR] -x command`.
fn fd(args: &[Arg]) -> Vec<Inner> {
    let Some(at) = args.iter().position(fd_runs) else { return Vec::new() };
    let command = args.get(at + 1..).unwrap_or_default();
    if command.is_empty() {
        return Vec::new();
    }
    let lines = fd_roots(args).into_iter().map(|root| {
        let path = below(&root, fd_names(args));
        let (mut words, any) = replaced(command, "{}", &path);
        if !any {
            words.push(path);
        }
        Inner::words(words)
    });
    lines.collect()
}
