//! `so learn propose`: what an agent puts before the person.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::hinted;
use super::{Exit, learn};
use crate::session::learn::write::{self, Proposed};
use crate::session::learn::{Change, FILES, INSIGHT, SUBJECT, Said, What, kind};
use crate::ui::{GOOD, Ui};
use crate::{clock, rel_path, suggest};

/// What is proposed: one thing by its options, or several in a file.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["insight", "confirms", "contradicts", "report"]))]
pub(super) struct Args {
    /// What kind of learning it is; a wrong one lists all
    #[arg(
        long = "type",
        value_name = "TYPE",
        requires = "insight",
        default_value_if("insight", clap::builder::ArgPredicate::IsPresent, "note")
    )]
    kind: Option<String>,
    /// What it is about, in a few words
    #[arg(long, value_name = "TEXT", requires = "insight", default_value = "")]
    subject: String,
    /// What is so, in one or two sentences
    #[arg(long, value_name = "TEXT")]
    insight: Option<String>,
    /// A file or directory that it speaks of, relative to the project; may be given several times
    #[arg(long = "file", value_name = "PATH", requires = "insight")]
    files: Vec<String>,
    /// A proposal that waits and that this one takes the place of; may be given several times
    #[arg(long = "from", value_name = "ID", requires = "insight")]
    from: Vec<String>,
    /// A learning that is kept has held
    #[arg(long, value_name = "ID")]
    confirms: Option<String>,
    /// A learning that is kept has not held
    #[arg(long, value_name = "ID")]
    contradicts: Option<String>,
    /// What shows it: a command and what it said, a line of code
    #[arg(long, value_name = "TEXT", conflicts_with = "report", default_value = "")]
    evidence: String,
    /// Several at once: `{"proposals": [{"type", "subject", "insight", "evidence", "files", "from"}], "confirmed":
    /// [{"id", "evidence"}], "contradicted": [{"id", "evidence"}]}`, all optional; `-` reads stdin
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Several proposals, as an agent's report holds them; what else a report holds is not looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Report {
    proposals: Vec<One>,
    confirmed: Vec<Sight>,
    contradicted: Vec<Sight>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct One {
    #[serde(rename = "type")]
    kind: String,
    subject: String,
    insight: String,
    evidence: String,
    #[serde(alias = "file_paths")]
    files: Vec<String>,
    /// What it is made of: it takes the place of proposals that wait.
    from: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Sight {
    id: String,
    evidence: String,
}

pub(super) fn run(ui: &Ui, project: &Path, session: &str, args: &Args) -> anyhow::Result<Exit> {
    let all = match &args.report {
        Some(file) => of_report(&text(file)?)?,
        None => vec![single(args)?],
    };
    if all.is_empty() {
        return Err(hinted("it proposes nothing", "fill `proposals`, `confirmed` or `contradicted`"));
    }
    let now = clock::now();
    let outcomes = all.into_iter().map(|(what, from)| write::propose_for(project, what, from, session, &now));
    let outcomes: Vec<Proposed> = outcomes.collect::<anyhow::Result<_>>()?;
    Ok(said(ui, project, &outcomes))
}

/// What is proposed, and in the place of what.
type Wanted = (What, Vec<String>);

fn single(args: &Args) -> anyhow::Result<Wanted> {
    let seen = |learning: &String, change| {
        let evidence = evidence(&args.evidence)?;
        Ok((What::Seen { learning: learning.clone(), change, evidence }, Vec::new()))
    };
    match (&args.confirms, &args.contradicts, &args.insight) {
        (Some(id), ..) => seen(id, Change::Confirmed),
        (_, Some(id), _) => seen(id, Change::Contradicted),
        (_, _, insight) => keep(One {
            kind: args.kind.clone().unwrap_or_default(),
            subject: args.subject.clone(),
            insight: insight.clone().unwrap_or_default(),
            evidence: args.evidence.clone(),
            files: args.files.clone(),
            from: args.from.clone(),
        }),
    }
}

/// The fields that propose something.
const KNOWN: &[&str] = &["proposals", "confirmed", "contradicted"];

fn of_report(text: &str) -> anyhow::Result<Vec<Wanted>> {
    let value: Value = serde_json::from_str(text).context("it is no JSON")?;
    let fields = value.as_object().context("it is no JSON object")?;
    // The report of an agent holds more; without any of these it is a mistake.
    if !fields.is_empty() && !fields.keys().any(|field| KNOWN.contains(&field.as_str())) {
        let first = fields.keys().next().cloned().unwrap_or_default();
        let meant = suggest::nearest(&first, KNOWN.iter().copied());
        let meant = meant.map_or(KNOWN.join(", "), |meant| format!("did you mean `{meant}`?"));
        return Err(hinted(format!("`{first}` is not what proposes something"), meant));
    }
    let report: Report = serde_json::from_value(value).context("it cannot be understood")?;
    let mut all = Vec::new();
    for (at, one) in report.proposals.into_iter().enumerate() {
        all.push(keep(one).with_context(|| format!("proposal {}", at + 1))?);
    }
    for (sights, change) in
        [(report.confirmed, Change::Confirmed), (report.contradicted, Change::Contradicted)]
    {
        for sight in sights {
            let evidence = evidence(&sight.evidence)?;
            all.push((What::Seen { learning: sight.id, change, evidence }, Vec::new()));
        }
    }
    Ok(all)
}

fn keep(one: One) -> anyhow::Result<Wanted> {
    let name = if one.kind.is_empty() { "note" } else { &one.kind };
    let names = || kind::ALL.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
    let kind = kind::parse(name).map_err(|why| hinted(why, format!("types: {}", names())))?;
    for (what, text, most) in [("subject", &one.subject, SUBJECT), ("insight", &one.insight, INSIGHT)] {
        let length = text.chars().count();
        if length > most {
            return Err(hinted(format!("the {what} has {length} characters"), format!("at most {most}")));
        }
    }
    if one.insight.trim().is_empty() {
        return Err(hinted("a learning without an insight says nothing", "say what is so in `insight`"));
    }
    if one.files.len() > FILES {
        return Err(hinted(
            format!("{} files", one.files.len()),
            format!("at most {FILES}; name a directory"),
        ));
    }
    for file in &one.files {
        if let Err(why) = rel_path::RelPath::new(file.trim_end_matches('/')) {
            return Err(hinted(why.to_string(), "files are paths relative to the project, without patterns"));
        }
    }
    let evidence = evidence(&one.evidence)?;
    let kind = kind.name.to_owned();
    let said = Said { kind, subject: one.subject, insight: one.insight, evidence, files: one.files };
    Ok((What::Keep(said), one.from))
}

fn evidence(text: &str) -> anyhow::Result<String> {
    let length = text.chars().count();
    if length > INSIGHT {
        return Err(hinted(format!("the evidence has {length} characters"), format!("at most {INSIGHT}")));
    }
    Ok(text.to_owned())
}

fn text(file: &Path) -> anyhow::Result<String> {
    if file != Path::new("-") {
        return crate::fs::read_text(file);
    }
    let mut text = String::new();
    std::io::stdin().take(8 << 20).read_to_string(&mut text).context("failed to read from stdin")?;
    Ok(text)
}

fn said(ui: &Ui, project: &Path, outcomes: &[Proposed]) -> Exit {
    let is_refused = |one: &&Proposed| matches!(one, Proposed::Refused(_) | Proposed::Rejected(_));
    let refused = outcomes.iter().filter(is_refused).count();
    if ui.json {
        let next = "the person decides: so learn approve";
        ui.result(refused == 0, json!({"outcomes": outcomes, "next": next}));
    } else {
        for outcome in outcomes {
            line(ui, outcome);
        }
        if let Some(words) = learn::waiting(project) {
            ui.print(&format!("{words}\n"));
        }
    }
    if refused == 0 { Exit::Done } else { Exit::Findings }
}

fn line(ui: &Ui, outcome: &Proposed) {
    match outcome {
        Proposed::Waits(one) => {
            ui.print(&format!("{} {}  {}\n", ui.paint(GOOD, "proposed"), one.id, one.line(200)));
        }
        Proposed::Again(one) => {
            ui.print(&format!(
                "{} {}\n",
                ui.paint(GOOD, "kept already; proposed that it held again:"),
                one.id
            ));
        }
        Proposed::Already(id) => ui.print(&format!("{id} is known already\n")),
        Proposed::Rejected(id) => learn::not_taken(ui, id, " was rejected by the person"),
        Proposed::Refused(why) => learn::not_taken(ui, "", why),
    }
}
