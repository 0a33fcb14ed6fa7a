//! One text on its way through the walk: its directories, variables, files and what its commands print.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Context;
use super::arg::Arg;
use super::expand::{Expander, Vars};
use super::flow::Flow;
use super::shell::{RedirectKind, Script, SimpleCommand};

/// What a written file is remembered by: every descriptor is the same to it.
pub(super) fn file_key(name: &str) -> &str {
    if name.starts_with("/dev/fd/") { "/dev/fd/" } else { name.strip_prefix("./").unwrap_or(name) }
}

/// Where a text begins.
pub(super) struct Start {
    pub(super) cwd: Option<PathBuf>,
    pub(super) vars: Vars,
    pub(super) input: Flow,
    pub(super) depth: u32,
}

/// One text on its way through.
pub(super) struct Frame<'s> {
    pub(super) script: &'s Script,
    pub(super) cwds: BTreeMap<usize, Option<PathBuf>>,
    pub(super) vars: Vars,
    pub(super) aliases: BTreeMap<String, String>,
    pub(super) flows: Vec<Flow>,
    pub(super) exported: Vec<(String, String)>,
    /// Texts that the commands before put into files, by name as written, and into descriptors (`/dev/fd/`).
    pub(super) written: BTreeMap<String, Vec<String>>,
    pub(super) input: Flow,
    pub(super) depth: u32,
}

impl<'s> Frame<'s> {
    pub(super) fn new(script: &'s Script, start: Start) -> Self {
        Self {
            script,
            cwds: BTreeMap::from([(0, start.cwd)]),
            vars: start.vars,
            aliases: BTreeMap::new(),
            flows: vec![Flow::default(); script.commands.len()],
            exported: Vec::new(),
            written: BTreeMap::new(),
            input: start.input,
            depth: start.depth,
        }
    }

