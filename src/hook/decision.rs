//! What the checks of one event come to.

/// How many reasons are shown.
const MAX_REASONS: usize = 3;

/// Whether the tool may run; the order is severity.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    /// Nothing against it. Never told to a client: that would skip its own question.
    #[default]
    Allow,
    /// A person has to say yes, for these reasons.
    Ask(Vec<String>),
    /// No, for these reasons.
    Deny(Vec<String>),
}

impl Decision {
    /// The stricter of two; reasons of equally strict ones are kept together.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Deny(mut reasons), Self::Deny(more)) => {
                reasons.extend(more);
                Self::Deny(reasons)
            }
            (Self::Ask(mut reasons), Self::Ask(more)) => {
                reasons.extend(more);
                Self::Ask(reasons)
            }
            (deny @ Self::Deny(_), _) | (_, deny @ Self::Deny(_)) => deny,
            (ask @ Self::Ask(_), _) | (_, ask @ Self::Ask(_)) => ask,
            (Self::Allow, Self::Allow) => Self::Allow,
        }
    }

    /// The same where nobody can be asked.
    #[must_use]
    pub fn without_asking(self) -> Self {
        match self {
            Self::Ask(reasons) => Self::Deny(reasons),
            other => other,
        }
    }

    /// At most three reasons, one a line; empty for [`Decision::Allow`].
    pub fn text(&self) -> String {
        let (Self::Ask(reasons) | Self::Deny(reasons)) = self else { return String::new() };
        let mut shown: Vec<&str> = Vec::new();
        for reason in reasons {
            if shown.len() < MAX_REASONS && !shown.contains(&reason.as_str()) {
                shown.push(reason);
            }
        }
        shown.join("\n")
    }
}

/// A decision, and what the model is told besides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Whether the tool may run.
    pub decision: Decision,
    /// Text for the model, where the event has room for it.
    pub context: Option<String>,
}

impl Outcome {
    /// A refusal.
    pub fn deny(reason: impl Into<String>) -> Self {
        Self { decision: Decision::Deny(vec![reason.into()]), context: None }
    }

    /// Both together.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let context = match (self.context, other.context) {
            (Some(first), Some(second)) => Some(format!("{first}\n{second}")),
            (first, second) => first.or(second),
        };
        Self { decision: self.decision.join(other.decision), context }
    }
}

/// What the process says to the client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// JSON or nothing.
    pub stdout: String,
    /// The reason, where the exit code refuses.
    pub stderr: String,
    /// 0, or 2 to refuse.
    pub code: u8,
}

impl Reply {
    /// Nothing to say.
    pub fn silence() -> Self {
        Self::default()
    }

    /// A refusal that every client understands: exit code 2, the reason on stderr.
    pub fn refusal(reason: &str) -> Self {
        Self { stdout: String::new(), stderr: format!("{reason}\n"), code: 2 }
    }
}
