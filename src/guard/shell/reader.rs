//! The cursor over one text, and what all parts of the reader share.

use super::heredoc::Pending;
use super::{Function, Limit, MAX_COMMANDS, MAX_DEPTH, Scope, Script, SimpleCommand, Word};

/// How many characters may be looked at, for each character of the text.
const STEPS_PER_BYTE: usize = 64;

/// Reads a text within all limits but its length.
pub(super) fn read(text: &str) -> Script {
    let mut output = Output {
        scopes: vec![Scope { parent: 0, branch: false, captured: false, choice: None }],
        ..Output::default()
    };
    output.budget = text.len().saturating_mul(STEPS_PER_BYTE).saturating_add(4096);
    let limit = Reader::new(text, &mut output, 0, 0).script().err().or(output.open);
    output.place_bodies();
    Script {
        commands: output.commands,
        scopes: output.scopes,
        functions: output.functions,
        limit,
        steps: output.steps,
    }
}

/// What has been read so far, shared by the readers of nested texts.
#[derive(Default)]
pub(super) struct Output {
    pub(super) commands: Vec<SimpleCommand>,
    pub(super) scopes: Vec<Scope>,
    pub(super) functions: Vec<Function>,
    /// Here-document texts by number; the redirects get them at the end.
    pub(super) bodies: Vec<Word>,
    /// Where each here-document stands: command and redirect.
    pub(super) owners: Vec<(usize, usize, usize)>,
    pub(super) steps: usize,
    /// What is never closed and was read to the end of the text all the same.
    pub(super) open: Option<Limit>,
    budget: usize,
}

impl Output {
    fn place_bodies(&mut self) {
        for (command, redirect, body) in std::mem::take(&mut self.owners) {
            let target =
                self.commands.get_mut(command).and_then(|command| command.redirects.get_mut(redirect));
            if let (Some(target), Some(body)) = (target, self.bodies.get_mut(body)) {
                target.target = std::mem::take(body);
            }
        }
    }
}

/// A cursor with its place in the nesting.
pub(super) struct Reader<'t, 'o> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    pub(super) output: &'o mut Output,
    pub(super) depth: u32,
    pub(super) scope: usize,
    pub(super) conditional: bool,
    /// Here-documents whose text begins after the next newline.
    pub(super) pending: Vec<Pending>,
}

impl<'t, 'o> Reader<'t, 'o> {
    pub(super) fn new(text: &'t str, output: &'o mut Output, depth: u32, scope: usize) -> Self {
        Self { text, at: 0, output, depth, scope, conditional: false, pending: Vec::new() }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    pub(super) fn starts_with(&self, wanted: &str) -> bool {
        self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(wanted.as_bytes()))
    }

    /// Moves on by bytes, which the budget pays for.
    pub(super) fn skip(&mut self, bytes: usize) -> Result<(), Limit> {
        self.at += bytes;
        self.pay(bytes.max(1))
    }

    pub(super) fn pay(&mut self, steps: usize) -> Result<(), Limit> {
        self.output.steps += steps;
        if self.output.steps > self.output.budget { Err(Limit::TooLong) } else { Ok(()) }
    }

    /// Takes `wanted` if it comes next.
    pub(super) fn take(&mut self, wanted: &str) -> Result<bool, Limit> {
        if !self.starts_with(wanted) {
            return Ok(false);
        }
        self.skip(wanted.len())?;
        Ok(true)
    }

    /// The text up to the first byte that `stop` wants; the cursor stands on that byte.
    pub(super) fn run(&mut self, stop: impl Fn(u8) -> bool) -> Result<&'t str, Limit> {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let length = rest.iter().position(|byte| stop(*byte)).unwrap_or(rest.len());
        self.skip(length)?;
        Ok(self.slice(start, self.at))
    }

    /// Part of the text; both ends lie beside ASCII bytes or at its ends.
    pub(super) fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// One whole character.
    pub(super) fn character(&mut self) -> Result<&'t str, Limit> {
        let length = self.slice(self.at, self.text.len()).chars().next().map_or(0, char::len_utf8);
        let start = self.at;
        self.skip(length)?;
        Ok(self.slice(start, self.at))
    }

    /// Runs `inner` one level deeper.
    pub(super) fn deeper<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, Limit>,
    ) -> Result<T, Limit> {
        if self.depth >= MAX_DEPTH {
            return Err(Limit::TooDeep);
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// Runs `inner` in a scope of its own.
    pub(super) fn scoped<T>(
        &mut self,
        branch: bool,
        inner: impl FnOnce(&mut Self) -> Result<T, Limit>,
    ) -> Result<T, Limit> {
        self.within(Scope { parent: self.scope, branch, captured: false, choice: None }, inner)
    }

    /// Runs `inner` in the scope of a branch; `first` is the first branch beside it, once there is one.
    pub(super) fn branch<T>(
        &mut self,
        first: &mut Option<usize>,
        inner: impl FnOnce(&mut Self) -> Result<T, Limit>,
    ) -> Result<T, Limit> {
        let choice = Some(*first.get_or_insert(self.output.scopes.len()));
        self.within(Scope { parent: self.scope, branch: true, captured: false, choice }, inner)
    }

    /// Whether what is read stands in a substitution.
    pub(super) fn is_captured(&self) -> bool {
        let mut at = self.scope;
        while let Some(scope) = self.output.scopes.get(at) {
            if scope.captured || scope.parent == at {
                return scope.captured;
            }
            at = scope.parent;
        }
        false
    }

    /// Runs `inner` in the scope of a substitution.
    pub(super) fn captured<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, Limit>,
    ) -> Result<T, Limit> {
        self.within(Scope { parent: self.scope, branch: false, captured: true, choice: None }, inner)
    }

    fn within<T>(
        &mut self,
        scope: Scope,
        inner: impl FnOnce(&mut Self) -> Result<T, Limit>,
    ) -> Result<T, Limit> {
        let (outer, conditional) = (self.scope, self.conditional);
        self.output.scopes.push(scope);
        self.scope = self.output.scopes.len() - 1;
        self.conditional = scope.branch;
        let result = inner(self);
        self.scope = outer;
        self.conditional = conditional;
        result
    }

    /// Adds a command and gives its place.
    pub(super) fn emit(&mut self, mut command: SimpleCommand) -> Result<usize, Limit> {
        if self.output.commands.len() >= MAX_COMMANDS {
            return Err(Limit::TooLong);
        }
        command.scope = self.scope;
        command.conditional |= self.conditional;
        self.output.commands.push(command);
        Ok(self.output.commands.len() - 1)
    }

    /// The place of the next command.
    pub(super) fn next(&self) -> usize {
        self.output.commands.len()
    }
}