    pub(super) fn expander<'a>(
        &'a self,
        context: &'a Context,
        cwd: Option<&'a Path>,
        world: usize,
    ) -> Expander<'a> {
        Expander {
            context,
            cwd,
            vars: &self.vars,
            script: self.script,
            flows: &self.flows,
            world,
            worlds: Cell::new(1),
        }
    }

    /// The directory of a scope: its own once it has changed it, else its parent's.
    pub(super) fn cwd(&self, scope: usize) -> Option<PathBuf> {
        let mut scope = scope;
        loop {
            if let Some(cwd) = self.cwds.get(&scope) {
                return cwd.clone();
            }
            match self.script.scopes.get(scope) {
                Some(found) if found.parent != scope => scope = found.parent,
                _ => return None,
            }
        }
    }

    /// `cd`: a branch leaves its parents in doubt, a subshell does not touch them.
    pub(super) fn change_dir(&mut self, scope: usize, to: Option<PathBuf>, doubtful: bool) {
        let mut at = scope;
        while let Some(found) = self.script.scopes.get(at).filter(|found| found.branch && found.parent != at)
        {
            at = found.parent;
            self.cwds.insert(at, None);
        }
        self.cwds.insert(scope, if doubtful { None } else { to });
    }

    /// The same text one wrapper deeper.
    pub(super) fn deeper(&self) -> Frame<'s> {
        Frame {
            script: self.script,
            cwds: BTreeMap::new(),
            vars: Vars::default(),
            aliases: BTreeMap::new(),
            flows: Vec::new(),
            exported: Vec::new(),
            written: BTreeMap::new(),
            input: Flow::default(),
            depth: self.depth + 1,
        }
    }

    /// Where a nested text begins.
    pub(super) fn inside(&self, cwd: Option<&Path>, input: &Flow, positional: &[Arg]) -> Start {
        let mut vars = self.vars.clone();
        if !positional.is_empty() {
            for (at, arg) in positional.iter().enumerate().take(32) {
                vars.set(&at.to_string(), vec![arg.clone()], false);
            }
            for name in ["@", "*"] {
                vars.set(name, positional.iter().skip(1).cloned().collect(), false);
            }
        }
        Start { cwd: cwd.map(Path::to_path_buf), vars, input: input.clone(), depth: self.depth + 1 }
    }

    pub(super) fn input_of(
        &self,
        expander: &Expander<'_>,
        command: &SimpleCommand,
        redirects: &[(RedirectKind, Arg)],
    ) -> Flow {
        let here = |target: &Arg| {
            let mut flow = Flow::text(target.text.clone());
            flow.taint(&target.flow);
            flow
        };
        for (kind, target) in redirects.iter().rev() {
            match kind {
                RedirectKind::Here => return here(target),
                RedirectKind::Read if target.pipe.is_some() => return target.flow.clone(),
                RedirectKind::Read => return Flow::default(),
                _ => {}
            }
        }
        if !command.upstream.is_empty() {
            return expander.flow(&command.upstream);
        }
        if let Some(owner) = command.inherited.and_then(|owner| self.script.commands.get(owner)) {
            let text = owner.redirects.iter().rfind(|redirect| redirect.kind == RedirectKind::Here);
            return text.map(|redirect| here(&expander.single(&redirect.target))).unwrap_or_default();
        }
        self.input.clone()
    }

    /// Keeps what went into a file or a descriptor, in case the file is run later.
    pub(super) fn remember_written(
        &mut self,
        words: &[Arg],
        redirects: &[(RedirectKind, Arg)],
        input: &Flow,
        output: &Flow,
    ) {
        let name = words.first().map_or("", |word| word.text.as_str());
        let mut keep = |file: &str, texts: &[String]| {
            if !texts.is_empty() {
                self.written
                    .entry(file_key(file).to_owned())
                    .or_default()
                    .extend(texts.iter().take(64).cloned());
            }
        };
        if name == "exec" {
            keep("/dev/fd/0", &input.texts);
        }
        if name == "tee" {
            words.iter().skip(1).for_each(|file| keep(&file.text, &input.texts));
        }
        for (kind, target) in redirects {
            if matches!(kind, RedirectKind::Write | RedirectKind::Append) {
                keep(&target.text, &output.texts);
            }
        }
    }

    /// Builtins that change what later commands see.
    pub(super) fn builtin(
        &mut self,
        context: &Context,
        command: &SimpleCommand,
        words: &[Arg],
        cwd: Option<&Path>,
        set: &[(String, String)],
    ) {
        let Some((name, args)) = words.split_first() else { return };
        let names = || args.iter().filter(|arg| !arg.text.starts_with('-'));
        match name.text.as_str() {
            "cd" | "pushd" | "chdir" => {
                let to = super::place::changed_dir(args, cwd, context);
                let moves = to.as_deref() != cwd;
                self.change_dir(command.scope, to, moves && command.conditional && !self.in_branch(command));
            }
            "popd" => self.change_dir(command.scope, None, true),
            "export" | "declare" | "readonly" | "typeset" => self.exported = set.to_vec(),
            "unset" => names().for_each(|arg| self.vars.set(&arg.text, Vec::new(), false)),
            "read" | "mapfile" | "readarray" | "getopts" => {
                names().for_each(|arg| self.vars.forget(&arg.text));
            }
            "set" => {
                let values: Vec<Arg> = args
                    .iter()
                    .skip_while(|arg| arg.text.starts_with('-') && arg.text != "--")
                    .filter(|arg| arg.text != "--")
                    .cloned()
                    .collect();
                for (at, value) in values.iter().enumerate().take(32) {
                    self.vars.set(&(at + 1).to_string(), vec![value.clone()], false);
                }
                self.vars.set("@", values, false);
            }
            "alias" => {
                for arg in args {
                    if let Some((name, body)) = arg.text.split_once('=') {
                        self.aliases.insert(name.to_owned(), body.to_owned());
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether the command is conditional because of the branch it stands in, not because of `||`.
    fn in_branch(&self, command: &SimpleCommand) -> bool {
        self.script.scopes.get(command.scope).is_some_and(|scope| scope.branch)
    }
}
