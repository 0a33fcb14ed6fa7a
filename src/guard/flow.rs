//! What a command prints, as far as that can be known: the reason why `echo … | sh` is not opaque.

use std::path::Path;

use super::arg::{Arg, Call, UNKNOWN};

/// What comes out of commands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flow {
    /// Texts that are known to be in it.
    pub texts: Vec<String>,
    /// The texts are all of it.
    pub complete: bool,
    /// It passed a decoder (`base64 -d` and the like).
    pub decoded: bool,
    /// A known text was turned into another (`tr`, `sed`): suspicious only where it is a whole program.
    pub altered: bool,
    /// It came from the network.
    pub fetched: bool,
    /// A program picked it out of data: `jq -r .cmd file`.
    pub picked: bool,
    /// Paths that `find` lists.
    pub listed: Vec<Arg>,
}

impl Flow {
    /// A known text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { texts: vec![text.into()], complete: true, ..Self::default() }
    }

    /// The whole text, if it is known.
    pub fn whole(&self) -> Option<String> {
        (self.complete && self.listed.is_empty()).then(|| self.texts.concat())
    }

    /// Adds what comes behind or beside it.
    pub fn join(&mut self, other: &Self) {
        self.complete &= other.complete;
        self.texts.extend(other.texts.iter().take(64).cloned());
        self.taint(other);
        self.listed.extend(other.listed.iter().cloned());
    }

    /// Takes over where the other came from, not what it holds.
    pub fn taint(&mut self, other: &Self) {
        self.decoded |= other.decoded;
        self.altered |= other.altered;
        self.fetched |= other.fetched;
        self.picked |= other.picked;
    }

    /// Whether anything is known of it that a reader would have to be judged by.
    pub(in crate::guard) fn says_something(&self) -> bool {
        self.decoded
            || self.fetched
            || self.altered
            || self.picked
            || self.texts.iter().any(|text| !text.is_empty())
    }

    /// The bytes of its texts.
    pub(in crate::guard) fn weight(&self) -> usize {
        self.texts.iter().map(|text| text.len() + 1).sum::<usize>() + 64 * self.listed.len()
    }

    /// Some of the same lines.
    pub(super) fn thinned(&self) -> Self {
        if self.listed.is_empty() {
            Self { complete: false, ..self.clone() }
        } else {
            Self { texts: Vec::new(), ..self.clone() }
        }
    }

    /// The same origin, but changed text.
    fn changed(&self) -> Self {
        Self { texts: Vec::new(), complete: false, listed: Vec::new(), ..self.clone() }
    }
}

/// How what `git diff` prints of the working tree begins.
pub(in crate::guard) const CHANGES: &str = "diff --git\n";

/// `git diff`, against at most one commit.
fn prints_changes(args: &[Arg]) -> bool {
    let mut words = args.iter().map(|arg| arg.text.as_str()).skip_while(|text| *text != "diff").skip(1);
    let names = |text: &str| {
        ["--name", "--stat", "--num", "--cached", "--staged"].iter().any(|name| text.starts_with(name))
    };
    args.iter().any(|arg| arg.text == "diff")
        && !words.clone().any(names)
        && words.by_ref().take_while(|text| *text != "--").filter(|text| !text.starts_with('-')).count() < 2
}

