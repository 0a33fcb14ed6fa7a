//! Redirects of a command on its way, and the commands that read from a descriptor what others write into it.

use std::ops::Range;

use super::arg::Arg;
use super::flow::Flow;
use super::frame::Frame;
use super::shell::{RedirectKind, SimpleCommand};

/// One redirect of a command on its way.
pub(super) struct Redirected<'s> {
    pub(super) kind: RedirectKind,
    pub(super) descriptor: &'s str,
    pub(super) target: Arg,
}

impl Redirected<'_> {
    pub(super) fn writes(&self) -> bool {
        matches!(self.kind, RedirectKind::Write | RedirectKind::Append | RedirectKind::ReadWrite)
    }

    pub(super) fn reads_pipe(&self) -> bool {
        self.kind == RedirectKind::Read && self.target.pipe.is_some() && self.target.flow.says_something()
    }

    /// Whether it writes into a descriptor that an earlier command may have opened.
    fn to_descriptor(&self) -> bool {
        let text = self.target.text.as_str();
        match self.kind {
            RedirectKind::Duplicate => !matches!(text, "0" | "1" | "2" | "-"),
            RedirectKind::Write | RedirectKind::Append => {
                self.target.dynamic
                    || text.starts_with("/dev/fd/")
                    || text.starts_with("/proc/self/fd/")
                    || text.bytes().all(|byte| byte.is_ascii_digit())
            }
            _ => false,
        }
    }
}

/// Commands that read what is written into a descriptor, as `exec 3> >(commands)` opens it.
pub(super) struct Reading {
    pub(super) commands: Range<usize>,
    /// The descriptor is one that every command writes to.
    pub(super) standard: bool,
}

impl Frame<'_> {
    /// The commands that read what this one writes, other than by a pipe, with what they get.
    pub(super) fn written_into(
        &mut self,
        command: &SimpleCommand,
        words: &[Arg],
        redirects: &[Redirected<'_>],
        (input, output): (&Flow, &Flow),
    ) -> Vec<(Range<usize>, Flow)> {
        let program = words.first().map_or("", |word| word.text.as_str());
        let opens = program == "exec" || words.is_empty() && command.around.is_empty();
        let mut fed = Vec::new();
        for redirect in redirects.iter().filter(|redirect| redirect.writes()) {
            match &redirect.target.pipe {
                Some(commands) if opens => {
                    let standard = matches!(redirect.descriptor, "" | "1" | "2");
                    self.readers.push(Reading { commands: commands.clone(), standard });
                }
                Some(commands) => fed.push((commands.clone(), output.clone())),
                None => {}
            }
        }
        if program == "tee" {
            fed.extend(words.iter().filter_map(|word| word.pipe.clone()).map(|pipe| (pipe, input.clone())));
        }
        let to_descriptor = redirects.iter().any(Redirected::to_descriptor);
        let open = self.readers.iter().filter(|reading| reading.standard || to_descriptor);
        fed.extend(open.map(|reading| (reading.commands.clone(), output.clone())));
        fed.retain(|(_, text)| text.says_something());
        fed
    }
}
