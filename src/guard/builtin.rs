//! Builtins that change what later commands see: directories, variables, aliases, arguments.

use std::path::Path;
use std::rc::Rc;

use super::Context;
use super::arg::{Arg, Call, Memo, UNKNOWN};
use super::earlier::Earlier;
use super::flow::Flow;
use super::frame::Frame;
use super::rules::git::Line;
use super::shell::SimpleCommand;

impl Frame<'_> {
    /// Builtins that change what later commands see.
    pub(super) fn builtin(
        &mut self,
        context: &Context,
        command: &SimpleCommand,
        words: &[Arg],
        (cwd, input): (Option<&Path>, &Flow),
        set: &Rc<Vec<(String, String)>>,
    ) {
        let Some((name, args)) = words.split_first() else { return };
        let names = || args.iter().filter(|arg| !arg.text.starts_with('-'));
        match name.text.as_str() {
            "pushd" if args.len() != 1 || args.iter().any(|arg| arg.text.starts_with(['-', '+'])) => {
                // It turns the stack.
                self.pushed.clear();
                self.change_dir(command.scope, None, None, false);
            }
            "cd" | "pushd" | "chdir" => {
                if name.text == "pushd" {
                    self.pushed.push((command.scope, cwd.map(Path::to_path_buf)));
                }
                let to = super::place::changed_dir(args, cwd, context);
                let moves = to.as_deref() != cwd;
                let doubtful = moves && command.conditional && !self.in_branch(command);
                self.change_dir(command.scope, to, cwd, doubtful);
            }
            "popd" => self.change_back(command, args),
            "export" | "declare" | "readonly" | "typeset" => self.export(&name.text, args, set),
            "unset" => names().for_each(|arg| self.vars.set(&arg.text, Vec::new(), false)),
            "read" => self.vars.read(args, input, separators(set)),
            "exec" if args.is_empty() && command.upstream.is_empty() => self.input = input.clone(),
            "printf" => self.format_into(args, command.conditional),
            "cp" | "ln" | "install" | "mv" => {
                self.renamed_program(args);
            }
            "mapfile" | "readarray" => self.vars.read_lines(args, input),
            "getopts" => names().for_each(|arg| self.vars.forget(&arg.text)),
            "hash" => {
                if let [option, program, name] = args
                    && option.text == "-p"
                {
                    Rc::make_mut(&mut self.aliases).insert(name.text.clone(), program.text.clone());
                }
            }
            "shift" => self.vars.shift(args, command.conditional),
            "set" => {
                let values: Vec<Arg> = args
                    .iter()
                    .skip_while(|arg| arg.text.starts_with('-') && arg.text != "--")
                    .filter(|arg| arg.text != "--")
                    .cloned()
                    .collect();
                let all: Vec<Arg> = std::iter::once(name.clone()).chain(values).collect();
                self.vars.set_positional(&all);
            }
            "git" if args.iter().any(|arg| arg.text == "config") => self.git_alias(context, args),
            "alias" => {
                for arg in args {
                    if let Some((name, body)) = arg.text.split_once('=') {
                        Rc::make_mut(&mut self.aliases).insert(name.to_owned(), body.to_owned());
                    }
                }
            }
            _ => {}
        }
    }

    /// `export NAME=value`, and `export NAME` of what has a value already.
    fn export(&mut self, by: &str, names: &[Arg], set: &Rc<Vec<(String, String)>>) {
        self.exported = set.clone();
        for (name, value) in names.iter().filter_map(|arg| arg.text.split_once('=')) {
            self.vars.set(name, vec![Arg::literal(value)], true);
        }
        let value = |name: &Arg| {
            let value = self.vars.get(&name.text)?.last()?.first()?;
            Some((name.text.clone(), value.text.clone()))
        };
        let known: Vec<_> = names.iter().filter(|_| by == "export").filter_map(value).collect();
        if !known.is_empty() {
            Rc::make_mut(&mut self.exported).extend(known);
        }
    }

    /// `git config alias.x value`: from then on `git x` is that.
    fn git_alias(&mut self, context: &Context, args: &[Arg]) {
        let (input, earlier) = (&Flow::default(), &Earlier::default());
        let (container, memo) = (None, Memo::default());
        let call =
            Call { name: "git", args, cwd: None, input, assigned: &[], earlier, container, context, memo };
        if let Some((key, value)) = Line::of(&call).sets()
            && let Some(name) = key.strip_prefix("alias.")
        {
            let body = match value.strip_prefix('!') {
                Some(shell) => shell.to_owned(),
                None => format!("git {value}"),
            };
            Rc::make_mut(&mut self.aliases).insert(format!("git {name}"), body);
        }
    }

    /// The text behind an alias of git that the same text has set.
    pub(super) fn by_git_alias(&self, words: &[Arg]) -> Option<String> {
        if self.aliases.is_empty() || words.first()?.text != "git" {
            return None;
        }
        let (at, body) = words
            .iter()
            .enumerate()
            .skip(1)
            .find_map(|(at, word)| Some((at, self.aliases.get(&format!("git {}", word.text))?)))?;
        let rest = super::see_through::quoted(words.get(at + 1..).unwrap_or_default());
        Some(format!("{body} {rest}"))
    }

    /// `popd`: where the `pushd` of the same scope left.
    fn change_back(&mut self, command: &SimpleCommand, args: &[Arg]) {
        let back = self.pushed.pop().filter(|(scope, _)| *scope == command.scope && args.is_empty());
        let doubtful = command.conditional && !self.in_branch(command);
        self.change_dir(command.scope, back.and_then(|(_, dir)| dir), None, doubtful);
    }

    /// `printf -v NAME FORMAT …`.
    fn format_into(&mut self, args: &[Arg], conditional: bool) {
        if let [option, name, values @ ..] = args
            && option.text == "-v"
        {
            let name = name.text.split('[').next().unwrap_or_default();
            self.vars.set(name, vec![super::flow::formatted(values)], conditional);
        }
    }

    /// `cp /bin/rm x`: from then on `x` is that program.
    fn renamed_program(&mut self, args: &[Arg]) {
        let operands: Vec<&Arg> = args.iter().filter(|arg| !arg.text.starts_with('-')).collect();
        let [program, name] = operands.as_slice() else { return };
        if !program.text.contains("bin/") && !program.printed || name.text.contains(UNKNOWN) {
            return;
        }
        let aliases = Rc::make_mut(&mut self.aliases);
        aliases.insert(name.text.clone(), program.text.clone());
        if !name.text.contains('/') {
            aliases.insert(format!("./{}", name.text), program.text.clone());
        }
    }

    /// Whether the command is conditional because of the branch it stands in, not because of `||`.
    fn in_branch(&self, command: &SimpleCommand) -> bool {
        self.script.scopes.get(command.scope).is_some_and(|scope| scope.branch)
    }
}

/// What `IFS` is set to in front of a command, else what it is.
fn separators(set: &[(String, String)]) -> &str {
    set.iter().rev().find(|(name, _)| name == "IFS").map_or(" \t\n", |(_, value)| value.as_str())
}