/// What `call` prints.
pub(in crate::guard) fn of(call: &Call<'_>) -> Flow {
    let Call { name, args, input, .. } = *call;
    let path = |path: Option<&Path>| path.and_then(Path::to_str).map(Flow::text).unwrap_or_default();
    match name {
        "pwd" => path(call.cwd.as_deref()),
        "git" if call.has("--show-toplevel") => path(call.context.project.as_deref()),
        "git" if call.has("rev-parse") => Flow::text("0"),
        "git" if prints_changes(args) => Flow { texts: vec![CHANGES.to_owned()], ..Flow::default() },
        "mktemp" => mktemp(args),
        "brew" | "ccache" | "composer" | "go" | "npm" | "pip" | "pip3" | "pnpm" | "poetry" | "uv"
        | "yarn" => {
            super::loss::regenerable::told(call).map_or_else(|| filtered(call), |cache| path(Some(&cache)))
        }
        "echo" => echo(args),
        "printf" => printf(args),
        "tee" | "sponge" => input.clone(),
        "cat" => cat(args, input),
        "find" if call.has("-printf") => Flow { texts: composed(args), ..Flow::default() },
        "find" | "fd" | "fdfind" => {
            Flow { listed: super::see_through::listed_by_find(name, args), complete: true, ..Flow::default() }
        }
        "curl" | "wget" | "fetch" | "http" | "https" | "aria2c" | "lwp-request" => {
            Flow { fetched: true, ..input.changed() }
        }
        "tar" | "bsdtar" | "unzip" | "history" | "fc" => Flow { picked: true, ..Flow::default() },
        "nc" | "ncat" | "socat" => Flow { fetched: true, ..Flow::default() },
        _ if decodes(name, args) => Flow { decoded: true, ..input.changed() },
        "which" | "type" => args.last().map(|arg| found(&arg.text)).unwrap_or_default(),
        "command" if matches!(call.first(), "-v" | "-V") => {
            args.last().map(|arg| found(&arg.text)).unwrap_or_default()
        }
        "basename" | "dirname" => part_of_path(name, args),
        "yes" => Flow::text(args.first().map_or("y", |arg| arg.text.as_str())),
        "true" | ":" | "set" | "test" | "[" | "exit" | "return" | "false" => Flow::text(""),
        // What these print holds neither a path nor an option.
        "date" | "id" | "nproc" | "wc" | "whoami" | "uname" | "hostname" | "uuidgen" | "seq" | "md5sum" => {
            Flow::text("0")
        }
        _ => filtered(call),
    }
}

/// Where a program lies: of most only the name is known.
fn found(name: &str) -> Flow {
    let system = ["/usr/bin", "/bin"].iter().map(|dir| format!("{dir}/{name}"));
    let system = system.into_iter().find(|path| Path::new(path).exists());
    Flow::text(system.unwrap_or_else(|| format!("{UNKNOWN}/{name}")))
}

/// What `call` makes of what it reads.
fn filtered(call: &Call<'_>) -> Flow {
    let Call { name, args, input, .. } = *call;
    match name {
        "tr" | "sed" | "awk" | "cut" if !input.texts.is_empty() => {
            match super::edited::edited(name, args, input) {
                Some(flow) => flow,
                None => Flow { altered: true, ..input.changed() },
            }
        }
        "head" | "tail" | "sort" | "uniq" | "tac" | "nl" | "envsubst" | "shuf" | "fold" => input.thinned(),
        "pv" | "iconv" | "column" | "expand" | "unexpand" | "dos2unix" | "mbuffer" | "buffer" | "ts"
        | "m4" => input.clone(),
        "dd" if !args.iter().any(|arg| arg.text.starts_with("if=") || arg.text.starts_with("of=")) => {
            input.clone()
        }
        "xargs" if args.is_empty() => input.thinned(),
        "grep" | "egrep" | "fgrep" if !args.iter().any(|arg| prints_parts(&arg.text)) => input.thinned(),
        "xargs" if prints_names(args) => input.thinned(),
        "sed" => Flow { texts: composed(args), ..input.changed() },
        "awk" | "gawk" | "mawk" => {
            let picked = !args.iter().any(|arg| arg.text.contains('"'));
            Flow { texts: composed(args), picked, ..input.changed() }
        }
        _ if QUERIES.contains(&name) => {
            let quotes = args.iter().any(|arg| arg.text.contains("@sh") || arg.text.contains("shell"));
            Flow { texts: composed(args), picked: !quotes, ..input.changed() }
        }
        "cut" | "grep" | "egrep" => Flow { picked: true, ..input.changed() },
        "tr" | "xargs" => input.changed(),
        // `$SUDO curl URL`.
        _ if name.chars().all(|letter| letter == UNKNOWN) && !args.is_empty() => {
            let (program, args) =
                args.split_first().map_or(("", args), |(first, rest)| (first.text.as_str(), rest));
            of(&Call { name: super::see_through::program_name(program), args, ..call.clone() })
        }
        _ => {
            let mut flow = Flow::default();
            flow.taint(input);
            // `perl -pe ''`, `python -c 'sys.stdout.write(sys.stdin.read())'`: it may come through.
            if super::see_through::interprets(name) {
                flow.texts.extend(input.texts.iter().take(64).cloned());
            }
            if args.iter().any(|arg| arg.text.contains(' ')) && !super::see_through::runs_files(name) {
                flow.texts.extend(composed(args));
            }
            flow
        }
    }
}

