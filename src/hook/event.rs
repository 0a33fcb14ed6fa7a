//! One event, whatever client it came from.

use std::path::PathBuf;

pub use crate::patch::{Change, ChangeKind};

/// The canonical events, named as Claude Code and Codex name them. `compile::model::EVENTS` has the same names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// A session begins, resumes, or goes on after its context was cut.
    SessionStart,
    /// A session ends.
    SessionEnd,
    /// A tool is about to run; the only event whose answer can stop something.
    #[default]
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

    /// Whether the answer can send the one who ends back to work.
    pub fn is_end_of_turn(self) -> bool {
        matches!(self, Self::Stop | Self::SubagentStop)
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// The platform's id.
    pub platform: String,
    /// Which event it is.
    pub kind: EventKind,
    /// The client's session.
    pub session: String,
    /// Where the client works.
    pub cwd: PathBuf,
    /// Where it worked before, on `CwdChanged`.
    pub from: PathBuf,
    /// The subagent that acts, begins or ends, if one does.
    pub agent: Option<String>,
    /// What kind of subagent that is, in the client's words.
    pub agent_type: String,
    /// The model's turn, in the client's words; empty where it names none.
    pub turn: String,
    /// The client's word for how it treats permissions; empty when it has none.
    pub permission_mode: String,
    /// Whether a person can be asked in the client.
    pub has_person: bool,
    /// Directories beside the working directory that the client was given by the person.
    pub roots: Vec<PathBuf>,
    /// The call, on events about tools.
    pub tool: Option<ToolCall>,
    /// What the tool was given, as JSON without the fields that only explain; on events after a call.
    pub input: String,
    /// The client's name for this very call.
    pub call: String,
    /// What came of the call, on events after it.
    pub result: Option<ToolResult>,
    /// What the person sent, on `UserPromptSubmit`.
    pub prompt: String,
    /// The last message of the one who ends, on `Stop` and `SubagentStop`.
    pub said: String,
    /// Why a session starts or ends: `startup`, `resume`, `clear`, `compact`, or the client's word for the end.
    pub reason: String,
    /// The client already went on once because a hook asked for it, on `Stop` and `SubagentStop`.
    pub is_again: bool,
}

impl Event {
    /// A file name for the client's session. Ids come from payloads: only harmless characters of them are taken.
    pub fn session_file(&self) -> String {
        crate::session::presence::file_name(&self.platform, &self.session)
    }
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
    /// Files written, edited, moved or deleted by a tool of the client or of an MCP server.
    Edit(Vec<Change>),
    /// A subagent.
    Agent {
        /// Its type or role.
        kind: String,
        /// What it is told.
        prompt: String,
    },
    /// A skill that the model opens.
    Skill {
        /// Its name as the client writes it.
        name: String,
    },
    /// A tool of an MCP server that is none of these.
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

/// What came of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolResult {
    /// Whether it failed; `None` where the client does not say.
    pub failed: Option<bool>,
    /// What the model gets to see of it, or as much as the client tells.
    pub text: String,
}
