//! The one event that all clients' events become.

use std::path::PathBuf;

/// A client that has hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Claude Code.
    Claude,
    /// Codex CLI.
    Codex,
    /// Cursor.
    Cursor,
    /// Pi.
    Pi,
}

impl Platform {
    /// The platform with this id.
    pub fn named(id: &str) -> Option<Self> {
        match id {
            "claude" => Some(Self::Claude),
            "codex" => Some(Self::Codex),
            "cursor" => Some(Self::Cursor),
            "pi" => Some(Self::Pi),
            _ => None,
        }
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Claude => "Claude Code",
            Self::Codex => "Codex",
            Self::Cursor => "Cursor",
            Self::Pi => "Pi",
        }
    }
}

/// The ten canonical events, the person's prompt, and two that are none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A session begins or goes on.
    SessionStart,
    /// A session ends.
    SessionEnd,
    /// A tool is about to run, and may be stopped.
    PreToolUse,
    /// A tool has run.
    PostToolUse,
    /// A tool has failed.
    PostToolUseFailure,
    /// All tools of one turn have run.
    PostToolBatch,
    /// The model has stopped.
    Stop,
    /// A subagent begins.
    SubagentStart,
    /// A subagent has ended.
    SubagentStop,
    /// The working directory is another one.
    CwdChanged,
    /// The person has sent a prompt.
    UserPromptSubmit,
    /// Another event that the client is known to have; nothing listens to it.
    Other,
    /// Not an event that the client is known to have: treated as a guard.
    Unknown,
}

/// Events of Claude Code 2.1.197 and Codex CLI 0.169.0 that nothing listens to.
const OTHERS: &[&str] = &[
    "PermissionRequest", "PermissionDenied", "UserPromptExpansion", "StopFailure", "PreCompact", "PostCompact", "Notification",
    "Setup", "TeammateIdle", "TaskCreated", "TaskCompleted", "Elicitation", "ElicitationResult", "ConfigChange",
    "WorktreeCreate", "WorktreeRemove", "InstructionsLoaded", "FileChanged", "MessageDisplay", "Interrupt",
    "PreModelRequest", "PostModelRequest",
];

/// Events of Cursor 3 (documentation) that nothing listens to.
const CURSOR_OTHERS: &[&str] = &[
    "afterShellExecution", "afterMCPExecution", "beforeTabFileRead", "afterTabFileEdit", "preCompact", "afterAgentResponse",
    "afterAgentThought", "workspaceOpen", "beforeReadFile",
];

/// Events of Pi 0.73.1 that nothing listens to.
const PI_OTHERS: &[&str] = &[
    "before_agent_start", "resources_discover", "session_before_switch", "session_before_fork", "session_before_compact",
    "session_compact", "session_before_tree", "session_tree", "context", "before_provider_request", "after_provider_response",
    "agent_start", "turn_start", "message_start", "message_update", "message_end", "tool_execution_start",
    "tool_execution_update", "tool_execution_end", "model_select", "thinking_level_select", "user_bash",
];

impl EventKind {
    /// The event that a client calls `native`.
    pub fn of(platform: Option<Platform>, native: &str) -> Self {
        match platform {
            Some(Platform::Claude | Platform::Codex) => Self::of_claude(native),
            Some(Platform::Cursor) => Self::of_cursor(native),
            Some(Platform::Pi) => Self::of_pi(native),
            None => Self::Unknown,
        }
    }

    fn of_claude(native: &str) -> Self {
        match native {
            "SessionStart" => Self::SessionStart,
            "SessionEnd" => Self::SessionEnd,
            "PreToolUse" => Self::PreToolUse,
            "PostToolUse" => Self::PostToolUse,
            "PostToolUseFailure" => Self::PostToolUseFailure,
            "PostToolBatch" => Self::PostToolBatch,
            "Stop" => Self::Stop,
            "SubagentStart" => Self::SubagentStart,
            "SubagentStop" => Self::SubagentStop,
            "CwdChanged" => Self::CwdChanged,
            "UserPromptSubmit" => Self::UserPromptSubmit,
            _ if OTHERS.contains(&native) => Self::Other,
            _ => Self::Unknown,
        }
    }

    fn of_cursor(native: &str) -> Self {
        match native {
            "sessionStart" => Self::SessionStart,
            "sessionEnd" => Self::SessionEnd,
            "preToolUse" | "beforeShellExecution" | "beforeMCPExecution" => Self::PreToolUse,
            "postToolUse" | "afterFileEdit" => Self::PostToolUse,
            "postToolUseFailure" => Self::PostToolUseFailure,
            "stop" => Self::Stop,
            "subagentStart" => Self::SubagentStart,
            "subagentStop" => Self::SubagentStop,
            "beforeSubmitPrompt" => Self::UserPromptSubmit,
            _ if CURSOR_OTHERS.contains(&native) => Self::Other,
            _ => Self::Unknown,
        }
    }

    fn of_pi(native: &str) -> Self {
        match native {
            "session_start" => Self::SessionStart,
            "session_shutdown" => Self::SessionEnd,
            "tool_call" => Self::PreToolUse,
            "tool_result" => Self::PostToolUse,
            "turn_end" => Self::PostToolBatch,
            "agent_end" => Self::Stop,
            "input" => Self::UserPromptSubmit,
            _ if PI_OTHERS.contains(&native) => Self::Other,
            _ => Self::Unknown,
        }
    }

    /// Whether a failure here must stop what the client is about to do.
    pub fn guards(self) -> bool {
        matches!(self, Self::PreToolUse | Self::Unknown)
    }
}

/// What a tool is about to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolCall {
    /// A shell command.
    Shell {
        /// Its text.
        command: String,
    },
    /// Files are changed or made.
    Edit {
        /// As the client names them; relative ones start at the event's directory.
        paths: Vec<PathBuf>,
    },
    /// A file is deleted.
    Delete {
        /// As the client names it.
        path: PathBuf,
    },
    /// A patch in the format of Codex's `apply_patch`.
    ApplyPatch {
        /// Every file that it adds, updates, moves or deletes.
        paths: Vec<PathBuf>,
    },
    /// A subagent is started.
    Agent {
        /// Its type.
        agent: String,
    },
    /// A skill is loaded.
    Skill {
        /// Its name.
        skill: String,
    },
    /// A tool of an MCP server.
    Mcp {
        /// Its full name.
        tool: String,
        /// The command, for tools that take one.
        command: Option<String>,
    },
    /// Any other tool.
    Other {
        /// Its name.
        tool: String,
    },
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Which client.
    pub platform: Platform,
    /// Which event.
    pub kind: EventKind,
    /// The client's own name for it.
    pub native: String,
    /// The client's session.
    pub session: Option<String>,
    /// Where the session, or the command, runs.
    pub cwd: PathBuf,
    /// The subagent that acts; none for the session itself.
    pub agent: Option<String>,
    /// What a tool is about to do.
    pub tool: Option<ToolCall>,
    /// How a session starts: `startup`, `resume`, `clear`, `compact`, …
    pub source: Option<String>,
    /// This client, in this mode, was seen to stop and ask a person.
    pub asks: bool,
    /// Another of our entries answers this event.
    pub answered_elsewhere: bool,
}

impl Event {
    /// An event of which only the name is known.
    pub fn bare(platform: Platform, kind: EventKind, native: &str) -> Self {
        Self {
            platform,
            kind,
            native: native.to_owned(),
            session: None,
            cwd: PathBuf::new(),
            agent: None,
            tool: None,
            source: None,
            asks: false,
            answered_elsewhere: false,
        }
    }
}