/// Commands that `sed 's/^/rm /'`, `awk '{print "rm " $1}'` and `jq '"rm " + .x'` put before what they read, and those
/// that a program has as strings in its text.
fn composed(args: &[Arg]) -> Vec<String> {
    let marks = |text: &str| {
        let replaces = text.starts_with('s') && !text.starts_with(|first: char| first.is_whitespace());
        if replaces { &['"', '\'', '/', '|', '#'][..] } else { &['"', '\''][..] }
    };
    let texts = args.iter().map(|arg| arg.text.as_str()).filter(|text| !text.starts_with('-'));
    let pieces = texts.flat_map(|text| text.split(marks(text)));
    let harmful = pieces.map(str::trim_start).filter(|piece| super::see_through::begins_harmfully(piece));
    let unknown = UNKNOWN.to_string();
    let whole = |piece: &str| {
        let known = piece.split("\\(").next().unwrap_or_default();
        let open = known.len() < piece.len() || known.ends_with(char::is_whitespace) || known.contains('&');
        format!("{}{}\n", known.replace('&', &unknown), if open { unknown.as_str() } else { "" })
    };
    harmful.take(4).map(whole).collect()
}

/// Programs that pick something out of data.
const QUERIES: &[&str] =
    &["csvcut", "dasel", "gojq", "jaq", "jq", "mlr", "mysql", "psql", "sqlite3", "xmllint", "xq", "yq"];

/// `xargs grep -l PATTERN`: some of the names that it was given, and no others.
fn prints_names(args: &[Arg]) -> bool {
    let grammar =
        super::Grammar { short: "efmABCdD", long: &["regexp", "max-count"], stop_at_operand: false };
    let options = args.iter().take_while(|arg| matches!(arg.text.as_str(), "-0" | "-r" | "--null")).count();
    let Some((program, rest)) = args.get(options..).and_then(<[Arg]>::split_first) else { return false };
    let parsed = grammar.parse(rest);
    matches!(program.text.as_str(), "grep" | "egrep" | "fgrep")
        && parsed.has(&["l", "L", "files-with-matches", "files-without-match"])
        && !parsed.has(&["r", "R", "recursive", "f", "file"])
        && parsed.operands.len() + usize::from(parsed.has(&["e", "regexp"])) == 1
}

/// An option of grep after which it prints something else than lines.
fn prints_parts(text: &str) -> bool {
    text == "--only-matching"
        || text
            .strip_prefix('-')
            .is_some_and(|letters| !letters.starts_with('-') && letters.contains(['o', 'n', 'b']))
}

/// What `cat` puts together; a file is something that is not known.
fn cat(args: &[Arg], input: &Flow) -> Flow {
    let operands = args.iter().filter(|arg| arg.text == "-" || !arg.text.starts_with('-'));
    let mut sum = Flow { complete: true, ..Flow::default() };
    let mut none = true;
    for arg in operands {
        none = false;
        match arg.text.as_str() {
            "-" | "/dev/stdin" => sum.join(input),
            _ if arg.pipe.is_some() => sum.join(&arg.flow),
            _ => sum.complete = false,
        }
    }
    if none { input.clone() } else { sum }
}

/// Programs and options that turn unreadable text into readable text.
fn decodes(name: &str, args: &[Arg]) -> bool {
    let short = |letter: char| {
        args.iter().any(|arg| {
            arg.text.strip_prefix('-').is_some_and(|rest| !rest.starts_with('-') && rest.contains(letter))
        })
    };
    let long = |name: &str| args.iter().any(|arg| arg.text == name);
    match name {
        "base64" | "base32" | "basenc" | "gbase64" => short('d') || short('D') || long("--decode"),
        "xxd" => short('r') || long("-revert"),
        "openssl" => short('d'),
        "gzip" | "bzip2" | "xz" | "zstd" | "lz4" | "brotli" => {
            short('d') || long("--decompress") || long("--uncompress")
        }
        "gpg" => short('d') || long("--decrypt"),
        "gunzip" | "zcat" | "bunzip2" | "bzcat" | "unxz" | "xzcat" | "uudecode" | "unzstd" | "zstdcat"
        | "rev" => true,
        _ => false,
    }
}

