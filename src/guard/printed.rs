//! What the commands of a text print, put together where another reads it: substitutions, pipes, functions.

use std::ops::Range;

use super::arg::{Arg, UNKNOWN};
use super::expand::Expander;
use super::flow::Flow;
use super::shell::SimpleCommand;

impl Expander<'_> {
    /// What the commands of a substitution print.
    pub(super) fn output(&self, commands: &Range<usize>) -> Arg {
        let flow = self.flow(commands);
        match flow.whole() {
            Some(text) => Arg {
                dynamic: text.contains(UNKNOWN),
                text: text.trim_end_matches('\n').to_owned(),
                flow,
                printed: true,
                ..Arg::default()
            },
            None => Arg { flow, printed: true, ..Arg::unknown() },
        }
    }

    /// What comes out of `commands`, those inside them and those that feed a pipe apart.
    pub(in crate::guard) fn flow(&self, commands: &Range<usize>) -> Flow {
        let all = self.script.commands.get(commands.clone()).unwrap_or_default();
        let flows = self.flows.get(commands.clone()).unwrap_or_default();
        let outer = all.iter().map(|command| command.scope).min().unwrap_or_default();
        let piped = piped(all, commands.start);
        let mut sum = Flow { complete: true, ..Flow::default() };
        let (mut printing, mut doubtful) = (0, false);
        for (at, (command, flow)) in all.iter().zip(flows).enumerate() {
            if piped.get(at) == Some(&true) || self.is_captured(command.scope, outer) {
                sum.taint(flow);
                continue;
            }
            if !flow.complete || flow.says_something() {
                printing += 1;
                doubtful |= self.is_doubtful(command, outer);
            }
            sum.join(flow);
        }
        // Of two branches one prints: each text may be there, but not all of them.
        sum.complete &= !(doubtful && printing > 1);
        sum
    }

    /// Whether what a scope prints goes into a word before it leaves `outer`.
    fn is_captured(&self, scope: usize, outer: usize) -> bool {
        let mut at = scope;
        while at > outer {
            match self.script.scopes.get(at) {
                Some(found) if !found.captured => at = found.parent,
                _ => return true,
            }
        }
        false
    }

    /// Whether a command may not run although `outer` does.
    fn is_doubtful(&self, command: &SimpleCommand, outer: usize) -> bool {
        let in_branch = self.script.scopes.get(outer).is_some_and(|scope| scope.branch);
        command.conditional && (command.scope != outer || !in_branch)
    }
}

/// Which of `all`, the first of which is number `first`, feed a pipe to another of them.
fn piped(all: &[SimpleCommand], first: usize) -> Vec<bool> {
    let mut piped = vec![false; all.len()];
    let mut last = 0..0;
    for command in all {
        if command.upstream != last && command.upstream.start >= first {
            last = command.upstream.clone();
            let range = last.start - first..(last.end - first).min(piped.len());
            piped.get_mut(range).unwrap_or_default().fill(true);
        }
    }
    piped
}
