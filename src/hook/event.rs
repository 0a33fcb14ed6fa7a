//! One event, whatever client it came from.

use std::path::PathBuf;

/// The canonical events, named as Claude Code and Codex name them. `compile::model::EVENTS` has the same names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// A session begins, resumes, or goes on after its context was cut.
    SessionStart,
    /// A session ends.
    SessionEnd,
    /// A tool is about to run; the only event whose answer can stop something.
    PreToolUse,
    /// A tool has run.
    PostToolUse,
    /// A tool has failed.
    PostToolUseFailure,
    /// All tools of one model reply have run.
    PostToolBatch,
    /// The model has ended its turn.
    Stop,
    /// A subagent begins.
    SubagentStart,
    /// A subagent ends.
    SubagentStop,
    /// The session's working directory is another one.
    CwdChanged,
    /// The person has sent a prompt.
    UserPromptSubmit,
}

impl EventKind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::SessionStart,
        Self::SessionEnd,
        Self::PreToolUse,
        Self::PostToolUse,
        Self::PostToolUseFailure,
        Self::PostToolBatch,
        Self::Stop,
        Self::SubagentStart,
        Self::SubagentStop,
        Self::CwdChanged,
        Self::UserPromptSubmit,
    ];

    /// Whether a client may refuse a call on our answer.
    pub fn is_guard(self) -> bool {
        self == Self::PreToolUse
    }

    /// The canonical name.
    pub fn name(self) -> &'static str {
        match self {
            Self::SessionStart => "SessionStart",
            Self::SessionEnd => "SessionEnd",
            Self::PreToolUse => "PreToolUse",
            Self::PostToolUse => "PostToolUse",
            Self::PostToolUseFailure => "PostToolUseFailure",
            Self::PostToolBatch => "PostToolBatch",
            Self::Stop => "Stop",
            Self::SubagentStart => "SubagentStart",
            Self::SubagentStop => "SubagentStop",
            Self::CwdChanged => "CwdChanged",
            Self::UserPromptSubmit => "UserPromptSubmit",
        }
    }

    /// The event called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What a client tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The client's session.
    pub session: String,
    /// Where the client works.
    pub cwd: PathBuf,
    /// The subagent that acts, if one does.
    pub agent: Option<String>,
    /// The client's word for how it treats permissions; empty when it has none.
    pub permission_mode: String,
    /// Whether a person can be asked in the client.
    pub has_person: bool,
    /// The call, on events about tools.
    pub tool: Option<ToolCall>,
}

/// What a tool is about to do, or did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolCall {
    /// A shell command.
    Shell {
        /// Its text.
        command: String,
        /// Where it starts, when that is not where the client works.
        cwd: Option<PathBuf>,
    },
    /// Files written, edited, moved or deleted by a tool of the client.
    Edit {
        /// As the client names them; may be relative.
        paths: Vec<PathBuf>,
        /// Everything that is put in or taken out, as one text.
        text: String,
    },
    /// A tool of an MCP server.
    Mcp {
        /// The client's name for it.
        name: String,
    },
    /// Anything else.
    Other {
        /// The client's name for it.
        name: String,
    },
}