fn echo(args: &[Arg]) -> Flow {
    let flags = args
        .iter()
        .take_while(|arg| {
            arg.text.len() > 1
                && arg.text.starts_with('-')
                && arg.text.bytes().skip(1).all(|byte| b"neE".contains(&byte))
        })
        .count();
    let (options, words) = args.split_at(flags);
    let escapes = options.iter().any(|option| option.text.contains('e'));
    let mut text = words.iter().map(|arg| arg.text.as_str()).collect::<Vec<_>>().join(" ");
    if !options.iter().any(|option| option.text.contains('n')) {
        text.push('\n');
    }
    printed(if escapes { super::shell::decode_escapes(&text) } else { text }, words)
}

/// `printf FORMAT ARGS`: `%s`, `%b` and other directives take the next argument, the format repeats.
fn printf(args: &[Arg]) -> Flow {
    let args = match args.split_first() {
        Some((first, rest)) if first.text == "--" => rest,
        Some((first, _)) if first.text == "-v" => return Flow::text(""),
        _ => args,
    };
    let Some((format, mut values)) = args.split_first() else { return Flow::text("") };
    let mut text = String::new();
    loop {
        let before = values.len();
        values = format_once(&format.text, values, &mut text);
        if values.is_empty() || values.len() == before || text.len() > super::shell::MAX_TEXT {
            return printed(text, args);
        }
    }
}

/// What `printf -v` puts into a variable.
pub(super) fn formatted(args: &[Arg]) -> Arg {
    let flow = printf(args);
    let text = flow.texts.concat();
    Arg { dynamic: text.contains(UNKNOWN), text, flow: Flow { texts: Vec::new(), ..flow }, ..Arg::default() }
}

fn format_once<'a>(format: &str, mut values: &'a [Arg], text: &mut String) -> &'a [Arg] {
    // A zero byte ends what a text can hold here; to who reads such a list it is one more end of a line.
    let format = format.replace("\\0%", "\n%");
    let format = format.strip_suffix("\\0").map_or(format.clone(), |before| format!("{before}\n"));
    let decoded = super::shell::decode_escapes(&format);
    let mut rest = decoded.chars();
    while let Some(character) = rest.next() {
        if character != '%' {
            text.push(character);
            continue;
        }
        match rest.by_ref().find(|character| character.is_alphabetic() || *character == '%') {
            Some('%') | None => text.push('%'),
            Some(kind) => {
                let (value, others) = values
                    .split_first()
                    .map_or(("", values), |(value, others)| (value.text.as_str(), others));
                values = others;
                match kind {
                    'b' => text.push_str(&super::shell::decode_escapes(value)),
                    _ => text.push_str(value),
                }
            }
        }
    }
    values
}

fn printed(text: String, words: &[Arg]) -> Flow {
    let mut flow = Flow::text(text);
    for word in words {
        flow.taint(&word.flow);
    }
    flow
}

/// `mktemp [-d] [-t] [-p DIR] [TEMPLATE]`: a fresh name below the temp root, or below the directory it is told.
fn mktemp(args: &[Arg]) -> Flow {
    let grammar = super::Grammar { short: "p", long: &["tmpdir", "suffix"], stop_at_operand: false };
    let parsed = grammar.parse(args);
    let dir = parsed.option(&["p", "tmpdir"]).map_or("/tmp", |option| option.text());
    match parsed.operand(0) {
        template if template.contains('/') => Flow::text(template),
        _ => Flow::text(format!("{dir}/tmp.XXXXXXXXXX")),
    }
}

fn part_of_path(name: &str, args: &[Arg]) -> Flow {
    let Some(path) = args.first().map(|arg| arg.text.trim_end_matches('/')) else { return Flow::default() };
    if path.contains(UNKNOWN) {
        return Flow::default();
    }
    Flow::text(match (name, path.rsplit_once('/')) {
        ("basename", Some((_, base))) => base,
        ("basename", None) => path,
        (_, Some((dir, _))) => dir,
        (_, None) => ".",
    })
}
